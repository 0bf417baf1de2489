package pipeline

import (
	"fmt"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// stuck looks at what came of the rows that wait for a fault of ours, once they had
// their turn, those of them too that were put off for manners meanwhile. Where an
// address has more of them than can be asked within a pass, as many failures will do.
// Its error says that this was the last time, and has settled none.
func (l *later) stuck() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked == 0 {
		return nil
	}
	var left, local, manners int64
	for _, info := range l.parts {
		left += info.Pending
		local += info.Counts.Pending[codes.PendingLocal]
		manners += info.Counts.Pending[codes.PendingManners]
	}
	alone := left == local+manners
	if alone && (manners > 0 && l.faults < left || len(l.turn) < len(l.parts)) {
		return nil
	}
	settled := l.settled > 0
	l.asked, l.settled, l.faults = 0, 0, 0
	clear(l.turn)
	switch {
	case !alone, settled && !l.last:
		l.last = false
		return nil
	case l.last && !settled:
		return fmt.Errorf("%w: %d domains are to be asked again, such as %w", ErrLocalFault, left, l.fault)
	}
	l.last = true
	return nil
}

// met notes a fault that a domain met.
func (l *later) met(fault error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = fault
}

// answered notes what a row is now that waited for a fault of ours, or for manners,
// as it may have done since.
func (l *later) answered(before codes.Pending, row *output.Row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if before == codes.PendingLocal {
		l.asked++
	}
	switch codes.Pending(row.Pending) {
	case codes.PendingLocal:
		l.faults++
	case codes.PendingManners:
	default:
		l.settled++
	}
}
