package pipeline

import (
	"fmt"
	"iter"

	"stsscan/internal/domains"
	"stsscan/internal/resolver"
)

// recordLabel is what stands before a Policy Domain in the name of its record
// (RFC 8461, section 3.1).
const recordLabel = "_mta-sts."

// An admission lets names in, part after part, as slots become free. It is used
// by one goroutine at a time.
type admission struct {
	*run
	part    *part // being admitted; nil between parts
	names   func() (domains.Name, error, bool)
	halt    func()
	stopped bool // ended before the source did
}

// next returns the question for the next name. It blocks while every slot is
// taken or too many parts are open, and reports false when there are no more
// names or the run ends.
func (a *admission) next() (resolver.Question, bool) {
	for {
		if a.part == nil && !a.open() {
			return resolver.Question{}, false
		}
		name, err, ok := a.names()
		if err != nil {
			a.fail(err)
			return resolver.Question{}, false
		}
		if !ok {
			a.seal()
			continue
		}
		if a.stop.Err() != nil { // its part leaves no file, so the name is not lost
			a.stopped = true
			return resolver.Question{}, false
		}
		select {
		case tag := <-a.slots.free:
			a.part.admitted++
			a.slots.fill(tag, name, a.part)
			return resolver.Question{Name: recordLabel + name.Domain, Type: resolver.TypeTXT, Tag: tag}, true
		case <-a.stop.Done():
			a.stopped = true
		case <-a.work.Done():
		}
		return resolver.Question{}, false
	}
}

// open begins the next part that the source hands out.
func (a *admission) open() bool {
	k, ok, err := a.Source.Next(a.work)
	switch {
	case err != nil:
		a.fail(fmt.Errorf("next part: %w", err))
		return false
	case !ok:
		return false
	}
	select {
	case a.opening <- struct{}{}:
	case <-a.stop.Done():
		a.stopped = true
		return false
	case <-a.work.Done():
		return false
	}
	a.part = &part{number: k}
	a.names, a.halt = iter.Pull2(a.Chunks.Chunk(k))
	a.events <- event{part: a.part}
	return true
}

// seal tells the writer that all names of the part are admitted.
func (a *admission) seal() {
	a.halt()
	a.events <- event{part: a.part, sealed: true}
	a.part, a.names, a.halt = nil, nil, nil
}

// close lets go of a part that was not sealed.
func (a *admission) close() {
	if a.halt != nil {
		a.halt()
	}
}
