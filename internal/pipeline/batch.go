package pipeline

import (
	"context"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/survey"
)

// admissionSize is how many tasks are taken from a batch at a time.
const admissionSize = 256

// A task is a name to be asked.
type task struct {
	name     domains.Name
	previous *survey.Previous // what its row said; never nil
	avoid    uint16           // number of the upstream that could not answer for it before; 0: none
	index    int32            // in its batch
}

// A source gives batches, one after the other. It is used by the admission alone.
type source interface {
	// find reports whether there is a batch to open. With none, more says that there
	// may be one later.
	find(ctx context.Context) (found, more bool, err error)
	// exhausted reports whether there are no more batches, unless answers turn out to be
	// wrong.
	exhausted() bool
	// open gives the batch that was found. late are those who opted out after the
	// names were prepared, nil where none did.
	open(late *domains.Exclusions) (batch, error)
}

// A batch is the tasks of one part: names that are asked for the first time, or those of
// provisional rows. It hears what becomes of them.
type batch interface {
	// info has the number and the ranks of the part, and the hash of the file that it
	// replaces; empty: there is none.
	info() output.PartInfo
	// next fills into with the tasks that can be begun now; io.EOF follows the last
	// one. None and no error means that there may be some later.
	next(into []task) (n int, err error)
	close() error // once no more tasks are taken

	// partial reports whether the part can be written though not all tasks were taken.
	partial() bool
	// keepsRow reports whether a task that is under way when the run is cut short keeps
	// the row that its domain has; asked: its policy was asked for.
	keepsRow(asked bool) bool
	// finished hears what became of a task, unless it is a plain negative of a name
	// that was asked for the first time. It may be called concurrently.
	finished(t *task, result survey.Result)

	// unchanged reports whether there is nothing to write, with so many tasks admitted.
	unchanged(admitted int64) bool
	// complete adds to a file with a row for each task what else belongs into it.
	complete(file *output.Part) error
	// distrusted hears that the rows were dropped, since answers were wrong. No policy is
	// asked for again before due.
	distrusted(due time.Time)
}
