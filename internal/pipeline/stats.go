package pipeline

import (
	"sync/atomic"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// Stats count what a run has done. They may be read while the run goes on; the zero value is ready.
type Stats struct {
	present, absent, unknown atomic.Int64
	valid, broken            atomic.Int64
	surveying                atomic.Int64
	localFaults              atomic.Int64
	parts                    atomic.Int64
	transient, manners       atomic.Int64
	repassed                 atomic.Int64
	discarded                atomic.Int64
	crossed                  atomic.Int64
	excluded                 atomic.Int64

	names nameCounts
	meter meter
}

// Counts are the Stats of a moment.
type Counts struct {
	Present, Absent, Unknown int64 // domains by class of record; present counts valid, invalid and multiple
	PolicyValid              int64 // domains with a valid policy
	PolicyBroken             int64 // domains whose policy failed; not those whose policy is unknown
	Surveying                int64 // domains that wait for their survey, or are surveyed
	LocalFaults              int64 // faults of this machine, after which a domain was asked again
	Parts                    int64 // parts written
	Transient                int64 // domains that wait for a later pass
	Manners                  int64 // domains that wait for manners
	AskedAgain               int64 // domains that were asked again
	Discarded                int64 // parts scanned once more, since a resolver gave wrong answers
	Crossed                  int64 // domains that a cross-check has checked
	Excluded                 int64 // domains without a row, since they opted out after the names were prepared
}

// Domains is the number of domains that have a row.
func (c Counts) Domains() int64 { return c.Present + c.Absent + c.Unknown }

// Done is the number of domains that have a row, or will get none.
func (c Counts) Done() int64 { return c.Domains() + c.Excluded }

// Waiting is the number of domains whose rows are provisional.
func (c Counts) Waiting() int64 { return c.Transient + c.Manners }

// Counts reads the counters.
func (s *Stats) Counts() Counts {
	return Counts{
		Present:      s.present.Load(),
		Absent:       s.absent.Load(),
		Unknown:      s.unknown.Load(),
		PolicyValid:  s.valid.Load(),
		PolicyBroken: s.broken.Load(),
		Surveying:    s.surveying.Load(),
		LocalFaults:  s.localFaults.Load(),
		Parts:        s.parts.Load(),
		Transient:    s.transient.Load(),
		Manners:      s.manners.Load(),
		AskedAgain:   s.repassed.Load(),
		Discarded:    s.discarded.Load(),
		Crossed:      s.crossed.Load(),
		Excluded:     s.excluded.Load(),
	}
}

// Performance is how fast the process was until now, and what it waited for.
func (s *Stats) Performance() Performance { return s.meter.performance() }

// Left is what the run waits for now.
func (s *Stats) Left() Left { return s.meter.leftNow() }

// Waits adds rows that an earlier process left provisional.
func (s *Stats) Waits(pending map[codes.Pending]int64) {
	for why, n := range pending {
		s.addPending(why, n)
	}
}

// CrossChecked counts a domain that a cross-check has checked.
func (s *Stats) CrossChecked() { s.crossed.Add(1) }

func (s *Stats) addPending(why codes.Pending, n int64) {
	switch why {
	case "":
	case codes.PendingManners:
		s.manners.Add(n)
	default:
		s.transient.Add(n)
	}
}

// countRepassed counts a domain that had waited and was asked.
func (s *Stats) countRepassed(why codes.Pending) {
	s.addPending(why, -1)
	s.repassed.Add(1)
}

// count counts a row; before says that the domain had one already, which was counted by its class.
func (s *Stats) count(row *output.Row, before bool) {
	s.names.rows.Add(1)
	var t tally
	t.class(row, before)
	s.add(t, 1)
}

// add adds a tally so many times; -1 takes it back.
func (s *Stats) add(t tally, times int64) {
	s.present.Add(times * t.present)
	s.absent.Add(times * t.absent)
	s.unknown.Add(times * t.unknown)
	s.valid.Add(times * t.valid)
	s.broken.Add(times * t.broken)
	s.transient.Add(times * t.transient)
	s.manners.Add(times * t.manners)
	s.repassed.Add(times * t.repassed)
}
