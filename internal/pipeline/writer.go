package pipeline

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/survey"
)

// Rows of surveys are written when there are so many of a part, or so many octets of
// evidence: enough to hide the cost of a call, few enough that a part waits with
// little in memory, whatever strangers serve.
const (
	heldRows   = 512
	heldOctets = 1 << 20
	// Those of all parts that are open: beyond it none waits for more of its kind.
	allHeldRows   = 1 << 14
	allHeldOctets = 16 << 20
)

// A writer is the goroutine that owns the open parts and makes the rows of
// plain negatives. Fields that have the names of those of [Config] are the same.
type writer struct {
	rows      *survey.Rows
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
	events  *fifo[event]
	opening chan struct{} // one element for each open part
	used    chan<- []resolver.Answer

	open   map[*part]bool
	doubts []*part        // that are whole, and wait for a judgement
	loaded []*part        // with row groups in memory, the last used at the end: OpenParts at most
	held   int            // rows that wait to be written
	octets int            // of evidence in them
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
	w.held++
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
	if err := w.load(p); err != nil {
		return err
	}
	p.written += int64(len(p.rows))
	if err := p.file.Write(p.rows); err != nil {
		return err
	}
	clear(p.rows)
	w.budget.giveBack(p.octets)
	w.held -= len(p.rows)
	w.octets -= p.octets
	p.rows, p.octets = p.rows[:0], 0
	return nil
}

// storeNegative writes w.row, which is not lean when it has tags or a finding. Of a part
// that had to end its row groups, rows wait for more of their kind.
func (w *writer) storeNegative(p *part, name *domains.Name) error {
	if name.Tags != nil || survey.WithoutSOA(&w.row) || p.file != nil && !p.loaded {
		*w.place(p) = *survey.WholeDenial(&w.row, name)
		return nil
	}
	if err := w.load(p); err != nil {
		return err
	}
	p.written++
	return p.file.WriteLean(&w.row)
}

// load lets p begin row groups. Very many parts may be open, while their last names
// are waited for: so many have row groups in memory, those that were written to last.
func (w *writer) load(p *part) (err error) {
	n := len(w.loaded)
	switch {
	case n > 0 && w.loaded[n-1] == p:
		return nil
	case p.loaded:
		w.unload(p)
	case n == w.OpenParts:
		err = w.loaded[0].file.EndGroups()
		w.unload(w.loaded[0])
	}
	if err == nil && p.file == nil {
		if p.file, err = w.Dataset.Create(p.Part, p.FirstRank, p.LastRank); err == nil {
			p.file.LimitGroups(groupsOctets / w.OpenParts)
		}
	}
	if err == nil {
		p.loaded, w.loaded = true, append(w.loaded, p)
	}
	return err
}

// unload takes p out of the list.
func (w *writer) unload(p *part) {
	if p.loaded {
		i := slices.Index(w.loaded, p)
		p.loaded, w.loaded = false, slices.Delete(w.loaded, i, i+1)
	}
}

// close lets go of p, whether it was written or not.
func (w *writer) close(p *part) {
	p.log.end()
	delete(w.open, p)
	w.unload(p)
	if p.rows != nil && len(w.spare) < w.OpenParts {
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
