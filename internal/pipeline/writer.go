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

// Rows of surveys are written together: enough of them to hide the cost of a call, few enough to take little
// memory, whatever strangers serve.
const (
	flushRows   = 512     // of a part
	flushOctets = 1 << 20 // of evidence in them
	// The same of all open parts: beyond it, each row is written at once.
	flushAllRows   = 1 << 14
	flushAllOctets = 16 << 20
)

// A writer is the goroutine that owns the open parts and makes the rows of plain denials. Its exported fields are
// those of [Config].
type writer struct {
	rows      *survey.Rows
	Engine    Engine
	Dataset   *output.Dataset
	Stats     *Stats
	Log       *slog.Logger
	Wrote     func(output.PartInfo)
	PassDelay time.Duration
	OpenParts int

	running   context.Context // ends everything
	writing   context.Context // ends the writing of parts
	fail      context.CancelCauseFunc
	slots     *slots
	budget    *budget
	events    *fifo[event]
	partSlots chan struct{} // one element for each open part
	buffers   chan<- []resolver.Answer

	open          map[*part]bool
	unvouched     []*part        // that are whole, and not vouched for yet
	loaded        []*part        // with row groups in memory, the latest used last: OpenParts at most
	waitingRows   int            // rows that are not written yet
	waitingOctets int            // of evidence in them
	freeRows      [][]output.Row // of parts that are closed
	tags          []int64        // of slots, to be released
	denial        output.Denial  // that is being made
	lastAddr      netip.AddrPort // of the upstream that gave the latest denial
	lastName      string         // lastAddr as text
	left          bool           // names were left without an answer
	dropped       bool           // parts that were not vouched for in time left no file
}

// upstream is an address as text. Most denials have that of the one before.
func (w *writer) upstream(addr netip.AddrPort) string {
	if addr != w.lastAddr {
		w.lastAddr, w.lastName = addr, addr.String()
	}
	return w.lastName
}

// addRow makes room for one more row of p.
func (w *writer) addRow(p *part) *output.Row {
	w.waitingRows++
	if p.rows == nil && len(w.freeRows) > 0 {
		p.rows, w.freeRows = w.freeRows[len(w.freeRows)-1], w.freeRows[:len(w.freeRows)-1]
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
	w.waitingRows -= len(p.rows)
	w.waitingOctets -= p.octets
	p.rows, p.octets = p.rows[:0], 0
	return nil
}

// writeDenial writes w.denial. With tags or a finding it is a row like others, which waits for more of them; so is
// each row of a part that had to end its row groups.
func (w *writer) writeDenial(p *part, name *domains.Name) error {
	if name.Tags != nil || survey.WithoutSOA(&w.denial) || p.file != nil && !p.loaded {
		*w.addRow(p) = *survey.WholeDenial(&w.denial, name)
		return nil
	}
	if err := w.load(p); err != nil {
		return err
	}
	p.written++
	return p.file.WriteDenial(&w.denial)
}

// load lets p begin row groups. Very many parts may be open, since they wait for their last names: OpenParts of
// them have row groups in memory, those that were written to last.
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
		if p.file, err = w.Dataset.Create(p.info.Part, p.info.FirstRank, p.info.LastRank); err == nil {
			p.file.LimitGroups(groupsOctets / w.OpenParts)
		}
	}
	if err == nil {
		p.loaded, w.loaded = true, append(w.loaded, p)
	}
	return err
}

// unload takes p out of loaded.
func (w *writer) unload(p *part) {
	if p.loaded {
		i := slices.Index(w.loaded, p)
		p.loaded, w.loaded = false, slices.Delete(w.loaded, i, i+1)
	}
}

// close ends p, whether it was written or not.
func (w *writer) close(p *part) {
	p.log.end()
	delete(w.open, p)
	w.unload(p)
	if p.rows != nil && len(w.freeRows) < w.OpenParts {
		w.freeRows = append(w.freeRows, p.rows)
	}
	p.rows = nil
	<-w.partSlots
}

// recycle keeps the buffer of denials that are written.
func (w *writer) recycle(answers []resolver.Answer) {
	if cap(answers) < maxDenials {
		return
	}
	clear(answers)
	select {
	case w.buffers <- answers[:0]:
	default:
	}
}
