package resolver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// ErrPreflight says that an upstream must not be asked: it makes up answers, or
// denies what exists.
var ErrPreflight = errors.New("resolver: preflight")

// A Preflight says how upstreams are tried before the first domain.
type Preflight struct {
	Zone  string // of canaries, see [ZoneNames]; empty: names that everybody knows
	Flood int    // questions at a time, to see whether some are dropped; 0: as many as will be in flight, at most 1500
	Slow  bool   // names below slow.Zone take their time: they must be answered too

	slowTime time.Duration // 0: slowTime
}

// The names of a zone of canaries. present, signed by a zone that is, has a TXT
// record; bogus has one whose signature is wrong; big has more than a datagram
// holds; slow is a delegation to servers that do not answer; other names do not
// exist.
const (
	canaryPresent = "present"
	canaryBogus   = "bogus"
	canaryBig     = "big"
	canarySlow    = "slow"
)

// A Check is one thing that was tried with one upstream.
type Check struct {
	Upstream netip.AddrPort
	Name     string // answers, truth, no_rewriting, soa, signed, bogus, tcp, flood, slow
	OK       bool
	Fatal    bool   // nothing can be asked of it
	Words    string // what was seen, where it is not OK
}

const checkAnswers = "answers"

// canarySet are the questions of a preflight.
type canarySet struct {
	positive []Canary
	negative []Canary
	signed   Canary
	bogus    Canary
	big      Canary
	slow     Canary // empty: none is known
	fast     Canary
}

func (p Preflight) names() canarySet {
	if p.Zone == "" {
		root := Canary{Name: ".", Type: dns.TypeNS}
		return canarySet{
			positive: []Canary{root},
			negative: []Canary{{"com", dns.TypeA, true}, {"net", dns.TypeTXT, true}, {"org", dns.TypeTXT, true}},
			signed:   Canary{Name: ".", Type: dns.TypeSOA},
			bogus:    Canary{Name: "dnssec-failed.org", Type: dns.TypeA},
			big:      Canary{Name: ".", Type: dns.TypeDNSKEY},
			fast:     Canary{"com", dns.TypeTXT, true},
		}
	}
	at := func(label string) Canary { return Canary{Name: label + "." + p.Zone, Type: dns.TypeTXT} }
	n := canarySet{
		positive: []Canary{at(canaryPresent)},
		negative: []Canary{{p.Zone, dns.TypeTXT, true}, {p.Zone, dns.TypeA, true}},
		signed:   at(canaryPresent), bogus: at(canaryBogus), big: at(canaryBig),
		fast: Canary{p.Zone, dns.TypeTXT, true},
	}
	if p.Slow {
		n.slow = Canary{canarySlow + "." + p.Zone, dns.TypeTXT, true}
	}
	return n
}

// Canaries are what a [Watch] can use where there was no preflight.
func (p Preflight) Canaries() []Canary {
	n := p.names()
	return []Canary{n.positive[0], n.fast}
}

// wellKnown are names with MTA-STS records for as long as there is MTA-STS. Those
// that all upstreams find become canaries.
func wellKnown() []Canary {
	var cs []Canary
	for _, name := range []string{"gmail.com", "outlook.com", "yahoo.com"} {
		cs = append(cs, Canary{Name: "_mta-sts." + name, Type: dns.TypeTXT})
	}
	return cs
}

// Preflight tries each upstream, before a [Watch]. It returns what it saw, and
// the canaries that a Watch can use. Its error wraps [ErrSilent] when none of them
// answers, and [ErrPreflight] when one answers what cannot be true.
func (r *Resolver) Preflight(ctx context.Context, p Preflight) ([]Check, []Canary, error) {
	n := p.names()
	results := make([][]Check, len(r.upstreams))
	var all sync.WaitGroup
	for i, u := range r.upstreams {
		all.Go(func() { results[i] = r.tryUpstream(ctx, u, n, p) })
	}
	all.Wait()
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	var checks []Check
	var errs []error
	answering := 0
	for _, result := range results {
		checks = append(checks, result...)
		for _, c := range result {
			switch {
			case c.Name == checkAnswers && c.OK:
				answering++
			case c.Fatal && c.Name != checkAnswers:
				errs = append(errs, fmt.Errorf("%w: %s: %s", ErrPreflight, c.Upstream, c.Words))
			}
		}
	}
	if answering == 0 && len(errs) == 0 {
		errs = append(errs, fmt.Errorf("%w: %s: %s", ErrSilent, checks[0].Upstream, checks[0].Words))
	}
	return checks, r.canaries(ctx, p), errors.Join(errs...)
}

// canaries are one name that exists and one that does not.
func (r *Resolver) canaries(ctx context.Context, p Preflight) []Canary {
	canaries := p.Canaries()
	if p.Zone == "" {
		for _, c := range wellKnown() {
			if r.allFind(ctx, c) {
				canaries[0] = c
				break
			}
		}
	}
	return canaries
}

func (r *Resolver) allFind(ctx context.Context, c Canary) bool {
	for _, u := range r.upstreams {
		if sang, _ := r.askCanary(ctx, newAsker(), u, c, 1); sang != canaryGood {
			return false
		}
	}
	return true
}

// tryUpstream tries one upstream.
func (r *Resolver) tryUpstream(ctx context.Context, u *upstream, n canarySet, p Preflight) []Check {
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
		sang, why := r.askCanary(ctx, a, u, c, canaryTimes)
		switch sang {
		case canaryFailed:
			note(checkAnswers, false, true, fmt.Sprintf("no answer for %s: %s", c, why))
			return checks
		case canaryWrong:
			note("truth", false, true, why)
			return checks
		}
	}
	note(checkAnswers, true, true, "")
	var wrong, failed string
	for _, c := range n.negative {
		switch sang, why := r.askCanary(ctx, a, u, c, canaryTimes); sang {
		case canaryWrong:
			wrong = "it makes up answers: " + why
		case canaryFailed:
			failed = fmt.Sprintf("no answer for %s: %s", c, why)
		}
	}
	note("no_rewriting", wrong == "" && failed == "", wrong != "", wrong+failed)

	rd, err := r.askTwice(ctx, a, u, n.fast, stepUDP)
	bare := err == nil && rd.outcome != Reply && rd.zone == ""
	note("soa", !bare, false, fmt.Sprintf("%s is denied without an SOA (RFC 2308): "+
		"it leaves out the authority section, and what lame servers say reads as NODATA", n.fast))
	rd, err = r.askTwice(ctx, a, u, n.signed, stepUDP)
	note("signed", err == nil && rd.authenticated, false, fmt.Sprintf("the signed answer for %s is not marked as authenticated: it does not validate DNSSEC", n.signed))
	rd, err = r.askTwice(ctx, a, u, n.bogus, stepUDP)
	note("bogus", err == nil && rd.rcode == dns.RcodeServerFailure, false, fmt.Sprintf("%s, whose signature is wrong, is not answered SERVFAIL: it does not validate DNSSEC", n.bogus))
	step := stepUDP
	if p.Zone == "" {
		step = stepTCP
	}
	rd, err = r.askTwice(ctx, a, u, n.big, step)
	note("tcp", err == nil && rd.rcode == dns.RcodeSuccess && a.trace.TCP, false, fmt.Sprintf("%s has no answer over TCP: long answers cannot be had", n.big))
	return append(checks, r.flood(ctx, u, n, p)...)
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
	fastNames  = 100              // of them, that are asked last, and answered at once by a sound resolver
	floodLost  = 10               // of the fast ones, in a hundred: more than networks lose
	slowTime   = 15 * time.Second // by then a sound resolver has given up on servers that do not answer
	slowEnough = 8                // answers for slow names that show that they come
)

// flood asks as much at a time as a run will, names that take their time first
// where there are some. Resolvers that drop questions in silence when many wait
// (Unbound: wait-limit), or answers that took long (discard-timeout), cost a
// survey healthy domains.
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
	late := newBurst(r, u, waiting, size-fast, cmp.Or(p.slowTime, slowTime))
	early := newBurst(r, u, n.fast, fast, r.schedule.timeout)
	late.send(ctx)
	early.send(ctx)
	early.all.Wait()
	lost := fast - int(early.answered.Load())
	checks := []Check{{Upstream: u.addr, Name: "flood", OK: 100*lost <= floodLost*max(fast, 1)}}
	if !checks[0].OK {
		checks[0].Words = fmt.Sprintf("%d of %d questions got no answer while %d others waited for theirs: it drops questions in silence (Unbound: wait-limit; see deploy/unbound.conf)", lost, fast, size-fast)
	}
	if slow && size > fast {
		ok := late.await(ctx, min(slowEnough, size-fast))
		checks = append(checks, Check{Upstream: u.addr, Name: "slow", OK: ok})
		if !ok {
			checks[1].Words = fmt.Sprintf("names whose servers do not answer got no answer within %v, not even SERVFAIL: it drops slow answers in silence (Unbound: discard-timeout; see deploy/unbound.conf)", slowTime)
		}
	}
	stop()
	late.all.Wait()
	return checks
}
