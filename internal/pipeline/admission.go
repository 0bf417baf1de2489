package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// maxUnwritten is how many rows may wait for the writer. If it were the number of slots, names would leave the
// caches of the processor before their rows are written: that costs 5 % more CPU time a name, and 10 % more memory.
const maxUnwritten = 4096

// An admission lets tasks in, batch after batch, as slots become free. It is used by one goroutine at a time.
type admission struct {
	source    source
	excluded  func() (*domains.Exclusions, error)
	openLog   func(info output.PartInfo) *surveyLog
	slots     *slots
	budget    *budget
	events    *fifo[event]
	partSlots chan struct{}   // one element for each open part
	maxParts  int             // parts being admitted at a time
	stop      context.Context // ends the admission
	halt      func()          // ends stop
	work      context.Context // ends the questions
	fail      context.CancelCauseFunc

	part          *part   // being admitted; nil between parts
	paused        []*part // whose tasks come later
	tasks         []task  // of part, and not admitted
	buffer        [admissionSize]task
	tags          [admissionSize]int64 // of free slots
	freeTags      []int64              // of tags, those that are left
	haveBatch     bool                 // there is a batch to be opened
	stopped       bool                 // ended before the source did
	exclusionsErr error                // why no more names are admitted: who opted out is not known
	done          bool                 // no more names come
	why           codes.Standstill     // why there are no more names now; empty: there are no more at all
}

// admit puts the next task into a slot and returns its tag; -1: there is none now, and more says whether there may
// be one later.
func (a *admission) admit() (tag int64, more bool) {
	ready, more := a.ready()
	for ready && a.stop.Err() != nil {
		a.stopped = true
		if !a.part.batch.partial() {
			return -1, false
		}
		a.tasks = nil
		a.endPart()
		ready, more = a.ready() // of the parts that are paused
	}
	switch {
	case !ready:
		return -1, more
	case a.budget.spent():
		a.why = codes.StandstillBudget
		return -1, true
	case a.slots.unwritten.Load() >= maxUnwritten:
		a.why = codes.StandstillDisk
		return -1, true
	case len(a.freeTags) == 0:
		if a.freeTags = a.tags[:a.slots.take(a.tags[:])]; len(a.freeTags) == 0 {
			a.why = codes.StandstillSlots
			return -1, true
		}
	}
	tag = a.freeTags[0]
	a.slots.fill(tag, a.tasks[0], a.part)
	a.tasks, a.freeTags = a.tasks[1:], a.freeTags[1:]
	a.part.admitted++
	return tag, true
}

// finish ends the admission.
func (a *admission) finish() {
	a.done, a.why = true, ""
	a.slots.giveBack(a.freeTags)
	a.freeTags = nil
}

// ready reports whether a task waits; if none does, more says whether one may later.
func (a *admission) ready() (ready, more bool) {
	for tried := 0; len(a.tasks) == 0; {
		if a.part == nil {
			if opened, more := a.open(); !opened {
				if len(a.paused) == 0 {
					return false, more
				}
				if tried++; tried > len(a.paused) {
					a.why = codes.StandstillSource
					return false, true
				}
				a.part, a.paused = a.paused[0], a.paused[1:]
			}
		}
		n, err := a.part.batch.next(a.buffer[:])
		switch {
		case errors.Is(err, io.EOF):
			a.endPart()
		case err != nil:
			a.fail(err)
			return false, false
		case n == 0:
			a.paused = append(a.paused, a.part)
			a.part = nil
		default:
			a.tasks = a.buffer[:n]
		}
	}
	return true, true
}

// open begins the next part that the source has.
func (a *admission) open() (opened, more bool) {
	if len(a.paused) >= a.maxParts {
		a.why = codes.StandstillParts
		return false, true
	}
	if !a.haveBatch {
		found, more, err := a.source.find(a.work)
		if err != nil {
			a.fail(fmt.Errorf("next part: %w", err))
			return false, false
		}
		if !found {
			if a.why = codes.StandstillSource; a.source.exhausted() {
				a.why = ""
			}
			return false, more
		}
		a.haveBatch = true
	}
	if a.stop.Err() != nil {
		a.stopped = true
		return false, false
	}
	select {
	case a.partSlots <- struct{}{}:
	default:
		a.why = codes.StandstillParts
		return false, true
	}
	late, err := a.excluded()
	if err != nil {
		a.exclusionsErr, a.stopped = err, true
		a.halt()
		return false, false
	}
	batch, err := a.source.open(late)
	if err != nil {
		a.fail(err)
		return false, false
	}
	info := batch.info()
	a.part, a.haveBatch = &part{info: info, batch: batch, log: a.openLog(info), from: time.Now()}, false
	a.events.push(event{part: a.part})
	return true, true
}

// endPart tells the writer that all tasks of the part are admitted.
func (a *admission) endPart() {
	_ = a.part.batch.close()
	a.events.push(event{part: a.part, allAdmitted: true})
	a.part = nil
}

// end closes the batches, once no more questions are asked. Where the run was cut short before the admission came
// to its end, it ends the parts whose names were all admitted.
func (a *admission) end() {
	open := a.paused
	if a.part != nil {
		open = append(open, a.part)
	}
	whole := !a.done && cutShort(a.work)
	if whole {
		a.stopped = true
	}
	for _, p := range open {
		if a.part = p; whole && (p.batch.partial() || len(a.tasks) == 0 && a.atEnd()) {
			a.endPart()
			continue
		}
		_ = p.batch.close()
	}
}

// atEnd reports whether the part has no more tasks. It may take one out.
func (a *admission) atEnd() bool {
	n, err := a.part.batch.next(a.buffer[:1])
	return n == 0 && errors.Is(err, io.EOF)
}
