package main

import (
	"math"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// performance is how fast this process and those before were, and what they waited
// for; nil: nothing is known yet.
func (r *record) performance() *output.Performance {
	var before *output.Performance
	if r.earlier != nil {
		before = r.earlier.Performance
	}
	if r.stats == nil {
		return before
	}
	now := r.stats.Performance()
	p := &output.Performance{
		Rows: now.Rows, AskingSeconds: seconds(now.Asking), PeakPerSecond: rounded(now.Peak),
		TailSeconds: seconds(now.Tail), BetweenSeconds: seconds(now.Between),
	}
	for why, stood := range now.Standstill {
		if p.Standstill == nil {
			p.Standstill = make(map[codes.Standstill]float64)
		}
		if s := seconds(stood); s > 0 {
			p.Standstill[why] = s
		}
	}
	if r.inUse != nil {
		c := r.inUse()
		p.Connections = output.ConnectionsInUse{Limit: c.Limit, Most: c.Most, WaitedSeconds: seconds(c.Waited)}
	}
	p.Add(before)
	return p
}

// seconds is a time as run.json has it: in milliseconds.
func seconds(d time.Duration) float64 { return rounded(d.Seconds()) }

func rounded(x float64) float64 { return math.Round(1000*x) / 1000 }
