package pipeline

import (
	"errors"
	"fmt"
	"io"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/resolver"
)

// recordLabel is what stands before a Policy Domain in the name of its record
// (RFC 8461, section 3.1).
const recordLabel = "_mta-sts"

// admissionSize is how many names are taken from a chunk at a time.
const admissionSize = 256

// An admission lets names in, part after part, as slots become free. It is used
// by one goroutine at a time.
type admission struct {
	*run
	part    *part // being admitted; nil between parts
	names   Names
	parked  []parked       // parts whose names come later
	waiting []domains.Name // read from names, and not admitted
	buffer  [admissionSize]domains.Name
	tags    [admissionSize]int64 // of free slots
	spare   []int64              // of tags, those that are left
	next    int                  // the part to be opened, where there is one
	found   bool
	stopped bool  // ended before the source did
	refused error // why no more names are admitted: who opted out is not known
	ended   bool  // the source has
	over    bool  // no more names come
}

// parked is a part that is being admitted, and has no name to admit now.
type parked struct {
	part  *part
	names Names
}

// fill gives the questions for the next names. It gives none while every slot is
// taken, too many parts are open or too much waits, and reports the end when there are no more
// names or the run ends.
func (a *admission) fill(into []resolver.Question) (n int, more bool) {
	if a.work.Err() != nil {
		return 0, false
	}
	n, more = a.take(into)
	a.over = !more
	return n, more
}

func (a *admission) take(into []resolver.Question) (n int, more bool) {
	for n < len(into) {
		ready, more := a.ready()
		if !ready {
			return n, more
		}
		if a.stop.Err() != nil {
			a.stopped = true
			if a.part.visit == nil {
				return n, false // its part leaves no file, so no name is lost
			}
			a.waiting = nil // names of visits keep the rows that they have
			a.seal()
			continue // with the visits that are parked
		}
		if a.budget.spent() {
			return n, true
		}
		if len(a.spare) == 0 {
			if a.spare = a.tags[:a.slots.take(a.tags[:])]; len(a.spare) == 0 {
				return n, true
			}
		}
		name, tag := a.waiting[0], a.spare[0]
		a.waiting, a.spare = a.waiting[1:], a.spare[1:]
		a.part.admitted++
		a.slots.fill(tag, name, a.part)
		into[n] = resolver.Question{Label: recordLabel, Name: name.Domain, Type: resolver.TypeTXT, Tag: tag}
		if v := a.part.visit; v != nil {
			into[n].Again, into[n].Patient = true, true
			into[n].Avoid = v.avoid(a.Engine, name.Rank)
		}
		n++
	}
	return n, true
}

// ready reports whether there is a name that waits; if there is none, more says
// that there may be one later.
func (a *admission) ready() (ready, more bool) {
	for tried := 0; len(a.waiting) == 0; {
		if a.part == nil {
			if opened, more := a.open(); !opened {
				if len(a.parked) == 0 {
					return false, more
				}
				if tried++; tried > len(a.parked) {
					return false, true
				}
				a.part, a.names = a.parked[0].part, a.parked[0].names
				a.parked = a.parked[1:]
			}
		}
		n, err := a.names.Next(a.buffer[:])
		switch {
		case errors.Is(err, io.EOF):
			a.seal()
		case err != nil:
			a.fail(err)
			return false, false
		case n == 0:
			a.parked = append(a.parked, parked{a.part, a.names})
			a.part, a.names = nil, nil
		default:
			a.waiting = a.part.leaveOut(a.buffer[:n], a.Stats)
		}
	}
	return true, true
}

// open begins the next part that the source hands out.
func (a *admission) open() (opened, more bool) {
	if !a.found {
		k, ok, err := a.nextPart()
		switch {
		case err != nil:
			a.fail(fmt.Errorf("next part: %w", err))
			return false, false
		case !ok:
			return false, false
		case k < 0 && a.ended && a.stop.Err() != nil && len(a.opening) == 0:
			a.stopped = true // what is to be scanned once more is left for a next run
			return false, false
		case k < 0 && a.ended && a.stop.Err() != nil:
			return false, false
		case k < 0:
			return false, true
		}
		a.next, a.found = k, true
	}
	if a.stop.Err() != nil {
		a.stopped = true
		return false, false
	}
	select {
	case a.opening <- struct{}{}:
	default:
		return false, true
	}
	late, err := a.Excluded()
	if err != nil {
		a.refused, a.stopped = err, true
		a.halt()
		return false, false
	}
	names, err := a.Chunks.Open(a.next)
	if err != nil {
		a.fail(err)
		return false, false
	}
	a.part, a.names, a.found = &part{number: a.next, late: late, from: time.Now()}, names, false
	a.part.visit, _ = names.(*visit)
	a.part.log = a.newSurveyLog(a.part.number, a.part.visit)
	a.events <- event{part: a.part}
	return true, true
}

// seal tells the writer that all names of the part are admitted.
func (a *admission) seal() {
	a.close()
	a.events <- event{part: a.part, sealed: true}
	a.part = nil
}

// close lets go of the names of a part.
func (a *admission) close() {
	if a.names != nil {
		_ = a.names.Close()
		a.names = nil
	}
}

// end lets go of the names of all parts, once no more questions are asked. Where
// the run was cut short before the admission came to its end, parts whose names
// were all admitted are sealed as it would have done.
func (a *admission) end() {
	if !a.over && a.cutShort() {
		a.stopped = true
		if a.part != nil {
			a.parked = append(a.parked, parked{a.part, a.names})
		}
		for _, p := range a.parked {
			a.part, a.names = p.part, p.names
			if p.part.visit != nil || len(a.waiting) == 0 && a.atEnd() {
				a.seal()
				continue
			}
			a.close()
		}
		return
	}
	a.close()
	for _, p := range a.parked {
		_ = p.names.Close()
	}
}

// atEnd reports whether the part has no more names. It may take one out.
func (a *admission) atEnd() bool {
	n, err := a.names.Next(a.buffer[:1])
	return n == 0 && errors.Is(err, io.EOF)
}
