package pipeline

import (
	"context"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/survey"
)

const (
	// revisitsOctets bounds the evidence in rows that are kept whole, since they only lack the mail side. Beyond it
	// no revisit begins.
	revisitsOctets = 64 << 20
	// revisitPause is the time between two looks at names that could not be asked.
	revisitPause = 20 * time.Millisecond
)

// A revisiting is what the revisits of a round share. Its exported fields are those of [Config].
type revisiting struct {
	Dataset     *output.Dataset
	Engine      Engine
	Stats       *Stats
	Now         func() time.Time
	Passes      int
	intervals   intervals
	pending     *pendingParts
	localFaults *localFaults
	stop        context.Context // ends revisits
	dueOnly     bool            // of rows that are due, not of those that wait for manners
	octets      *atomic.Int64   // of evidence in the rows that are kept whole
}

// A revisit is a batch of provisional rows of one part. Their domains are asked as the addresses of their Policy
// Hosts allow, so that an address with very many domains holds up no other. A domain that is not asked keeps its
// row.
type revisit struct {
	shared *revisiting
	part   output.PartInfo
	began  time.Time

	late     *domains.Exclusions // the late opt-outs, when the rows were read
	excluded int64               // rows about them

	mu        sync.Mutex
	rows      []provisional // in the order of the file
	ready     []int32       // of rows that can begin at once
	queues    map[netip.Addr][]int32
	order     []netip.Addr // of the queues with rows
	foundNone time.Time    // when no queue had a row that could begin
	passed    int          // how many of rows keepsOld has passed
}

// A provisional is a row whose domain is asked again.
type provisional struct {
	rank int64
	task *task // nil after it began
	done bool  // there is a new row
}

// read reads the rows of a part for a revisit: those that are due, or those that wait for manners.
func (s *revisiting) read(info output.PartInfo, late *domains.Exclusions) (*revisit, error) {
	now := s.Now()
	v := &revisit{shared: s, part: info, began: now, late: late, queues: make(map[netip.Addr][]int32)}
	octets, most := 0, revisitsOctets/s.pending.partsNow()
	defer func() { s.octets.Add(int64(octets)) }()
	noted := s.pending.notedAt(info.Part)
	for row, err := range s.Dataset.Provisional(info.Part) {
		if err != nil {
			return nil, err
		}
		if s.stop.Err() != nil || len(v.rows) == maxRevisit || octets > most {
			break
		}
		if excludes(late, row) {
			v.excluded++
			continue
		}
		if s.pending.isPutOff(row.Rank, now) {
			continue
		}
		manners := row.Pending == string(codes.PendingManners)
		if s.dueOnly != manners && (manners || !s.pending.due(row.ObservedAt, noted).After(now)) {
			octets += v.add(row)
		}
	}
	return v, nil
}

// add adds a row, and returns the octets of evidence that it keeps.
func (v *revisit) add(row *output.Row) (octets int) {
	t := &task{
		name:     domains.Name{Domain: row.Domain, Rank: row.Rank, List: row.List, Tags: row.Tags},
		previous: survey.PreviousOf(row, v.shared.Passes), index: int32(len(v.rows)),
	}
	if row.ListRank != nil {
		t.name.ListRank = *row.ListRank
	}
	if v.shared.dueOnly {
		t.avoid = v.shared.Engine.Number(t.previous.Upstream)
	}
	v.rows = append(v.rows, provisional{rank: row.Rank, task: t})
	octets = t.previous.Octets
	addr := t.previous.Addr
	if v.shared.dueOnly || !addr.IsValid() {
		v.ready = append(v.ready, t.index)
		return octets
	}
	if v.queues[addr] == nil {
		v.order = append(v.order, addr)
	}
	v.queues[addr] = append(v.queues[addr], t.index)
	return octets
}

func (v *revisit) info() output.PartInfo { return v.part }

// next returns the tasks that can begin now. It ends after all of them, after intervals.revisit, or when the run is
// asked to stop.
func (v *revisit) next(into []task) (n int, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.shared.Now()
	switch {
	case v.shared.stop.Err() != nil, len(v.ready) == 0 && len(v.order) == 0:
		return 0, io.EOF
	case len(v.ready) > 0:
		for n < len(into) && n < len(v.ready) {
			into[n] = v.begin(v.ready[n])
			n++
		}
		v.ready = v.ready[n:]
		return n, nil
	case now.Sub(v.began) > v.shared.intervals.revisit:
		return 0, io.EOF
	case now.Sub(v.foundNone) < revisitPause:
		return 0, nil
	}
	blocked := 0
	left := v.order[:0]
	for _, addr := range v.order {
		queue := v.queues[addr]
		for len(queue) > 0 && n < len(into) {
			ok, isBlocked := v.shared.pending.acquire(addr, now)
			if isBlocked {
				blocked++
			}
			if !ok {
				break
			}
			into[n], queue = v.begin(queue[0]), queue[1:]
			n++
		}
		if v.queues[addr] = queue; len(queue) > 0 {
			left = append(left, addr)
		}
	}
	v.order = left
	if n == 0 && blocked == len(v.order) {
		return 0, io.EOF // all addresses that are left are left alone for a while
	}
	if n == 0 {
		v.foundNone = now
	}
	return n, nil
}

// begin takes a task.
func (v *revisit) begin(i int32) task {
	t := v.rows[i].task
	v.rows[i].task = nil
	return *t
}

// close drops the tasks that have not begun: the revisit may wait long for its last rows.
func (v *revisit) close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ready, v.queues, v.order = nil, nil, nil
	for i := range v.rows {
		if t := v.rows[i].task; t != nil {
			v.shared.octets.Add(-int64(t.previous.Octets))
			v.rows[i].task = nil
		}
	}
	return nil
}

// partial is true: a domain that is not asked keeps its row.
func (v *revisit) partial() bool { return true }

// keepsRow spares a Policy Host that was asked a second request within a pass.
func (v *revisit) keepsRow(asked bool) bool { return !asked }

func (v *revisit) finished(t *task, result survey.Result) {
	v.mu.Lock()
	v.rows[t.index].done = true
	v.foundNone = time.Time{}
	v.mu.Unlock()
	v.shared.octets.Add(-int64(t.previous.Octets))
	putOff := !result.RetryAt.IsZero()
	if putOff {
		v.shared.pending.putOff(t.name.Rank, result.RetryAt)
	}
	if !v.shared.dueOnly && t.previous.Addr.IsValid() {
		v.shared.pending.release(t.previous.Addr, !putOff && result.Row.Pending == string(codes.PendingManners))
	}
	v.shared.localFaults.finished(t.previous.Pending, result)
	v.shared.Stats.countRepassed(t.previous.Pending)
}

// unchanged reports whether all rows stay.
func (v *revisit) unchanged(admitted int64) bool { return admitted == 0 && v.excluded == 0 }

// complete takes over the rows that stay.
func (v *revisit) complete(file *output.Part) error {
	return file.Keep(v.shared.Dataset, v.part, v.keepsOld)
}

// keepsOld reports whether a row of the old file has no new one. It is called for the provisional rows in the order
// of the file, among others. One about a domain that opted out late becomes final.
func (v *revisit) keepsOld(row *output.Row) bool {
	if row.Pending == "" {
		return true
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.passed < len(v.rows) && v.rows[v.passed].rank == row.Rank {
		v.passed++
		if v.rows[v.passed-1].done {
			return false
		}
	}
	if excludes(v.late, row) {
		v.shared.Stats.addPending(codes.Pending(row.Pending), -1)
		survey.EndLate(row)
	}
	return true
}

func (v *revisit) distrusted(due time.Time) { v.shared.pending.postpone(v.part.Part, due) }
