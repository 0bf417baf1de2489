package pipeline

import (
	"time"

	"stsscan/internal/resolver"
)

const (
	// vouchTime is how often parts that wait for a judgement are looked at.
	vouchTime = 20 * time.Millisecond
	// vouchLast is how long a run that was asked to stop waits for one, at most. A
	// part that gets none leaves no file, and is scanned again.
	vouchLast = 10 * time.Second
)

// conclude ends a part that has all its rows, when they can be believed, and there
// is time.
func (w *writer) conclude(p *part) error {
	if w.writing.Err() != nil {
		w.doubts = append(w.doubts, p)
		return nil
	}
	switch w.Engine.Vouch(p.from, p.to) {
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

// end makes the file of p whole.
func (w *writer) end(p *part) error {
	if err := p.batch.complete(p.file); err != nil {
		return err
	}
	info, err := p.file.Commit()
	if err != nil {
		return err
	}
	p.log.end()
	if err := w.Dataset.RemoveLog(p.Part); err != nil {
		return err
	}
	w.Stats.parts.Add(1)
	w.Wrote(info)
	w.close(p)
	return nil
}

// discard drops the rows of a part: nothing is known about when they began to be
// wrong. Its names are asked again, but no policy within the time of a pass.
func (w *writer) discard(p *part) error {
	w.Log.Warn("a resolver gave wrong answers: a part is asked again", "part", p.Part, "rows", p.written)
	p.log.end()
	if err := w.Dataset.RemoveLog(p.Part); err != nil {
		return err
	}
	if p.file != nil {
		if err := p.file.Abort(); err != nil {
			return err
		}
	}
	w.Stats.forget(p.tally)
	w.Stats.discarded.Add(1)
	p.batch.distrusted(time.Now().Add(w.PassDelay))
	w.close(p)
	return nil
}
