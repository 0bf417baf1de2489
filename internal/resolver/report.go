package resolver

import (
	"net/netip"
	"slices"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/monitor"
)

// A WindowReport says how many questions of Sweeps an upstream was allowed at a time while there were more to ask.
type WindowReport struct {
	Upstream netip.AddrPort
	Least    int // but for the first second of a Sweep, when windows open
	Median   int // by time, within a tenth
}

// UpstreamStats counts what happened with one upstream since the start.
type UpstreamStats struct {
	Upstream   netip.AddrPort
	Asked      int64 // questions sent, over UDP and TCP
	Answered   int64 // valid replies
	Timeouts   int64 // questions without a valid reply in time
	Servfail   int64 // replies with rcode SERVFAIL
	Refused    int64 // replies with rcode REFUSED
	Mismatched int64 // datagrams and messages that answer no question in flight: forged, garbled, or late
	Suspected  int64 // answers that came after many forgeries, and so were asked for again over TCP
	Failed     int64 // questions that ended with an error of the socket, as when the port is closed
	TCP        int64 // questions repeated over TCP
}

// Windows says how large the windows were, in the order of the configuration. Both numbers are 0 where no Sweep has
// had more to ask for longer than a second.
func (r *Resolver) Windows() []WindowReport {
	reports := make([]WindowReport, len(r.upstreams))
	for i, u := range r.upstreams {
		reports[i].Upstream = u.addr
		reports[i].Least, reports[i].Median = u.windowLog.Report()
	}
	return reports
}

// Stats says what each upstream was asked and how it answered, in the order of the configuration.
func (r *Resolver) Stats() []UpstreamStats {
	stats := make([]UpstreamStats, len(r.upstreams))
	for i, u := range r.upstreams {
		stats[i] = u.stats()
	}
	return stats
}

// A Progress says how far the Sweeps of a Resolver are.
type Progress struct {
	// Held is why no lane asks for more questions. It is empty where one does, or nothing is swept.
	Held codes.Standstill
	// Questions were taken, and have no answer yet.
	Questions int64
	// Due is how long it takes at most until all of them have an answer, if the upstreams go on as they do now; 0:
	// not known. A truncated answer takes longer.
	Due time.Duration
}

// Progress says how far the Sweeps of the Resolver are now.
func (r *Resolver) Progress() Progress {
	p := Progress{Held: r.progress.commonObstacle().word(), Questions: r.progress.underway.Load()}
	if p.Questions <= 0 {
		return Progress{Held: p.Held}
	}
	due := time.Duration(r.progress.begun.Load()) + r.Longest(r.progress.patient.Load()) - r.now()
	switch {
	case r.limiter != nil: // each attempt may have to wait for all others
		attempts := float64(p.Questions) * float64(r.schedule.maxAttempts(r.progress.patient.Load(), false))
		due += time.Duration(attempts / r.limiter.PerSecond() * float64(time.Second))
	case r.progress.staged.Load() > 0: // for how long is not known
		due = 0
	}
	p.Due = max(due, 0)
	return p
}

// Longest is how long a question that is sent now takes at most, until its failure is believed.
func (r *Resolver) Longest(patient bool) time.Duration {
	now := r.now()
	slow := func(u *upstream) bool { return !r.isPrompt(u, now) }
	d := r.schedule.longest(patient, !slices.ContainsFunc(r.upstreams, slow))
	if r.watch != nil {
		d += r.watch.Interval() + canaryTimes*r.canaryTimeout()
	}
	return d
}

// A TrustReport is what a [Watch] has seen.
type TrustReport struct {
	Canaries []monitor.Counts
	Events   []monitor.Event // the first of them
	Paused   time.Duration   // while all upstreams were stopped
}

// TrustReport says what the watch has seen so far.
func (r *Resolver) TrustReport() TrustReport {
	if r.watch == nil {
		return TrustReport{}
	}
	counts, events, paused := r.watch.Report()
	return TrustReport{counts, events, paused}
}

func (u *upstream) stats() UpstreamStats {
	return UpstreamStats{
		Upstream:   u.addr,
		Asked:      u.counts.asked.Load(),
		Answered:   u.counts.answered.Load(),
		Timeouts:   u.counts.timeouts.Load(),
		Servfail:   u.counts.servfail.Load(),
		Refused:    u.counts.refused.Load(),
		Mismatched: u.counts.mismatched.Load(),
		Suspected:  u.counts.suspected.Load(),
		Failed:     u.counts.failed.Load(),
		TCP:        u.counts.tcp.Load(),
	}
}
