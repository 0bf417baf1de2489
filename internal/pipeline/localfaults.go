package pipeline

import (
	"fmt"
	"sync"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/survey"
)

// A localFaults is what came of the rows that wait for a fault of ours, since it was last
// judged: whether to ask all of them again settles any.
type localFaults struct {
	mu      sync.Mutex
	asked   int64        // rows that waited for one and were asked
	passed  int64        // rows that got past one, or past manners
	faults  int64        // times that one got in the way
	hadTurn map[int]bool // parts that were written, and wait
	lastTry bool         // the next time is the last for them
	fault   error        // that one of them met
}

// wrote notes that a part had its turn, and waits.
func (s *localFaults) wrote(info output.PartInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if info.Pending == 0 {
		delete(s.hadTurn, info.Part)
		return
	}
	s.hadTurn[info.Part] = true
}

// finished notes what became of a row that waited for a fault of ours, or for manners,
// as it may have done since.
func (s *localFaults) finished(before codes.Pending, o survey.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.Fault != nil {
		s.fault = o.Fault
	}
	switch before {
	case codes.PendingLocal:
		s.asked++
	case codes.PendingManners:
	default:
		return
	}
	switch codes.Pending(o.Row.Pending) {
	case codes.PendingLocal:
		s.faults++
	case codes.PendingManners:
	default:
		s.passed++
	}
}

// check looks at what came of the rows once they had their turn, those of them too that
// were put off for manners meanwhile: parts is how many have rows that wait, left how many
// rows, and why. Where an address has more of them than can be asked within a pass, as many
// failures will do. The error says that this was the last time, and has settled none.
func (s *localFaults) check(parts int, left int64, why map[codes.Pending]int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == 0 {
		return nil
	}
	manners := why[codes.PendingManners]
	alone := left == why[codes.PendingLocal]+manners
	if alone && (manners > 0 && s.faults < left || len(s.hadTurn) < parts) {
		return nil
	}
	settled := s.passed > 0
	s.asked, s.passed, s.faults = 0, 0, 0
	clear(s.hadTurn)
	switch {
	case !alone, settled && !s.lastTry:
		s.lastTry = false
		return nil
	case s.lastTry && !settled:
		return fmt.Errorf("%w: %d domains are to be asked again, such as %w", ErrLocalFault, left, s.fault)
	}
	s.lastTry = true
	return nil
}

// isLastTry reports whether the next time is the last for rows that wait for a fault of ours.
func (s *localFaults) isLastTry() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastTry
}
