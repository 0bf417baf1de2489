package pipeline

import (
	"cmp"
	"math"
	"slices"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/output"
)

// RecordPerformance is how fast this process was and what it waited for, added to what earlier ones recorded.
// Stats are nil if this process asks nothing.
func RecordPerformance(
	stats *Stats, inUse func() egress.Connections, before *output.Performance,
) *output.Performance {
	if stats == nil {
		return before
	}
	now := stats.Performance()
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
	if inUse != nil {
		c := inUse()
		p.Connections = output.ConnectionsInUse{Limit: c.Limit, Most: c.Most, WaitedSeconds: seconds(c.Waited)}
	}
	p.Add(before)
	return p
}

// seconds is d in seconds, rounded to milliseconds.
func seconds(d time.Duration) float64 { return rounded(d.Seconds()) }

func rounded(x float64) float64 { return math.Round(1000*x) / 1000 }

// Names of address families in run.json.
const (
	FamilyIPv4 = "IPv4"
	FamilyIPv6 = "IPv6"
)

// RecordConnections are those of this process and of earlier ones.
func RecordConnections(now []egress.Reach, before []output.Connections) []output.Connections {
	all := slices.Clone(before)
	for _, r := range now {
		one := output.Connections{Port: r.Port, Family: FamilyIPv4, Made: r.Made, OutOfReach: r.OutOfReach}
		if r.IPv6 {
			one.Family = FamilyIPv6
		}
		if !r.Last.IsZero() {
			one.Last = new(r.Last.UTC())
		}
		i := slices.IndexFunc(all, func(c output.Connections) bool { return c.Port == one.Port && c.Family == one.Family })
		if i < 0 {
			all = append(all, one)
			continue
		}
		one.Made += all[i].Made
		one.OutOfReach = max(one.OutOfReach, all[i].OutOfReach) // some were asked again
		one.Last = cmp.Or(one.Last, all[i].Last)
		if one.Made > 0 {
			one.OutOfReach = 0
		}
		all[i] = one
	}
	return all
}
