package pipeline

import (
	"sync/atomic"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// Stats counts what a run has done so far. It may be read while the run goes
// on; its zero value is ready.
type Stats struct {
	present, absent, unknown atomic.Int64
	valid, broken            atomic.Int64
	surveying                atomic.Int64
	localFaults              atomic.Int64
	parts                    atomic.Int64
}

// Counts is a Stats at one moment.
type Counts struct {
	Present, Absent, Unknown int64 // domains by class of record; present counts valid, invalid and multiple
	PolicyValid              int64 // domains with a valid policy
	PolicyBroken             int64 // domains with a valid record and no valid policy
	Surveying                int64 // domains whose survey is waiting or going on
	LocalFaults              int64 // faults of this machine, after which a domain was asked again
	Parts                    int64 // parts written
}

// Domains is the number of domains that have a row.
func (c Counts) Domains() int64 { return c.Present + c.Absent + c.Unknown }

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
	}
}

func (s *Stats) count(row *output.Row) {
	switch codes.Record(row.Record) {
	case codes.RecordAbsent:
		s.absent.Add(1)
	case codes.RecordUnknown:
		s.unknown.Add(1)
	default:
		s.present.Add(1)
	}
	switch codes.Policy(row.Policy) {
	case codes.PolicyNotFetched:
	case codes.PolicyValid:
		s.valid.Add(1)
	default:
		s.broken.Add(1)
	}
}
