package resolver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/monitor"
)

// ErrPreflight says that an upstream must not be asked: it makes up answers, or denies what exists.
var ErrPreflight = errors.New("resolver: preflight")

// A Preflight says how upstreams are checked before the first domain.
type Preflight struct {
	Zone  string // of canaries; empty: well-known names are asked instead
	Flood int    // questions of a burst, to see whether some are dropped; 0: as many as will be in flight, at most 1500
	Slow  bool   // names below slow.Zone take long: they must be answered too
	Brief bool   // only what makes an upstream useless: no answers, denials of what exists, made-up answers

	slowTime time.Duration // 0: slowTime
}

// The names of a zone of canaries. present has a TXT record, and is signed; bogus has one whose signature is wrong;
// big has more than a datagram holds; slow is a delegation to servers that do not answer; other names do not exist.
const (
	canaryPresent = "present"
	canaryBogus   = "bogus"
	canaryBig     = "big"
	canarySlow    = "slow"
)

// A Check is one thing that was checked of one upstream.
type Check struct {
	Upstream netip.AddrPort
	Name     string // answers, truth, no_rewriting, records, soa, signed, bogus, tcp, flood, slow
	OK       bool
	Fatal    bool   // it cannot be used
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

// Preflight checks each upstream, before a [Watch]. It returns what it saw, and the canaries that a Watch can use.
// Its error wraps [ErrSilent] when none of them answers, and [ErrPreflight] when one answers what cannot be true.
func (r *Resolver) Preflight(ctx context.Context, p Preflight) ([]Check, []Canary, error) {
	n := p.names()
	results := make([][]Check, len(r.upstreams))
	var all sync.WaitGroup
	for i, u := range r.upstreams {
		all.Go(func() { results[i] = r.checkUpstream(ctx, u, n, p) })
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

// canaries are one name that exists and one that does not. Without a zone of canaries the first is that of an MTA-STS
// record that all upstreams find.
func (r *Resolver) canaries(ctx context.Context, p Preflight) []Canary {
	canaries := p.Canaries()
	if p.Zone == "" && !p.Brief {
		for _, domain := range recordsKnown() {
			if c := recordCanary(domain); r.allFind(ctx, c) {
				canaries[0] = c
				break
			}
		}
	}
	return canaries
}

func (r *Resolver) allFind(ctx context.Context, c Canary) bool {
	return !slices.ContainsFunc(r.upstreams, func(u *upstream) bool {
		result, _ := r.askCanary(ctx, newAsker(), u, c, 1)
		return result != monitor.Good
	})
}
