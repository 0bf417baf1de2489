package pipeline

import (
	"context"
	"sync"
	"time"

	"stsscan/internal/resolver"
)

// A voucher is an Engine that knows whether its answers can be believed. A part
// is written when they can, and asked again from its beginning when not.
type voucher interface {
	// Vouch judges the answers from one moment to another.
	Vouch(from, to time.Time) resolver.Trust
}

// An awaiter is an Engine that may have nobody to ask for a while.
type awaiter interface {
	// Await waits until there is somebody; its error is that of ctx, or says that
	// waiting makes no sense any more.
	Await(ctx context.Context) error
}

const (
	// vouchTime is how often parts that wait for a judgement are looked at.
	vouchTime = 20 * time.Millisecond
	// vouchLast is how long a run that was asked to stop waits for one, at most. A
	// part that gets none leaves no file, and is scanned again.
	vouchLast = 10 * time.Second
)

// vouch judges the answers of a part from its opening to now.
func (w *writer) vouch(p *part) resolver.Trust {
	if w.voucher == nil {
		return resolver.Trusted
	}
	return w.voucher.Vouch(p.from, p.to)
}

// conclude ends a part that has all its rows, when they can be believed, and there
// is time.
func (w *writer) conclude(p *part) error {
	if w.writing.Err() != nil {
		w.doubts = append(w.doubts, p)
		return nil
	}
	switch w.vouch(p) {
	case resolver.Trusted:
		return w.end(p)
	case resolver.Distrusted:
		return w.discard(p)
	}
	w.doubts = append(w.doubts, p)
	return nil
}

// reconsider looks again at the parts that wait for a judgement.
func (w *writer) reconsider() {
	doubts := w.doubts
	w.doubts = nil
	for _, p := range doubts {
		if w.life.Err() != nil {
			return
		}
		if err := w.conclude(p); err != nil {
			w.fail(err)
		}
	}
}

// discard drops the rows of a part: nothing is known about when they began to be
// wrong. Its names are asked again, but no policy within the time of a pass.
func (w *writer) discard(p *part) error {
	w.Log.Warn("a resolver gave wrong answers: a part is asked again", "part", p.number, "rows", p.written)
	p.log.end()
	if err := w.Dataset.RemoveLog(p.number); err != nil {
		return err
	}
	if p.file != nil {
		if err := p.file.Abort(); err != nil {
			return err
		}
	}
	w.Stats.forget(p.tally)
	w.Stats.discarded.Add(1)
	delete(w.open, p)
	due := time.Now().Add(w.PassDelay)
	if p.again() {
		p.visit.later.leave(p.number, due)
	} else {
		w.redo.add(p.number, due)
	}
	<-w.opening
	return nil
}

// A redo is the parts that are to be scanned once more.
type redo struct {
	mu    sync.Mutex
	parts []int
	due   []time.Time
}

func (r *redo) add(k int, due time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts, r.due = append(r.parts, k), append(r.due, due)
}

// take is the first part, -1 where it is not due; ok is false where there is none.
func (r *redo) take(now time.Time) (k int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case len(r.parts) == 0:
		return 0, false
	case r.due[0].After(now):
		return -1, true
	}
	k = r.parts[0]
	r.parts, r.due = r.parts[1:], r.due[1:]
	return k, true
}

// some reports whether there is a part.
func (r *redo) some() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.parts) > 0
}

// nextPart is the next part to scan: of the source, or one that is scanned once
// more. k is -1 where it is not known yet whether there is one.
func (a *admission) nextPart() (k int, ok bool, err error) {
	if !a.ended {
		if k, ok, err = a.Source.Next(a.work); ok || err != nil {
			return k, ok, err
		}
		a.ended = true
	}
	open := len(a.opening) // before the look at what is to be done again
	if k, ok := a.redo.take(time.Now()); ok {
		return k, true, nil
	}
	if a.voucher != nil && open > 0 {
		return -1, true, nil // one of them may have to be scanned once more
	}
	return 0, false, nil
}

// await waits while there is nobody to ask. Its error is a fault of this machine.
func (r *run) await() error {
	if e, ok := r.Engine.(awaiter); ok {
		return e.Await(r.work)
	}
	return nil
}
