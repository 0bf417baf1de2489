package pipeline

import (
	"net/netip"
	"time"

	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// A batch is written when it has so many rows, or so many octets of evidence:
// enough to hide the cost of a call, few enough that a part waits with little in
// memory, whatever strangers serve.
const (
	batchRows   = 512
	batchOctets = 1 << 20
)

// A part is one file being written. admitted belongs to the admission until
// the part is sealed; the other fields belong to the writer.
type part struct {
	number   int
	file     *output.Part // nil until there is a batch to write: many parts may be open, and a writer is large
	admitted int64
	sealed   bool
	written  int64
	batch    []output.Row
	octets   int // of evidence in batch
}

// An event tells the writer of plain negatives, of a new part (nothing else is
// set), of a row, or that a part is sealed: as many rows will come as names
// were admitted.
type event struct {
	negatives []resolver.Answer
	at        time.Time // when they were observed
	part      *part
	slot      int64
	row       *output.Row
	sealed    bool
}

// A writer is the goroutine that owns the open parts and makes the rows of
// plain negatives.
type writer struct {
	*run
	open  map[*part]bool
	spare [][]output.Row // batches of parts that are done
	tags  []int64        // of slots that are to be released
	names map[netip.AddrPort]string
}

// write takes events until the channel is closed, even when something failed,
// so that nobody waits for it; parts that are not complete then leave no file.
func (r *run) write() error {
	w := &writer{run: r, open: make(map[*part]bool), names: make(map[netip.AddrPort]string)}
	for e := range r.events {
		switch {
		case e.negatives != nil:
			w.addNegatives(e)
			continue
		case e.sealed:
			e.part.sealed = true
		case e.row != nil:
			*w.place(e.part) = *e.row
			e.part.octets += e.row.Octets()
			r.slots.release(e.slot)
		default:
			w.open[e.part] = true
		}
		w.settle(e.part)
	}
	for p := range w.open {
		if p.file != nil {
			_ = p.file.Abort()
		}
	}
	return nil
}

// addNegatives makes rows of answers. Their slots are free before a part is
// written: its names are in the rows.
func (w *writer) addNegatives(e event) {
	w.tags = w.tags[:0]
	for i := range e.negatives {
		a := &e.negatives[i]
		p := w.slots.part(a.Tag)
		row := w.place(p)
		w.beginRow(row, w.slots.name(a.Tag))
		fillNegative(row, a)
		row.Resolver = w.upstream(a.Trace.Upstream)
		row.ObservedAt = e.at
		w.tags = append(w.tags, a.Tag)
		w.settle(p)
	}
	w.slots.release(w.tags...)
	w.recycle(e.negatives)
}

// upstream is an address as text, made once for each upstream.
func (w *writer) upstream(addr netip.AddrPort) string {
	text, ok := w.names[addr]
	if !ok && addr.IsValid() {
		text = addr.String()
		w.names[addr] = text
	}
	return text
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

// settle writes the batch of p when it is full, and the file's end when no more
// rows will come.
func (w *writer) settle(p *part) {
	full := p.sealed && p.written+int64(len(p.batch)) == p.admitted
	if w.work.Err() != nil {
		p.batch = p.batch[:0]
		return
	}
	if !full && len(p.batch) < batchRows && p.octets < batchOctets {
		return
	}
	if err := w.store(p, full); err != nil {
		w.fail(err)
		return
	}
	if full {
		delete(w.open, p)
		if p.batch != nil {
			w.spare = append(w.spare, p.batch)
		}
		p.batch = nil
		<-w.opening
	}
}

// store writes the waiting rows of p, and the file's end when it is full.
func (r *run) store(p *part, full bool) (err error) {
	if p.file == nil {
		first, last := r.Chunks.Ranks(p.number)
		if p.file, err = r.Dataset.Create(p.number, first, last); err != nil {
			return err
		}
	}
	if err := p.file.Write(p.batch); err != nil {
		return err
	}
	p.written += int64(len(p.batch))
	clear(p.batch)
	p.batch, p.octets = p.batch[:0], 0
	if !full {
		return nil
	}
	info, err := p.file.Commit()
	if err != nil {
		return err
	}
	r.Stats.parts.Add(1)
	r.Wrote(info)
	return nil
}
