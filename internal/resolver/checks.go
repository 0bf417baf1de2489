package resolver

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/monitor"
)

// checkUpstream checks one upstream. It stops with the first check if that fails.
func (r *Resolver) checkUpstream(ctx context.Context, u *upstream, n canarySet, p Preflight) []Check {
	a := newAsker()
	var checks []Check
	note := func(name string, ok, fatal bool, words string) {
		c := Check{Upstream: u.addr, Name: name, OK: ok, Fatal: fatal && !ok}
		if !ok {
			c.Words = words
		}
		checks = append(checks, c)
	}
	for _, c := range n.positive {
		result, why := r.askCanary(ctx, a, u, c, canaryTimes)
		switch result {
		case monitor.Failed:
			note(checkAnswers, false, true, fmt.Sprintf("no answer for %s: %s", c, why))
			return checks
		case monitor.Wrong:
			note("truth", false, true, why)
			return checks
		}
	}
	note(checkAnswers, true, true, "")
	var wrong, failed string
	for _, c := range n.negative {
		switch result, why := r.askCanary(ctx, a, u, c, canaryTimes); result {
		case monitor.Wrong:
			wrong = "it makes up answers: " + why
		case monitor.Failed:
			failed = fmt.Sprintf("no answer for %s: %s", c, why)
		}
	}
	note("no_rewriting", wrong == "" && failed == "", wrong != "", wrong+failed)
	if p.Zone == "" {
		note("records", !r.deniesRecords(ctx, a, u), true,
			fmt.Sprintf("it denies the records of %s, which exist", strings.Join(recordsKnown(), ", ")))
	}
	if p.Brief {
		return checks
	}

	rd, err := r.askTwice(ctx, a, u, n.fast, stepUDP)
	bare := err == nil && rd.outcome != Reply && rd.zone == ""
	note("soa", !bare, false, fmt.Sprintf("%s is denied without an SOA (RFC 2308): "+
		"it leaves out the authority section, and what lame servers say reads as NODATA", n.fast))
	rd, err = r.askTwice(ctx, a, u, n.signed, stepUDP)
	note("signed", err == nil && rd.authenticated, false, fmt.Sprintf(
		"the signed answer for %s is not marked as authenticated: it does not validate DNSSEC", n.signed))
	rd, err = r.askTwice(ctx, a, u, n.bogus, stepUDP)
	note("bogus", err == nil && rd.rcode == dns.RcodeServerFailure, false, fmt.Sprintf(
		"%s, whose signature is wrong, is not answered SERVFAIL: it does not validate DNSSEC", n.bogus))
	step := stepUDP
	if p.Zone == "" {
		step = stepTCP
	}
	rd, err = r.askTwice(ctx, a, u, n.big, step)
	note("tcp", err == nil && rd.rcode == dns.RcodeSuccess && a.trace.TCP, false, fmt.Sprintf(
		"%s has no answer over TCP: long answers are lost", n.big))
	return append(checks, r.flood(ctx, u, n, p)...)
}

// recordsKnown are domains that have had an MTA-STS record for as long as there is MTA-STS.
func recordsKnown() []string { return []string{"gmail.com", "outlook.com", "yahoo.com"} }

// recordCanary is the record of a domain as a canary.
func recordCanary(domain string) Canary { return Canary{Name: "_mta-sts." + domain, Type: dns.TypeTXT} }

// deniesRecords reports whether an upstream denies all the records that are known.
func (r *Resolver) deniesRecords(ctx context.Context, a *asker, u *upstream) bool {
	return !slices.ContainsFunc(recordsKnown(), func(domain string) bool {
		result, _ := r.askCanary(ctx, a, u, recordCanary(domain), canaryTimes)
		return result != monitor.Wrong
	})
}

// askTwice asks an upstream, twice when the first answer is lost.
func (r *Resolver) askTwice(ctx context.Context, a *asker, u *upstream, c Canary, at step) (reading, error) {
	if err := a.pack(c.question()); err != nil {
		return reading{}, err
	}
	defer a.forget()
	rd, _, err := r.attempt(ctx, a, u, at)
	if err != nil {
		rd, _, err = r.attempt(ctx, a, u, at)
	}
	if err != nil {
		return rd, err
	}
	return rd, nil
}

// How a flood is judged.
const (
	mostFlood  = 1500             // questions at a time
	fastNames  = 100              // of them, which are asked last and a sound resolver answers at once
	floodLost  = 10               // in a hundred of the fast ones: more than networks lose
	slowTime   = 15 * time.Second // by then a sound resolver has given up on servers that do not answer
	slowEnough = 8                // answers for slow names that show that they come
)

// flood asks as much at a time as a run will, slow names first where there are some. Resolvers that drop questions in
// silence when many wait (Unbound: wait-limit), or answers that took long (discard-timeout), cost a survey healthy
// domains.
func (r *Resolver) flood(ctx context.Context, u *upstream, n canarySet, p Preflight) []Check {
	size := p.Flood
	if size == 0 {
		size = min(r.inFlight, mostFlood)
	}
	if r.limiter != nil {
		size = min(size, int(r.limiter.PerSecond()))
	}
	fast := min(size, fastNames)
	waiting := n.fast
	slow := n.slow.Name != ""
	if slow {
		waiting = n.slow
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	slowBurst := newBurst(r, u, waiting, size-fast, cmp.Or(p.slowTime, slowTime))
	fastBurst := newBurst(r, u, n.fast, fast, r.schedule.timeout)
	slowBurst.send(ctx)
	fastBurst.send(ctx)
	fastBurst.all.Wait()
	lost := fast - int(fastBurst.answered.Load())
	checks := []Check{{Upstream: u.addr, Name: "flood", OK: 100*lost <= floodLost*max(fast, 1)}}
	if !checks[0].OK {
		checks[0].Words = fmt.Sprintf("%d of %d questions got no answer while %d others waited for theirs: "+
			"it drops questions in silence (Unbound: wait-limit; see deploy/unbound.conf)", lost, fast, size-fast)
	}
	if slow && size > fast {
		ok := slowBurst.await(ctx, min(slowEnough, size-fast))
		checks = append(checks, Check{Upstream: u.addr, Name: "slow", OK: ok})
		if !ok {
			checks[1].Words = fmt.Sprintf("names whose servers do not answer got no answer within %v, not even SERVFAIL: "+
				"it drops slow answers in silence (Unbound: discard-timeout; see deploy/unbound.conf)", slowTime)
		}
	}
	stop()
	slowBurst.all.Wait()
	return checks
}
