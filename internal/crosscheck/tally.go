package crosscheck

import (
	"context"
	"fmt"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// patience is how many answers it takes to say that the resolvers do not keep up: when half of them were none, they
// are asked no further.
const patience = 1000

// A tally counts what the resolvers said of rows.
type tally struct {
	checked func()
	now     func() time.Time
	giveUp  context.CancelCauseFunc

	mu     sync.Mutex
	check  output.CrossCheck
	list   disagreements
	none   int64 // without an answer, among the latest
	latest int64 // up to patience
	failed error // last failure of a question
}

func newTally(c Config, giveUp context.CancelCauseFunc) *tally {
	check := output.CrossCheck{Share: c.Share, Kinds: make(map[output.CrossDifference]int64)}
	return &tally{checked: c.Checked, now: c.Now, giveUp: giveUp, check: check}
}

// add compares a row with what was found.
func (t *tally) add(row *output.RecordRow, found *mtasts.Lookup, trace resolver.Trace, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.checked()
	count := t.count(row)
	count.Checked++
	t.latest++
	kind := compare(row, found)
	switch {
	case found.Class == codes.RecordUnknown:
		count.Unanswered++
		t.none++
		t.failed = err
	case kind == "":
		count.Agree++
	default:
		count.Disagree++
		t.check.Kinds[kind]++
		t.list.add(row, kind, found, trace, t.now())
	}
	if t.latest == patience {
		if t.none > t.latest/2 {
			t.giveUp(fmt.Errorf("%d of %d domains had no answer, the last of them: %w", t.none, t.latest, t.failed))
		}
		t.latest, t.none = 0, 0
	}
}

// unanswered counts a row that the resolvers were not asked about, or did not answer.
func (t *tally) unanswered(row *output.RecordRow) {
	t.mu.Lock()
	defer t.mu.Unlock()
	count := t.count(row)
	count.Checked++
	count.Unanswered++
	t.checked()
}

// count is where a row is counted.
func (t *tally) count(row *output.RecordRow) *output.CrossCount {
	if codes.Record(row.Record) == codes.RecordAbsent {
		return &t.check.Negatives
	}
	return &t.check.Positives
}

// end notes what the trouble was; gaveUp says why the work was ended, nil: it was not.
func (t *tally) end(gaveUp error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, p := &t.check.Negatives, &t.check.Positives
	checked := n.Checked + p.Checked
	switch {
	case gaveUp != nil:
		t.check.Trouble = gaveUp.Error()
	case checked > 0 && n.Unanswered+p.Unanswered == checked && t.failed != nil:
		t.check.Trouble = t.failed.Error()
	}
	t.check.EndedAt = t.now().UTC().Truncate(time.Second)
}
