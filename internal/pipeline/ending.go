package pipeline

import (
	"cmp"
	"context"
	"errors"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// errCutShort ends the work of a run that was asked to stop some time ago.
var errCutShort = errors.New("cut short: the run was asked to stop")

// An ending is how long a run goes on that was asked to stop. Whoever asks may
// grant half a minute until a kill.
type ending struct {
	grace time.Duration // for what is in flight; then it is cut short
	last  time.Duration // for all: a part that is whole later leaves no file
}

func (e ending) withDefaults() ending {
	return ending{grace: cmp.Or(e.grace, 15*time.Second), last: cmp.Or(e.last, 25*time.Second)}
}

// begin calls cut and then overdue when the time has come, counted from the end of
// ctx. The function that it returns calls that off.
func (e ending) begin(ctx context.Context, cut context.CancelCauseFunc, overdue func()) (off func()) {
	over := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(e.grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cut(errCutShort)
		case <-over:
			return
		}
		timer.Reset(e.last - e.grace)
		select {
		case <-timer.C:
			overdue()
		case <-over:
		}
	})
	return func() { stop(); close(over) }
}

// cutShort reports whether the work was ended because the run was asked to stop.
func (r *run) cutShort() bool { return errors.Is(context.Cause(r.work), errCutShort) }

// interrupted is the row of a domain whose survey was cut short, of which so much
// is known: provisional, and of this moment, so that a policy that was asked for
// is not asked for again within a pass. It is nil where nothing is worth to be
// kept, or the row stands that the domain has.
func (r *run) interrupted(known *output.Row, before *earlier) *output.Row {
	if known == nil || before != nil && !before.begun {
		return nil
	}
	row := *known
	if row.Pending == "" {
		row.Pending = string(codes.PendingInterrupted)
	}
	before.amend(&row)
	r.left.Store(true)
	return &row
}

// unasked is the row of a name that got no answer before the run was cut short.
func (m *rowMaker) unasked(name *domains.Name) *output.Row {
	row := m.newRow(name)
	row.Record = string(codes.RecordUnknown)
	row.Pending = string(codes.PendingInterrupted)
	return row
}

// addRest ends the parts that are sealed: each name that is still under way gets
// a provisional row, or, in a visit, keeps the one that it has.
func (w *writer) addRest() {
	for tag := range int64(w.slots.size()) {
		p := w.slots.part(tag)
		if p == nil || w.life.Err() != nil {
			continue
		}
		w.left.Store(true)
		switch {
		case !p.sealed:
			continue
		case p.again():
			p.admitted--
		default:
			row := w.unasked(w.slots.name(tag))
			row.ObservedAt = w.observed()
			w.Stats.count(row, false)
			p.tally.add(row, nil)
			*w.place(p) = *row
		}
		w.slots.release(tag)
		w.settle(p)
	}
}
