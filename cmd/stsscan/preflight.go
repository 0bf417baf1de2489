package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"stsscan/internal/dnswire"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/simnet"

	"github.com/spf13/pflag"
)

// defaultMaxSilence is the share of questions without a reply that stops a resolver.
const defaultMaxSilence = 0.2

// preflightFlags say how to test and watch resolvers.
type preflightFlags struct {
	enabled    bool
	brief      bool // no flood
	canaries   bool
	zone       string
	maxSilence float64
	maxPause   time.Duration
}

// registerTest registers what the test before the first domain needs.
func (f *preflightFlags) registerTest(flags *pflag.FlagSet) {
	groupDNS.addTo(flags, func(flags *pflag.FlagSet) {
		flags.BoolVar(&f.enabled, "preflight", true, "test each resolver before the first domain")
	})
	groupExpert.addTo(flags, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.zone, "canary-zone", "",
			"`ZONE`: zone of your own with known answers, as in deploy/canary.zone; default well-known names")
	})
}

// register registers what the watch needs, too.
func (f *preflightFlags) register(flags *pflag.FlagSet) {
	f.registerTest(flags)
	groupDNS.addTo(flags, func(flags *pflag.FlagSet) {
		flags.BoolVar(&f.canaries, "canaries", true,
			"keep asking for names with known answers, and stop a resolver that fails or lies")
	})
	groupExpert.addTo(flags, func(flags *pflag.FlagSet) {
		flags.Float64Var(&f.maxSilence, "max-silence", defaultMaxSilence,
			"`SHARE`: stop a resolver that leaves a larger share of questions without a reply; "+
				"0 for no limit; in a test bed only if given")
		flags.DurationVar(&f.maxPause, "max-pause", resolver.DefaultMaxPause,
			"`TIME`: wait this long for stopped resolvers, then end; the same command continues")
	})
}

func (f *preflightFlags) check() error {
	switch {
	case !(f.maxSilence >= 0 && f.maxSilence < 1):
		return usage(fmt.Errorf("--max-silence %g: must be a share, from 0 to less than 1", f.maxSilence))
	case f.maxPause <= 0:
		return usage(fmt.Errorf("--max-pause %v: must be positive", f.maxPause))
	}
	return f.checkTest()
}

// checkTest is check for the flags of registerTest.
func (f *preflightFlags) checkTest() error {
	if f.zone != "" && !dnswire.IsZone(f.zone) {
		return usage(fmt.Errorf("--canary-zone %q: must be a domain name with room for a label before it", f.zone))
	}
	return nil
}

// testBedFlood is how many questions at a time test the resolver of a test bed.
const testBedFlood = 200

// run tests the resolvers and begins to watch them.
func (f *preflightFlags) run(ctx context.Context, n *network, testBed bool, log *slog.Logger) (output.Trust, error) {
	trust := output.Trust{PreflightSkipped: !f.enabled, CanaryZone: f.zone}
	p := resolver.Preflight{Zone: f.zone, Slow: f.zone != "", Brief: f.brief}
	if testBed && f.zone == "" {
		p.Zone, p.Flood = simnet.CanaryZone, testBedFlood
		trust.CanaryZone = simnet.CanaryZone
	}
	canaries := p.Canaries()
	if f.enabled {
		checks, found, err := n.engine.Preflight(ctx, p)
		for _, c := range checks {
			trust.Preflight = append(trust.Preflight, output.PreflightCheck{
				Resolver: c.Upstream.String(), Check: c.Name, OK: c.OK, Words: c.Words,
			})
			if !c.OK && !c.Fatal {
				log.Warn("preflight", "resolver", c.Upstream, "check", c.Name, "seen", c.Words)
			}
		}
		if err != nil {
			return trust, f.instead(err)
		}
		canaries = found
	}
	if !f.canaries {
		return trust, nil
	}
	for _, c := range canaries {
		trust.Canaries = append(trust.Canaries, c.String())
	}
	n.engine.Watch(resolver.Watch{Canaries: canaries, MaxSilence: f.maxSilence, MaxPause: f.maxPause})
	return trust, nil
}

// instead says what to do about resolvers that fail the test.
func (f *preflightFlags) instead(err error) error {
	switch {
	case errors.Is(err, resolver.ErrPreflight) && f.zone != "":
		return fmt.Errorf("%w: name another resolver with --resolvers, or see whether --canary-zone is as it should be", err)
	case errors.Is(err, resolver.ErrPreflight):
		return fmt.Errorf("%w: name another resolver, such as one of your own, --resolvers 127.0.0.1", err)
	case errors.Is(err, resolver.ErrSilent):
		return fmt.Errorf("%w: is there a network? If so, name another resolver, such as --resolvers 127.0.0.1", err)
	}
	return err
}
