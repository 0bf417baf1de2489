package pipeline

import (
	"context"
	"sync"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/survey"
)

// A firstPass is the source of new names: those of the parts that Parts hands out, and of parts that are scanned
// once more since answers were wrong.
type firstPass struct {
	Parts     Source
	Chunks    Chunks
	Stats     *Stats
	stop      context.Context
	openParts func() int // number of parts that may need another scan

	rescans rescans
	ended   bool // Parts has
	next    int  // the part that was found
}

func (s *firstPass) find(ctx context.Context) (found, more bool, err error) {
	k, more, err := s.part(ctx)
	s.next = k
	return more && k >= 0 && err == nil, more, err
}

// part is the next part to scan; k is -1 while it is not known whether there is one.
func (s *firstPass) part(ctx context.Context) (k int, ok bool, err error) {
	if !s.ended {
		if k, ok, err = s.Parts.Next(ctx); ok || err != nil {
			return k, ok, err
		}
		s.ended = true
	}
	open := s.openParts() // before the look at rescans
	k, ok = s.rescans.take(time.Now())
	switch {
	case ok && k >= 0:
		return k, true, nil
	case s.stop.Err() != nil: // the next run scans what is left
		return 0, false, nil
	case ok, open > 0:
		return -1, true, nil
	}
	return 0, false, nil
}

func (s *firstPass) exhausted() bool { return s.ended && !s.rescans.any() }

func (s *firstPass) open(late *domains.Exclusions) (batch, error) {
	names, err := s.Chunks.Open(s.next)
	if err != nil {
		return nil, err
	}
	first, last := s.Chunks.Ranks(s.next)
	return &newNames{
		part:  output.PartInfo{Part: s.next, FirstRank: first, LastRank: last},
		names: names, late: late, stats: s.Stats, rescans: &s.rescans, buffer: make([]domains.Name, admissionSize),
	}, nil
}

// newNames are a batch of names that are asked for the first time.
type newNames struct {
	part     output.PartInfo
	names    Names
	late     *domains.Exclusions // the opt-outs since the names were prepared
	stats    *Stats
	rescans  *rescans
	buffer   []domains.Name  // nil after close: a batch may wait long for its last names
	previous survey.Previous // of each name
	excluded int64           // number of names left out
}

func (f *newNames) info() output.PartInfo { return f.part }

// next leaves out late opt-outs, and counts them.
func (f *newNames) next(into []task) (n int, err error) {
	for n == 0 {
		read, err := f.names.Next(f.buffer[:min(len(into), len(f.buffer))])
		if read == 0 {
			return 0, err
		}
		for _, name := range f.buffer[:read] {
			if f.late != nil && f.late.Domain(name.Domain) {
				f.excluded++
				f.stats.excluded.Add(1)
				continue
			}
			into[n] = task{name: name, previous: &f.previous}
			n++
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (f *newNames) close() error {
	f.buffer = nil
	return f.names.Close()
}

// partial is false: a part without all its names leaves no file, so no name is lost.
func (f *newNames) partial() bool { return false }

func (f *newNames) keepsRow(bool) bool { return false }

func (f *newNames) finished(*task, survey.Result) {}

func (f *newNames) unchanged(int64) bool { return false }

func (f *newNames) complete(file *output.Part) error {
	file.ExcludeLate(f.excluded)
	return nil
}

func (f *newNames) distrusted(due time.Time) {
	f.stats.excluded.Add(-f.excluded)
	f.rescans.add(f.part.Part, due)
}

// rescans are the parts to be scanned once more.
type rescans struct {
	mu    sync.Mutex
	parts []int
	due   []time.Time
}

func (r *rescans) add(k int, due time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts, r.due = append(r.parts, k), append(r.due, due)
}

// take takes the first part; k is -1 if it is not due, ok is false if there is none.
func (r *rescans) take(now time.Time) (k int, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case len(r.parts) == 0:
		return 0, false
	case r.due[0].After(now):
		return -1, true
	}
	k = r.parts[0]
	r.parts, r.due = r.parts[1:], r.due[1:]
	return k, true
}

// any reports whether there is a part.
func (r *rescans) any() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.parts) > 0
}
