package pipeline

import "time"

// run takes events until there are no more, even after something failed, so that nothing waits for it. Parts that
// are not complete then leave no file.
func (w *writer) run() error {
	ticker := time.NewTicker(vouchInterval)
	defer ticker.Stop()
	var events []event
	for more := true; more; {
		var tick <-chan time.Time
		if len(w.unvouched) > 0 {
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
			w.vouchAgain()
		}
	}
	for last := time.Now().Add(vouchTimeout); len(w.unvouched) > 0 && w.writing.Err() == nil && time.Now().Before(last); {
		<-ticker.C
		w.vouchAgain()
	}
	w.dropped = len(w.unvouched) > 0
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
	case e.denials != nil:
		w.addDenials(e)
		return
	case e.cutShort:
		w.addMissing()
		return
	case e.allAdmitted:
		e.part.allAdmitted = true
	case e.row != nil:
		*w.addRow(e.part) = *e.row
		e.part.octets += e.octets
		w.waitingOctets += e.octets
		e.part.tally.add(e.row, w.slots.task(e.slot).previous)
		w.slots.release(e.slot)
	default:
		w.open[e.part] = true
	}
	w.advance(e.part)
}

// addDenials makes and writes the rows of denials, one after the other in w.denial: a part copies what it needs.
func (w *writer) addDenials(e *event) {
	w.tags = w.tags[:0]
	for i := range e.denials {
		w.tags = append(w.tags, e.denials[i].Tag)
	}
	w.slots.prefetch(w.tags)
	for i := range e.denials {
		a := &e.denials[i]
		if w.running.Err() != nil {
			continue
		}
		p, name := w.slots.part(a.Tag), &w.slots.task(a.Tag).name
		w.rows.FillDenial(&w.denial, name, a)
		w.denial.Resolver = w.upstream(a.Trace.Upstream)
		w.denial.ObservedAt = e.at
		p.tally.absent++
		if err := w.writeDenial(p, name); err != nil {
			w.fail(err)
			continue
		}
		w.advance(p)
	}
	w.slots.release(w.tags...)
	w.recycle(e.denials)
}

// addMissing ends the parts whose names were all admitted: each name that is still under way gets a provisional
// row, or keeps its old row.
func (w *writer) addMissing() {
	for tag := range int64(w.slots.size()) {
		p := w.slots.part(tag)
		if p == nil || w.running.Err() != nil {
			continue
		}
		w.left = true
		switch {
		case !p.allAdmitted:
			continue
		case p.batch.keepsRow(false):
			p.admitted--
		default:
			t := w.slots.task(tag)
			row := w.rows.Unasked(&t.name)
			row.ObservedAt = w.rows.Observed()
			w.Stats.count(row, false)
			p.tally.add(row, t.previous)
			*w.addRow(p) = *row
		}
		w.slots.release(tag)
		w.advance(p)
	}
}

// advance writes the rows of p if they are many or the last ones, and ends the part if no more will come.
func (w *writer) advance(p *part) {
	if w.running.Err() != nil {
		p.rows = p.rows[:0]
		return
	}
	whole := p.whole()
	if whole && p.batch.unchanged(p.admitted) {
		w.close(p)
		return
	}
	full := len(p.rows) >= flushRows || p.octets >= flushOctets
	if whole || full || w.waitingRows >= flushAllRows || w.waitingOctets >= flushAllOctets {
		if err := w.flush(p); err != nil {
			w.fail(err)
			return
		}
	}
	if !whole {
		return
	}
	p.to = time.Now()
	if err := w.vouch(p); err != nil {
		w.fail(err)
	}
}
