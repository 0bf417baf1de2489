package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"stsscan/internal/codes"
	"stsscan/internal/crosscheck"
	"stsscan/internal/machine"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
	"stsscan/internal/resolver"
	"stsscan/internal/rundir"
	"stsscan/internal/udpbatch"
)

// crossCheckFlags say which resolvers check the answers of a run.
type crossCheckFlags struct {
	resolvers string
	share     float64

	upstreams []netip.AddrPort // of resolvers
}

// crossCheckRate is the most questions a second to resolvers on other machines, without --rate: others
// probably use them too.
const crossCheckRate = 1000

// defaultCrossCheckShare is the share of the domains without a record to check.
const defaultCrossCheckShare = 0.01

func (f *crossCheckFlags) register(flags *pflag.FlagSet) {
	groupDNS.addTo(flags, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.resolvers, "cross-check", "",
			"`LIST`: at the end, ask other resolvers for all records and a sample of the denials, and compare")
	})
	groupExpert.addTo(flags, func(flags *pflag.FlagSet) {
		flags.Float64Var(&f.share, "cross-check-share", defaultCrossCheckShare,
			"`SHARE`: share of the denials that --cross-check asks for")
	})
}

// check refuses values that make no sense.
func (f *crossCheckFlags) check() error {
	if f.share < 0 || f.share > 1 || math.IsNaN(f.share) {
		return usage(fmt.Errorf("--cross-check-share %g: must be a share, from 0 to 1", f.share))
	}
	if f.resolvers == "" {
		return nil
	}
	_, err := parseServers("cross-check", f.resolvers)
	return err
}

// resolve finds the addresses of the resolvers. None of them may be one that the run asks.
func (f *crossCheckFlags) resolve(ctx context.Context, n *network, testBed bool, log *slog.Logger) (err error) {
	if f.resolvers == "" {
		return nil
	}
	if f.upstreams, err = resolveServers(ctx, "cross-check", f.resolvers, log); err != nil {
		return err
	}
	for _, u := range f.upstreams {
		switch {
		case slices.Contains(n.upstreams, u):
			return usage(fmt.Errorf("--cross-check %s: the run asks that resolver itself", u))
		case testBed && !u.Addr().IsLoopback():
			return usage(fmt.Errorf("--cross-check %s: a resolver on the real Internet knows nothing about a test bed", u))
		}
	}
	return nil
}

// names are the resolvers as run.json has them.
func (f *crossCheckFlags) names() (names []string) {
	for _, u := range f.upstreams {
		names = append(names, u.String())
	}
	return names
}

// finished reports whether a finished run was checked as the flags ask, and still has its list of disagreements.
func (f *crossCheckFlags) finished(m *output.Manifest, dir *rundir.Dir, r *rundir.Record) bool {
	c := crossCheckOf(m)
	if f.resolvers == "" {
		if c != nil && r.Dataset.CheckDisagreements(c) != nil {
			dir.NoteDamage(r.Dataset.CheckDisagreements(c), "--cross-check does it again")
		}
		return true
	}
	if c == nil || c.Trouble != "" || c.Share != f.share || !slices.Equal(c.Resolvers, f.names()) {
		return false
	}
	err := r.Dataset.CheckDisagreements(c)
	if err != nil {
		dir.NoteDamage(err, "the cross-check is done again")
	}
	return err == nil
}

// open opens the engine for the independent resolvers, which asks nothing yet; nil without --cross-check.
func (f *crossCheckFlags) open(n *networkFlags, window int, log *slog.Logger) (*resolver.Resolver, error) {
	if f.resolvers == "" {
		return nil, nil
	}
	rate := n.rateShare()
	if rate == 0 && slices.ContainsFunc(f.upstreams, isRemote) {
		rate = crossCheckRate / float64(max(n.processes, 1))
	}
	// The sockets of the run are closed before these are used.
	ports, err := machine.Now().Sockets(len(f.upstreams))
	if err != nil {
		return nil, fmt.Errorf("--cross-check: %w", err)
	}
	engine, err := resolver.New(resolver.Config{
		Upstreams: f.upstreams, Timeout: n.timeout, Retries: n.retries, Rate: rate, InFlight: window, Floor: n.floor,
		MixCase: n.mixCase, Sockets: udpbatch.Method(n.udp), Lanes: 1, Ports: ports, Log: log,
	})
	if err != nil {
		return nil, fmt.Errorf("--cross-check: %w", err)
	}
	return engine, nil
}

// crossCheck compares the final rows of this shard with what independent resolvers say. Without them it
// removes an older list of disagreements, which is not about these rows.
func (j *scanJob) crossCheck(
	ctx context.Context, n *network, engine *resolver.Resolver, config pipeline.Config, record *rundir.Record,
) error {
	if engine == nil {
		return j.dir.Disk().Remove(j.path(output.CrossCheckName(j.dir.Shard())))
	}
	if err := record.Write(output.StatusRunning, nil); err != nil {
		return err
	}
	_ = n.engine.Close() // --rate is for the others now
	flags, counts := &j.flags.crossCheck, record.Counts()
	absent := counts.Record[codes.RecordAbsent]
	due := counts.Rows - absent - counts.Record[codes.RecordUnknown] + int64(float64(absent)*flags.share)
	j.log.Info("records are asked for again, of independent resolvers",
		"resolvers", strings.Join(flags.names(), ","), "domains", due)
	stop := j.watch(ctx, n, config.Stats, crossChecked(record, due, config.Stats))
	check, err := crosscheck.Run(ctx, crosscheck.Config{
		Dataset: record.Dataset, Parts: record.Numbers(), Shard: j.dir.Shard(), Engine: engine,
		InFlight: crossCheckWindow(n), Share: flags.share, Excluded: config.Excluded, Checked: config.Stats.CrossChecked,
	})
	stop()
	switch {
	case ctx.Err() != nil:
		return rundir.Stopped(ctx)
	case err != nil:
		return err
	}
	check.Resolvers = flags.names()
	record.Manifest.Trust.CrossCheck = check
	if check.Trouble != "" {
		j.log.Warn("the cross-check is incomplete; the same command tries it again", "why", check.Trouble)
	}
	return nil
}

// crossCheckWindow is the most questions of a cross-check in flight.
func crossCheckWindow(n *network) int { return min(n.inFlight, sharedInFlight) }

// crossCheckOf is the cross-check of a run; nil if there was none.
func crossCheckOf(m *output.Manifest) *output.CrossCheck {
	if m.Trust == nil {
		return nil
	}
	return m.Trust.CrossCheck
}
