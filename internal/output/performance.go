package output

import (
	"maps"
	"math"
	"time"

	"stsscan/internal/codes"
)

// A Performance is how fast a run was and what it waited for, over all processes that worked on it. A domain that is
// asked again makes one more row.
type Performance struct {
	Rows           int64   `json:"rows"`            // made while domains were asked
	AskingSeconds  float64 `json:"asking_seconds"`  // in which they were, passes together
	RowsPerSecond  float64 `json:"rows_per_second"` // Rows by AskingSeconds
	PeakPerSecond  float64 `json:"peak_per_second"` // rows, over the best ten seconds of asking, or all of it
	TailSeconds    float64 `json:"tail_seconds"`    // of asking: after the last name of a pass was admitted
	BetweenSeconds float64 `json:"between_seconds"` // in which all that was left waited for its next pass or turn

	// Standstill is the seconds of asking, by cause, in which no names were admitted though there were more, or
	// fewer than a hundredth of the peak.
	Standstill map[codes.Standstill]float64 `json:"standstill_seconds,omitempty"`

	Connections ConnectionsInUse `json:"connections"`
}

// ConnectionsInUse is how many connections were open at a time, to Policy Hosts and mail servers together.
type ConnectionsInUse struct {
	Limit         int     `json:"limit"`          // that was in force, for the last process
	Most          int     `json:"most"`           // at a time
	WaitedSeconds float64 `json:"waited_seconds"` // in which surveys waited since all of them were in use
}

// Connections count connections to one port, in one address family.
type Connections struct {
	Port       uint16     `json:"port"`
	Family     string     `json:"family"`         // "IPv4" or "IPv6"
	Made       int64      `json:"made"`           // by all processes of the run
	Last       *time.Time `json:"last,omitempty"` // when the last one was made
	OutOfReach int        `json:"out_of_reach"`   // hosts that could not be reached, while no connection was ever made
}

// Add adds what earlier processes did, and computes the rate. before may be nil.
func (p *Performance) Add(before *Performance) {
	if before == nil {
		before = new(Performance)
	}
	p.Rows += before.Rows
	p.AskingSeconds += before.AskingSeconds
	p.PeakPerSecond = max(p.PeakPerSecond, before.PeakPerSecond)
	p.TailSeconds += before.TailSeconds
	p.BetweenSeconds += before.BetweenSeconds
	p.RowsPerSecond = perSecond(p.Rows, p.AskingSeconds)
	sum := maps.Clone(before.Standstill)
	for why, seconds := range p.Standstill {
		if sum == nil {
			sum = make(map[codes.Standstill]float64)
		}
		sum[why] += seconds
	}
	p.Standstill = sum
	p.Connections.Most = max(p.Connections.Most, before.Connections.Most)
	p.Connections.WaitedSeconds += before.Connections.WaitedSeconds
}

// perSecond is a rate, to three decimals; 0 where there was no time.
func perSecond(n int64, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return math.Round(1000*float64(n)/seconds) / 1000
}
