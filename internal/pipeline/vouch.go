package pipeline

import (
	"time"

	"stsscan/internal/resolver"
)

const (
	// vouchInterval is the time between two looks at parts that are not vouched for yet.
	vouchInterval = 20 * time.Millisecond
	// vouchTimeout is how long a run that was asked to stop waits for them, at most. Then they leave no file, and
	// are scanned again.
	vouchTimeout = 10 * time.Second
)

// vouch ends a part that has all its rows: it is written if the engine vouches for them and there is time, dropped
// if they are wrong, and else looked at again.
func (w *writer) vouch(p *part) error {
	if w.writing.Err() != nil {
		w.unvouched = append(w.unvouched, p)
		return nil
	}
	switch w.Engine.Vouch(p.from, p.to) {
	case resolver.Trusted:
		return w.commit(p)
	case resolver.Distrusted:
		return w.discard(p)
	}
	w.unvouched = append(w.unvouched, p)
	return nil
}

// vouchAgain looks at the parts that were not vouched for yet.
func (w *writer) vouchAgain() {
	doubts := w.unvouched
	w.unvouched = nil
	for _, p := range doubts {
		if w.running.Err() != nil {
			return
		}
		if err := w.vouch(p); err != nil {
			w.fail(err)
		}
	}
}

// commit makes the file of p whole.
func (w *writer) commit(p *part) error {
	if err := p.batch.complete(p.file); err != nil {
		return err
	}
	info, err := p.file.Commit()
	if err != nil {
		return err
	}
	p.log.end()
	if err := w.Dataset.RemoveLog(p.info.Part); err != nil {
		return err
	}
	w.Stats.parts.Add(1)
	w.Wrote(info)
	w.close(p)
	return nil
}

// discard drops all rows of a part, since it is not known when they began to be wrong. Its names are asked again,
// but no policy before a pass has passed.
func (w *writer) discard(p *part) error {
	w.Log.Warn("a resolver gave wrong answers: a part is asked again", "part", p.info.Part, "rows", p.written)
	p.log.end()
	if err := w.Dataset.RemoveLog(p.info.Part); err != nil {
		return err
	}
	if p.file != nil {
		if err := p.file.Abort(); err != nil {
			return err
		}
	}
	w.Stats.add(p.tally, -1)
	w.Stats.discarded.Add(1)
	p.batch.distrusted(time.Now().Add(w.PassDelay))
	w.close(p)
	return nil
}
