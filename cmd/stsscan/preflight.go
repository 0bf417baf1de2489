package main

import (
	"context"
	"log/slog"

	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/simnet"
)

// testBedFlood is how many questions at a time a test bed's resolver is tried with.
const testBedFlood = 200

// run tries the resolvers and begins to watch them. The record hears of it.
func (f *preflightFlags) run(ctx context.Context, n *network, testBed bool, log *slog.Logger) (output.Trust, error) {
	trust := output.Trust{PreflightSkipped: !f.enabled, CanaryZone: f.zone}
	p := resolver.Preflight{Zone: f.zone, Slow: f.zone != ""}
	if testBed && f.zone == "" {
		p.Zone, p.Flood = simnet.CanaryZone, testBedFlood
		trust.CanaryZone = simnet.CanaryZone
	}
	canaries := p.Canaries()
	if f.enabled {
		checks, found, err := n.engine.Preflight(ctx, p)
		for _, c := range checks {
			trust.Preflight = append(trust.Preflight, output.PreflightCheck{Resolver: c.Upstream.String(), Check: c.Name, OK: c.OK, Words: c.Words})
			if !c.OK && !c.Fatal {
				log.Warn("preflight", "resolver", c.Upstream, "check", c.Name, "seen", c.Words)
			}
		}
		if err != nil {
			return trust, err
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

// addTrustReport adds what the watch has seen to what processes before saw.
func addTrustReport(t *output.Trust, earlier *output.Trust, report resolver.TrustReport) {
	t.Events, t.PausedSeconds = nil, 0
	if earlier != nil {
		t.Events, t.PausedSeconds = earlier.Events, earlier.PausedSeconds
	}
	for _, e := range report.Events {
		t.Events = append(t.Events, output.TrustEvent{At: e.At.UTC(), Resolver: e.Upstream.String(), Event: e.What, Words: e.Why})
	}
	t.PausedSeconds += report.Paused.Seconds()
}
