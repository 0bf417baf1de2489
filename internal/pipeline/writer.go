package pipeline

import (
	"net/netip"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// A batch of surveys is written when it has so many rows, or so many octets of
// evidence: enough to hide the cost of a call, few enough that a part waits with
// little in memory, whatever strangers serve.
const (
	batchRows   = 512
	batchOctets = 1 << 20
	// batchesOctets bounds the batches of all parts that are open: beyond it none
	// waits for more of its kind.
	batchesOctets = 16 << 20
)

// A part is one file being written. admitted and excluded belong to the admission
// until the part is sealed; the other fields belong to the writer.
type part struct {
	number   int
	visit    *visit              // nil where its names are asked for the first time
	log      *surveyLog          // of its surveys
	file     *output.Part        // nil until there is something to write: many parts may be open, and a writer is large
	late     *domains.Exclusions // those who opted out before it was begun, and after the names were prepared
	admitted int64
	excluded int64 // names left out since they are of late
	sealed   bool
	written  int64
	batch    []output.Row // of surveys
	octets   int          // of evidence in batch

	from, to time.Time // its answers came between
	tally    tally     // what it has added to the Stats
}

// again says that the names of the part have rows already.
func (p *part) again() bool { return p != nil && p.visit != nil }

// of is what the row of a rank said before; nil where there was none.
func (p *part) of(rank int64) *earlier {
	if !p.again() {
		return nil
	}
	return p.visit.of(rank)
}

// surveys is the log of the part; nil for a survey that is of no part.
func (p *part) surveys() *surveyLog {
	if p == nil {
		return nil
	}
	return p.log
}

// finished notes that a name of the part has its row.
func (p *part) finished(row *output.Row) {
	if p.again() {
		p.visit.finished(row)
	}
}

// An event tells the writer of plain negatives, of a new part (nothing else is
// set), of a row, that a part is sealed: as many rows will come as names were
// admitted; or, as the last one, that the rest of them will not come.
type event struct {
	negatives []resolver.Answer
	at        time.Time // when they were observed
	part      *part
	slot      int64
	row       *output.Row
	octets    int // of row
	sealed    bool
	rest      bool
}

// A writer is the goroutine that owns the open parts and makes the rows of
// plain negatives.
type writer struct {
	*run
	open   map[*part]bool
	octets int            // of evidence in the batches
	spare  [][]output.Row // batches of parts that are done
	tags   []int64        // of slots that are to be released
	row    output.Lean    // of a plain negative
	from   netip.AddrPort // the upstream that gave the last one
	name   string         // of it

	doubts []*part // that are full, and wait for a judgement
}

// write takes events until the channel is closed, even when something failed,
// so that nobody waits for it; parts that are not complete then leave no file.
func (r *run) write() error {
	w := &writer{run: r, open: make(map[*part]bool)}
	ticker := time.NewTicker(vouchTime)
	defer ticker.Stop()
	for more := true; more; {
		if len(w.doubts) == 0 {
			var e event
			if e, more = <-r.events; more {
				w.take(e)
			}
			continue
		}
		select {
		case e, ok := <-r.events:
			if more = ok; ok {
				w.take(e)
			}
		case <-ticker.C:
			w.reconsider()
		}
	}
	for last := time.Now().Add(vouchLast); len(w.doubts) > 0 && r.writing.Err() == nil && time.Now().Before(last); {
		<-ticker.C
		w.reconsider()
	}
	w.unsure.Store(len(w.doubts) > 0)
	for p := range w.open {
		p.log.end()
		if p.file != nil {
			_ = p.file.Abort()
		}
	}
	return nil
}

func (w *writer) take(e event) {
	switch {
	case e.negatives != nil:
		w.addNegatives(e)
		return
	case e.rest:
		w.addRest()
		return
	case e.sealed:
		e.part.sealed = true
		e.part.tally.excluded = e.part.excluded
	case e.row != nil:
		*w.place(e.part) = *e.row
		e.part.octets += e.octets
		w.octets += e.octets
		e.part.tally.add(e.row, e.part.of(e.row.Rank))
		w.slots.release(e.slot)
	default:
		w.open[e.part] = true
	}
	w.settle(e.part)
}

// addNegatives writes the rows of answers, one after the other in the same
// place: a part keeps nothing of a row but what its columns need.
func (w *writer) addNegatives(e event) {
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
		p := w.slots.part(a.Tag)
		name := w.slots.name(a.Tag)
		w.fillNegative(&w.row, name, a)
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

// upstream is an address as text, made when it is another than the last.
func (w *writer) upstream(addr netip.AddrPort) string {
	if addr != w.from {
		w.from, w.name = addr, addr.String()
	}
	return w.name
}

// place makes room for one more row of p.
func (w *writer) place(p *part) *output.Row {
	if p.batch == nil && len(w.spare) > 0 {
		p.batch, w.spare = w.spare[len(w.spare)-1], w.spare[:len(w.spare)-1]
	}
	if len(p.batch) < cap(p.batch) {
		p.batch = p.batch[:len(p.batch)+1]
	} else {
		p.batch = append(p.batch, output.Row{})
	}
	return &p.batch[len(p.batch)-1]
}

// settle writes the batch of p when it is large or the last, and ends the part
// when no more rows will come.
func (w *writer) settle(p *part) {
	if w.life.Err() != nil {
		p.batch = p.batch[:0]
		return
	}
	full := p.sealed && p.written+int64(len(p.batch)) == p.admitted
	if full && p.again() && p.admitted == 0 && p.visit.excluded == 0 { // the rows stay what they are
		p.log.end()
		delete(w.open, p)
		<-w.opening
		return
	}
	if full || len(p.batch) >= batchRows || p.octets >= batchOctets || w.octets >= batchesOctets {
		if err := w.store(p, p.batch); err != nil {
			w.fail(err)
			return
		}
		clear(p.batch)
		w.budget.giveBack(p.octets)
		w.octets -= p.octets
		p.batch, p.octets = p.batch[:0], 0
	}
	if !full {
		return
	}
	p.to = time.Now()
	if err := w.conclude(p); err != nil {
		w.fail(err)
	}
}

// store writes rows of p.
func (w *writer) store(p *part, rows []output.Row) error {
	if err := w.create(p); err != nil {
		return err
	}
	p.written += int64(len(rows))
	return p.file.Write(rows)
}

// storeNegative writes w.row, which is not lean when it has tags.
func (w *writer) storeNegative(p *part, name *domains.Name) error {
	if name.Tags != nil {
		*w.place(p) = *whole(&w.row, name)
		return nil
	}
	if err := w.create(p); err != nil {
		return err
	}
	p.written++
	return p.file.WriteLean(&w.row)
}

// create makes the file of p where there is none yet.
func (w *writer) create(p *part) (err error) {
	if p.file == nil {
		first, last := w.Chunks.Ranks(p.number)
		if p.file, err = w.Dataset.Create(p.number, first, last); err == nil {
			p.file.LimitGroups(groupsOctets / w.OpenParts)
		}
	}
	return err
}

// end makes the file of p whole.
func (w *writer) end(p *part) error {
	if p.again() {
		if err := p.file.Keep(w.Dataset, p.visit.info, p.visit.keep); err != nil {
			return err
		}
	}
	p.file.ExcludeLate(p.excluded)
	info, err := p.file.Commit()
	if err != nil {
		return err
	}
	p.log.end()
	if err := w.Dataset.RemoveLog(p.number); err != nil {
		return err
	}
	w.Stats.parts.Add(1)
	w.Wrote(info)
	delete(w.open, p)
	if p.batch != nil {
		w.spare = append(w.spare, p.batch)
	}
	p.batch = nil
	<-w.opening
	return nil
}
