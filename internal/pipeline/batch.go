package pipeline

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/survey"
)

// admissionSize is how many tasks are taken from a batch at a time.
const admissionSize = 256

// A task is a name to ask for.
type task struct {
	name     domains.Name
	previous *survey.Previous // what is kept of its row; never nil
	avoid    uint16           // number of the upstream that did not answer before; 0: none
	index    int32            // in its batch
}

// A source gives batches, one after the other. It is used by the admission alone.
type source interface {
	// find reports whether there is a batch to open; if there is none, more says whether there may be one later.
	find(ctx context.Context) (found, more bool, err error)
	// exhausted reports whether there are no more batches, unless answers turn out to be wrong.
	exhausted() bool
	// open returns the batch that was found. late are the opt-outs since the names were prepared; nil: none.
	open(late *domains.Exclusions) (batch, error)
}

// A batch is the tasks of one part: names that are asked for the first time, or those of provisional rows.
type batch interface {
	// info has the number and the ranks of the part, and the hash of the file that it replaces, if any.
	info() output.PartInfo
	// next fills into with the tasks that can begin now; io.EOF follows the last one. No task and no error means
	// that there may be some later.
	next(into []task) (n int, err error)
	close() error // when no more tasks are taken

	// partial reports whether the part can be written without some of its tasks.
	partial() bool
	// keepsRow reports whether the domain of a task keeps its old row if the run is cut short; asked says that its
	// policy was asked for.
	keepsRow(asked bool) bool
	// finished is called with the result of each task, but for plain denials of new names. Calls may be concurrent.
	finished(t *task, result survey.Result)

	// unchanged reports whether there is nothing to write after so many tasks.
	unchanged(admitted int64) bool
	// complete adds what the file needs beside the rows of the tasks.
	complete(file *output.Part) error
	// distrusted is called if the rows were dropped since answers were wrong. No policy is asked for again before due.
	distrusted(due time.Time)
}

// excludes reports whether a row is about a late opt-out: its domain, its Policy Host or the target of an alias of
// it, an MX host, or all addresses of one of them.
func excludes(late *domains.Exclusions, row *output.Row) bool {
	if late == nil {
		return false
	}
	optedOut := func(text string) bool {
		addr, err := netip.ParseAddr(text)
		return err == nil && late.Addr(addr)
	}
	switch {
	case late.Domain(row.Domain), late.Domain(mtasts.HostLabel + "." + row.Domain):
		return true
	case slices.ContainsFunc(row.HostCNAMEs, late.Domain):
		return true
	case len(row.HostAddrs) > 0 && !slices.ContainsFunc(row.HostAddrs, func(text string) bool { return !optedOut(text) }):
		return true
	}
	return slices.ContainsFunc(row.MX, func(host output.MXHost) bool {
		return late.Domain(host.Host) || host.Addr != nil && optedOut(*host.Addr)
	})
}
