package pipeline

import "time"

// run takes events until there are no more, even when something failed, so that
// nothing waits for it; parts that are not complete then leave no file.
func (w *writer) run() error {
	ticker := time.NewTicker(vouchTime)
	defer ticker.Stop()
	var events []event
	for more := true; more; {
		var tick <-chan time.Time
		if len(w.doubts) > 0 {
			tick = ticker.C
		}
		select {
		case <-w.events.ready:
			events, more = w.events.take(events)
			for i := range events {
				w.take(&events[i])
				events[i] = event{}
			}
		case <-tick:
			w.reconsider()
		}
	}
	for last := time.Now().Add(vouchLast); len(w.doubts) > 0 && w.writing.Err() == nil && time.Now().Before(last); {
		<-ticker.C
		w.reconsider()
	}
	w.unsure = len(w.doubts) > 0
	for p := range w.open {
		p.log.end()
		if p.file != nil {
			_ = p.file.Abort()
		}
	}
	return nil
}

func (w *writer) take(e *event) {
	switch {
	case e.negatives != nil:
		w.addNegatives(e)
		return
	case e.rest:
		w.addRest()
		return
	case e.sealed:
		e.part.sealed = true
	case e.row != nil:
		*w.place(e.part) = *e.row
		e.part.octets += e.octets
		w.octets += e.octets
		e.part.tally.add(e.row, w.slots.task(e.slot).before)
		w.slots.release(e.slot)
	default:
		w.open[e.part] = true
	}
	w.settle(e.part)
}

// addNegatives writes the rows of answers, one after the other in the same
// place: a part keeps nothing of a row but what its columns need.
func (w *writer) addNegatives(e *event) {
	w.tags = w.tags[:0]
	for i := range e.negatives {
		w.tags = append(w.tags, e.negatives[i].Tag)
	}
	w.slots.touch(w.tags)
	for i := range e.negatives {
		a := &e.negatives[i]
		if w.life.Err() != nil {
			continue
		}
		p, name := w.slots.part(a.Tag), &w.slots.task(a.Tag).name
		w.rows.FillDenial(&w.row, name, a)
		w.row.Resolver = w.upstream(a.Trace.Upstream)
		w.row.ObservedAt = e.at
		p.tally.absent++
		if err := w.storeNegative(p, name); err != nil {
			w.fail(err)
			continue
		}
		w.settle(p)
	}
	w.slots.release(w.tags...)
	w.recycle(e.negatives)
}

// addRest ends the parts that are sealed: each name that is still under way gets
// a provisional row, or keeps the one that it has.
func (w *writer) addRest() {
	for tag := range int64(w.slots.size()) {
		p := w.slots.part(tag)
		if p == nil || w.life.Err() != nil {
			continue
		}
		w.left = true
		switch {
		case !p.sealed:
			continue
		case p.batch.keepsRow(false):
			p.admitted--
		default:
			t := w.slots.task(tag)
			row := w.rows.Unasked(&t.name)
			row.ObservedAt = w.rows.Observed()
			w.Stats.count(row, false)
			p.tally.add(row, t.before)
			*w.place(p) = *row
		}
		w.slots.release(tag)
		w.settle(p)
	}
}

// settle writes the rows of p when they are many or the last, and ends the part
// when no more will come.
func (w *writer) settle(p *part) {
	if w.life.Err() != nil {
		p.rows = p.rows[:0]
		return
	}
	whole := p.whole()
	if whole && p.batch.unchanged(p.admitted) {
		w.close(p)
		return
	}
	full := len(p.rows) >= heldRows || p.octets >= heldOctets
	if whole || full || w.held >= allHeldRows || w.octets >= allHeldOctets {
		if err := w.flush(p); err != nil {
			w.fail(err)
			return
		}
	}
	if !whole {
		return
	}
	p.to = time.Now()
	if err := w.conclude(p); err != nil {
		w.fail(err)
	}
}
