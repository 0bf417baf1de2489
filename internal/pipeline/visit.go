package pipeline

import (
	"io"
	"net/netip"
	"sync"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
)

const (
	// maxVisit bounds the rows of a part that are asked again at a time, and so
	// the memory of a visit. The others wait for another one.
	maxVisit = 1 << 14
	// visitsOctets bounds the evidence in them, over all visits, of rows that only
	// wait for MX hosts and are kept whole.
	visitsOctets = 64 << 20
	// together is how many domains of one address are surveyed at a time, over
	// all visits: enough that the next one is there when the address is due.
	together = 8
	// visitPause is how long names that cannot be asked now are left alone.
	visitPause = 20 * time.Millisecond
)

// A visit asks provisional rows of one part again. It is the Names of the part:
// they come as the addresses of their Policy Hosts allow, so that what one giant
// is due holds up nobody else. A name that is not asked keeps its row.
type visit struct {
	*later
	info  output.PartInfo
	began time.Time

	late     *domains.Exclusions // those who opted out late, when the rows were read
	excluded int64               // rows about them

	mu      sync.Mutex
	free    []domains.Name // of no known address, or none that matters
	queues  map[netip.Addr][]domains.Name
	order   []netip.Addr       // of the queues that are not empty
	earlier map[int64]*earlier // of every name of the visit, by rank
	done    map[int64]bool     // ranks that have a new row
	looked  time.Time          // when the queues were last found to have nothing
}

// newVisit reads the provisional rows of a part that may be asked again now: in a
// quick round those that are due, in another those that wait for manners.
func (l *later) newVisit(info output.PartInfo, now time.Time) (*visit, error) {
	v := &visit{
		later: l, info: info, began: now, late: l.excludedLate(), queues: make(map[netip.Addr][]domains.Name),
		earlier: make(map[int64]*earlier), done: make(map[int64]bool),
	}
	octets, most := 0, visitsOctets/l.visits()
	l.mu.Lock()
	noted := l.noted[info.Part]
	l.mu.Unlock()
	for row, err := range l.Dataset.Provisional(info.Part) {
		if err != nil {
			return nil, err
		}
		if l.stop.Err() != nil || len(v.earlier) == maxVisit || octets > most {
			break
		}
		if excludes(v.late, row) {
			v.excluded++
			continue
		}
		if l.resting(row.Rank, now) {
			continue
		}
		manners := row.Pending == string(codes.PendingManners)
		if l.quick != manners && (manners || !l.due(row.ObservedAt, noted).After(now)) {
			octets += v.add(row)
		}
	}
	return v, nil
}

// add says how many octets of evidence it keeps.
func (v *visit) add(row *output.Row) (octets int) {
	name := domains.Name{Domain: row.Domain, Rank: row.Rank, List: row.List, Tags: row.Tags}
	if row.ListRank != nil {
		name.ListRank = *row.ListRank
	}
	e := earlierOf(row)
	v.earlier[row.Rank] = e
	if e.told != nil {
		octets = e.told.Octets()
	}
	if v.quick || !e.addr.IsValid() {
		v.free = append(v.free, name)
		return octets
	}
	if v.queues[e.addr] == nil {
		v.order = append(v.order, e.addr)
	}
	v.queues[e.addr] = append(v.queues[e.addr], name)
	return octets
}

// Next gives the names that can be asked now. None and no error means that there
// may be some later; the end comes when all were given, when the visit has
// lasted long enough, or when the run is asked to stop.
func (v *visit) Next(into []domains.Name) (n int, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.Now()
	switch {
	case v.stop.Err() != nil, len(v.free) == 0 && len(v.order) == 0:
		return 0, io.EOF
	case len(v.free) > 0:
		n = copy(into, v.free)
		v.free = v.free[n:]
		return n, nil
	case now.Sub(v.began) > v.pace.visit:
		return 0, io.EOF
	case now.Sub(v.looked) < visitPause:
		return 0, nil
	}
	held := 0
	left := v.order[:0]
	for _, addr := range v.order {
		queue := v.queues[addr]
		for len(queue) > 0 && n < len(into) {
			ok, kept := v.take(addr, now)
			if kept {
				held++
			}
			if !ok {
				break
			}
			into[n], queue = queue[0], queue[1:]
			n++
		}
		if v.queues[addr] = queue; len(queue) > 0 {
			left = append(left, addr)
		}
	}
	v.order = left
	if n == 0 && held == len(v.order) {
		return 0, io.EOF // of all that is left, nothing may be asked for a while
	}
	if n == 0 {
		v.looked = now
	}
	return n, nil
}

// Close does nothing: a visit holds no file.
func (v *visit) Close() error { return nil }

// of is what a row said before; nil where the domain is asked for the first time.
func (v *visit) of(rank int64) *earlier {
	if v == nil {
		return nil
	}
	return v.earlier[rank]
}

// finished notes that the domain has a new row.
func (v *visit) finished(row *output.Row) {
	if v == nil {
		return
	}
	e := v.earlier[row.Rank]
	v.mu.Lock()
	v.done[row.Rank] = true
	v.looked = time.Time{}
	v.mu.Unlock()
	own := !e.rests.IsZero()
	if own {
		v.rest(row.Rank, e.rests)
	}
	if !v.quick && e.addr.IsValid() {
		v.release(e.addr, !own && row.Pending == string(codes.PendingManners))
	}
	if e.pending == codes.PendingLocal || e.pending == codes.PendingManners {
		v.answered(e.pending, row)
	}
	v.Stats.again(e.pending)
}

// keep reports whether a row of the file before has no new one. A provisional row
// about somebody who opted out late becomes final.
func (v *visit) keep(row *output.Row) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.done[row.Rank] {
		return false
	}
	if row.Pending != "" && excludes(v.late, row) {
		v.Stats.waits(codes.Pending(row.Pending), -1)
		endLate(row)
	}
	return true
}

// avoid is the number of the upstream that could not answer for a name before.
func (v *visit) avoid(engine Engine, rank int64) uint16 {
	if numbers, ok := engine.(interface{ Number(netip.AddrPort) uint16 }); ok && v.quick {
		return numbers.Number(v.of(rank).upstream)
	}
	return 0
}
