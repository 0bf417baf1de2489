package pipeline

import "stsscan/internal/output"

// A batch is written when it has so many rows, or so many octets of evidence:
// enough to hide the cost of a call, few enough that a part waits with little in
// memory, whatever strangers serve.
const (
	batchRows   = 1024
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
	batch    []*output.Row
	octets   int // of evidence in batch
}

// An event tells the writer of a new part (neither row nor sealed), of a row,
// or that a part is sealed: as many rows will come as names were admitted.
type event struct {
	part   *part
	slot   int64
	row    *output.Row
	sealed bool
}

// write is the goroutine that owns the open parts. It takes events until the
// channel is closed, even when something failed, so that nobody waits for it;
// parts that are not complete then leave no file.
func (r *run) write() error {
	open := make(map[*part]bool)
	for e := range r.events {
		p := e.part
		switch {
		case e.sealed:
			p.sealed = true
		case e.row != nil:
			p.batch = append(p.batch, e.row)
			p.octets += e.row.Octets()
			r.slots.release(e.slot)
		default:
			open[p] = true
		}
		full := p.sealed && p.written+int64(len(p.batch)) == p.admitted
		if r.work.Err() != nil || !full && len(p.batch) < batchRows && p.octets < batchOctets {
			continue
		}
		if err := r.store(p, full); err != nil {
			r.fail(err)
			continue
		}
		if full {
			delete(open, p)
			<-r.opening
		}
	}
	for p := range open {
		if p.file != nil {
			_ = p.file.Abort()
		}
	}
	return nil
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
