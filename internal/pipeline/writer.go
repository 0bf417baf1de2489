package pipeline

import (
	"context"
	"log/slog"
	"net/netip"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// Rows of surveys are written when there are so many of a part, or so many octets of
// evidence: enough to hide the cost of a call, few enough that a part waits with
// little in memory, whatever strangers serve.
const (
	heldRows   = 512
	heldOctets = 1 << 20
	// allHeldOctets bounds those of all parts that are open: beyond it none waits for
	// more of its kind.
	allHeldOctets = 16 << 20
)

// A writer is the goroutine that owns the open parts and makes the rows of
// plain negatives. Fields that have the names of those of [Config] are the same.
type writer struct {
	*rowMaker
	Engine    Engine
	Dataset   *output.Dataset
	Stats     *Stats
	Log       *slog.Logger
	Wrote     func(output.PartInfo)
	PassDelay time.Duration
	OpenParts int

	life    context.Context // ends everything
	writing context.Context // ends the writing of parts
	fail    context.CancelCauseFunc
	slots   *slots
	budget  *budget
	events  <-chan event
	opening chan struct{} // one element for each open part
	used    chan<- []resolver.Answer

	open   map[*part]bool
	doubts []*part        // that are whole, and wait for a judgement
	octets int            // of evidence in rows that wait to be written
	spare  [][]output.Row // of parts that are done
	tags   []int64        // of slots that are to be released
	row    output.Lean    // of a plain negative
	from   netip.AddrPort // the upstream that gave the last one
	name   string         // of it
	left   bool           // names were left without an answer
	unsure bool           // parts were dropped that were not vouched for in time
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
	if p.rows == nil && len(w.spare) > 0 {
		p.rows, w.spare = w.spare[len(w.spare)-1], w.spare[:len(w.spare)-1]
	}
	if len(p.rows) < cap(p.rows) {
		p.rows = p.rows[:len(p.rows)+1]
	} else {
		p.rows = append(p.rows, output.Row{})
	}
	return &p.rows[len(p.rows)-1]
}

// flush writes the rows of p that wait.
func (w *writer) flush(p *part) error {
	if err := w.create(p); err != nil {
		return err
	}
	p.written += int64(len(p.rows))
	if err := p.file.Write(p.rows); err != nil {
		return err
	}
	clear(p.rows)
	w.budget.giveBack(p.octets)
	w.octets -= p.octets
	p.rows, p.octets = p.rows[:0], 0
	return nil
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
		if p.file, err = w.Dataset.Create(p.Part, p.FirstRank, p.LastRank); err == nil {
			p.file.LimitGroups(groupsOctets / w.OpenParts)
		}
	}
	return err
}

// close lets go of p, whether it was written or not.
func (w *writer) close(p *part) {
	p.log.end()
	delete(w.open, p)
	if p.rows != nil {
		w.spare = append(w.spare, p.rows)
	}
	p.rows = nil
	<-w.opening
}

// recycle keeps answers that were dealt with for the room that they take.
func (w *writer) recycle(answers []resolver.Answer) {
	if cap(answers) < maxNegatives {
		return
	}
	clear(answers)
	select {
	case w.used <- answers[:0]:
	default:
	}
}
