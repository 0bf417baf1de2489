package resolver

import (
	"net/netip"
	"slices"
	"time"

	"stsscan/internal/codes"
)

// A WindowReport says how many questions of Sweeps an upstream was allowed at a time while there were
// more to ask.
type WindowReport struct {
	Upstream netip.AddrPort
	Least    int // but for the first second of a Sweep, in which windows open
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
	Suspected  int64 // answers that were not believed, since many forgeries came before them, and asked for again over TCP
	Failed     int64 // questions that an error of the socket ended, as when nobody listens there
	TCP        int64 // questions repeated over TCP
}

// Windows says how large the windows were, in the order of the configuration. Both numbers are 0 where no
// Sweep has had more to ask for longer than a second.
func (r *Resolver) Windows() []WindowReport {
	reports := make([]WindowReport, len(r.upstreams))
	for i, u := range r.upstreams {
		reports[i].Upstream = u.addr
		reports[i].Least, reports[i].Median = u.windowLog.Report()
	}
	return reports
}

// Stats says what each upstream was asked and how it answered, in the order of
// the configuration.
func (r *Resolver) Stats() []UpstreamStats {
	stats := make([]UpstreamStats, len(r.upstreams))
	for i, u := range r.upstreams {
		stats[i] = u.stats()
	}
	return stats
}

// A Progress is what the Sweeps of a Resolver are at.
type Progress struct {
	// Held is why none of their lanes asks for more questions. It is empty where one
	// does, or nothing is swept.
	Held codes.Standstill
	// Questions were taken, and have no answer yet.
	Questions int64
	// Due is how long it takes at most until all of them have one, as long as the
	// upstreams do as they do now; 0 where that is not known. An answer that is truncated
	// takes longer.
	Due time.Duration
}

// Progress says what the Sweeps of the Resolver are at now.
func (r *Resolver) Progress() Progress {
	p := Progress{Held: r.progress.commonObstacle().word(), Questions: r.progress.underway.Load()}
	if p.Questions <= 0 {
		return Progress{Held: p.Held}
	}
	due := time.Duration(r.progress.begun.Load()) + r.Longest(r.progress.patient.Load()) - r.now()
	switch {
	case r.limiter != nil: // each attempt of each question may have to wait for those of all others
		attempts := float64(p.Questions) * float64(r.schedule.maxAttempts(r.progress.patient.Load(), false))
		due += time.Duration(attempts / r.limiter.PerSecond() * float64(time.Second))
	case r.progress.staged.Load() > 0: // it is not known for how long
		due = 0
	}
	p.Due = max(due, 0)
	return p
}

// Longest is how long a question takes at most that is sent now, until its failure is
// believed.
func (r *Resolver) Longest(patient bool) time.Duration {
	now := r.now()
	slow := func(u *upstream) bool { return !r.isPrompt(u, now) }
	d := r.schedule.longest(patient, !slices.ContainsFunc(r.upstreams, slow))
	if r.watch != nil {
		d += r.watch.config.Interval + canaryTimes*r.watch.timeout
	}
	return d
}

// A TrustReport is what became of the trust in the upstreams.
type TrustReport struct {
	Canaries []CanaryCounts
	Events   []TrustEvent  // the first of them
	Paused   time.Duration // while all upstreams were stopped
}

// TrustReport says what the watch has seen so far.
func (r *Resolver) TrustReport() TrustReport {
	if r.watch == nil {
		return TrustReport{}
	}
	r.watch.mu.Lock()
	defer r.watch.mu.Unlock()
	report := TrustReport{slices.Clone(r.watch.counts), slices.Clone(r.watch.events), r.watch.paused}
	if r.watch.pausedSince != 0 {
		report.Paused += r.now() - r.watch.pausedSince
	}
	return report
}
