package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// maxUnwritten is how many rows may wait for the writer. Were it as many as there are
// slots, the names of a scan that is faster than its writer would grow cold in the
// caches: a twentieth more CPU time for each, and a tenth more memory.
const maxUnwritten = 4096

// An admission lets tasks in, batch after batch, as slots become free. It is used
// by one goroutine at a time.
type admission struct {
	source   source
	excluded func() (*domains.Exclusions, error)
	openLog  func(info output.PartInfo) *surveyLog
	slots    *slots
	budget   *budget
	events   *fifo[event]
	zones    *zones
	opening  chan struct{}   // one element for each open part
	most     int             // parts being admitted at a time
	stop     context.Context // ends the admission
	halt     func()          // ends stop
	work     context.Context // ends the questions
	fail     context.CancelCauseFunc

	part    *part   // being admitted; nil between parts
	parked  []*part // whose tasks come later
	waiting []task  // of part, and not admitted
	buffer  [admissionSize]task
	tags    [admissionSize]int64 // of free slots
	spare   []int64              // of tags, those that are left
	found   bool                 // there is a batch to be opened
	stopped bool                 // ended before the source did
	refused error                // why no more names are admitted: who opted out is not known
	over    bool                 // no more names come
	flow    *flow
	why     codes.Standstill // why there are no more names now
}

// fill gives the next questions: those for zones first, which end rows, then those for
// the records of new names. It gives none while every slot is taken, too many parts are open
// or too much waits, and reports the end when there are no more names and each has its
// row, or the run ends.
func (a *admission) fill(into []resolver.Question) (n int, more bool) {
	if a.work.Err() != nil {
		return 0, false
	}
	n = a.zones.take(into, a.slots)
	if !a.over {
		a.why = codes.StandstillWindow // who gets all that is asked for waits for something else
		admitted, more := a.take(into[n:])
		n += admitted
		if !more {
			a.why = ""
		}
		a.flow.note(admitted, a.why)
		if a.over = !more; a.over {
			a.slots.giveBack(a.spare)
			a.spare = nil
		}
	}
	return n, n > 0 || !a.over || a.slots.used() > 0
}

func (a *admission) take(into []resolver.Question) (n int, more bool) {
	for n < len(into) {
		ready, more := a.ready()
		if !ready {
			return n, more
		}
		if a.stop.Err() != nil {
			a.stopped = true
			if !a.part.batch.partial() {
				return n, false
			}
			a.waiting = nil
			a.seal()
			continue // with the parts that are parked
		}
		if a.budget.spent() {
			a.why = codes.StandstillBudget
			return n, true
		}
		if a.slots.unwritten.Load() >= maxUnwritten {
			a.why = codes.StandstillDisk
			return n, true
		}
		if len(a.spare) == 0 {
			if a.spare = a.tags[:a.slots.take(a.tags[:])]; len(a.spare) == 0 {
				a.why = codes.StandstillSlots
				return n, true
			}
		}
		t, tag := &a.waiting[0], a.spare[0]
		a.waiting, a.spare = a.waiting[1:], a.spare[1:]
		a.part.admitted++
		again := t.before.HasRow()
		a.slots.fill(tag, *t, a.part)
		into[n] = resolver.Question{
			Label: mtasts.RecordLabel, Name: t.name.Domain, Type: resolver.TypeTXT, Tag: tag,
			Avoid: t.avoid, Again: again, Patient: again,
		}
		n++
	}
	return n, true
}

// ready reports whether there is a task that waits; if there is none, more says
// that there may be one later.
func (a *admission) ready() (ready, more bool) {
	for tried := 0; len(a.waiting) == 0; {
		if a.part == nil {
			if opened, more := a.open(); !opened {
				if len(a.parked) == 0 {
					return false, more
				}
				if tried++; tried > len(a.parked) {
					a.why = codes.StandstillSource
					return false, true
				}
				a.part, a.parked = a.parked[0], a.parked[1:]
			}
		}
		n, err := a.part.batch.next(a.buffer[:])
		switch {
		case errors.Is(err, io.EOF):
			a.seal()
		case err != nil:
			a.fail(err)
			return false, false
		case n == 0:
			a.parked = append(a.parked, a.part)
			a.part = nil
		default:
			a.waiting = a.buffer[:n]
		}
	}
	return true, true
}

// open begins the next part that the source has.
func (a *admission) open() (opened, more bool) {
	if len(a.parked) >= a.most {
		a.why = codes.StandstillParts
		return false, true
	}
	if !a.found {
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
		a.found = true
	}
	if a.stop.Err() != nil {
		a.stopped = true
		return false, false
	}
	select {
	case a.opening <- struct{}{}:
	default:
		a.why = codes.StandstillParts
		return false, true
	}
	late, err := a.excluded()
	if err != nil {
		a.refused, a.stopped = err, true
		a.halt()
		return false, false
	}
	batch, err := a.source.open(late)
	if err != nil {
		a.fail(err)
		return false, false
	}
	info := batch.info()
	a.part, a.found = &part{PartInfo: info, batch: batch, log: a.openLog(info), from: time.Now()}, false
	a.events.push(event{part: a.part})
	return true, true
}

// seal tells the writer that all tasks of the part are admitted.
func (a *admission) seal() {
	_ = a.part.batch.close()
	a.events.push(event{part: a.part, sealed: true})
	a.part = nil
}

// end lets go of the batches, once no more questions are asked. Where the run was
// cut short before the admission came to its end, parts whose names were all admitted
// are sealed as it would have done.
func (a *admission) end() {
	open := a.parked
	if a.part != nil {
		open = append(open, a.part)
	}
	whole := !a.over && cutShort(a.work)
	if whole {
		a.stopped = true
	}
	for _, p := range open {
		if a.part = p; whole && (p.batch.partial() || len(a.waiting) == 0 && a.atEnd()) {
			a.seal()
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
