package pipeline

import (
	"fmt"
	"sync"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/survey"
)

// localFaults are about the rows that wait for faults of this machine: whether any becomes final when all are asked
// again.
type localFaults struct {
	mu      sync.Mutex
	asked   int64        // such rows that were asked
	passed  int64        // rows that no longer wait for a fault or for manners
	faults  int64        // rows that met a fault again
	hadTurn map[int]bool // parts that were rewritten, and have rows that wait
	lastTry bool         // the next time is the last one
	fault   error        // the latest
}

// wrote notes that a part was rewritten.
func (s *localFaults) wrote(info output.PartInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if info.Pending == 0 {
		delete(s.hadTurn, info.Part)
		return
	}
	s.hadTurn[info.Part] = true
}

// finished notes what became of a row that waited for a fault, or, perhaps since then, for manners.
func (s *localFaults) finished(before codes.Pending, result survey.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if result.Fault != nil {
		s.fault = result.Fault
	}
	switch before {
	case codes.PendingLocal:
		s.asked++
	case codes.PendingManners:
	default:
		return
	}
	switch codes.Pending(result.Row.Pending) {
	case codes.PendingLocal:
		s.faults++
	case codes.PendingManners:
	default:
		s.passed++
	}
}

// check looks at the rows when all of them had their turn, also those that manners put off meanwhile. parts is the
// number of parts with rows that wait, left the number of such rows, and why by reason. If an address has more of
// them than can be asked within a pass, as many failures as rows will do. The error says that no row became final
// the last time.
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
		return fmt.Errorf("%w: %d domains must be asked again, such as %w", ErrLocalFault, left, s.fault)
	}
	s.lastTry = true
	return nil
}

// isLastTry reports whether the next time is the last one for rows that wait for a fault.
func (s *localFaults) isLastTry() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastTry
}
