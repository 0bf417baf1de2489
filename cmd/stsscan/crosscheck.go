package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"stsscan/internal/codes"
	"stsscan/internal/crosscheck"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
	"stsscan/internal/resolver"
)

// crossFlags say whom the run's answers are held against.
type crossFlags struct {
	resolvers string
	share     float64

	upstreams []netip.AddrPort // of resolvers
}

// crossRate is how many questions a second a resolver of a cross-check gets that
// is not on this machine, where no flag says otherwise: it is likely to be
// somebody else's.
const crossRate = 1000

func (f *crossFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.resolvers, "cross-check", "", "in the end ask independent resolvers, `HOST[:PORT],...` or @FILE, for all records that were found and for a sample of those that were not")
	flags.Float64Var(&f.share, "cross-check-share", 0.01, "`share` of the domains without a record that --cross-check asks for")
}

// crossWindow is how many questions a cross-check has in flight.
func crossWindow(n *network) int { return min(n.inFlight, modestWindow) }

// check reads the list of resolvers. None of them may be one that the run asks.
func (f *crossFlags) check(n *networkFlags) (err error) {
	if f.share < 0 || f.share > 1 || math.IsNaN(f.share) {
		return usage(fmt.Errorf("--cross-check-share %g: must be a share, from 0 to 1", f.share))
	}
	if f.resolvers == "" {
		return nil
	}
	if f.upstreams, err = parseUpstreams("cross-check", f.resolvers); err != nil {
		return err
	}
	ours, _ := n.named() // its error comes when they are opened
	for _, u := range f.upstreams {
		switch {
		case slices.ContainsFunc(ours, func(our netip.AddrPort) bool { return same(our) == same(u) }):
			return usage(fmt.Errorf("--cross-check %s: the run asks that resolver itself", u))
		case n.testBed() && !u.Addr().IsLoopback():
			return usage(fmt.Errorf("--cross-check %s: a resolver on the real Internet knows nothing about a test bed", u))
		}
	}
	return nil
}

// same is the form in which addresses compare.
func same(u netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(u.Addr().Unmap(), u.Port()) }

// names are the resolvers as they were written to run.json.
func (f *crossFlags) names() (names []string) {
	for _, u := range f.upstreams {
		names = append(names, u.String())
	}
	return names
}

// done reports whether a finished run was checked as the flags want it, and the
// list of disagreements is there.
func (f *crossFlags) done(m *output.Manifest, r *record) bool {
	c := crossCheckOf(m)
	if f.resolvers == "" {
		if c != nil && r.dataset.CheckDisagreements(c) != nil {
			r.damage.tell(r.dataset.CheckDisagreements(c), "--cross-check does it again")
		}
		return true
	}
	if c == nil || c.Trouble != "" || c.Share != f.share || !slices.Equal(c.Resolvers, f.names()) {
		return false
	}
	err := r.dataset.CheckDisagreements(c)
	if err != nil {
		r.damage.tell(err, "the cross-check is done again")
	}
	return err == nil
}

// crossCheckOf is the cross-check of a run; nil where there was none.
func crossCheckOf(m *output.Manifest) *output.CrossCheck {
	if m.Trust == nil {
		return nil
	}
	return m.Trust.CrossCheck
}

// open opens the engine that asks the independent resolvers; nil where nobody
// wants that. It asks nothing yet.
func (f *crossFlags) open(n *networkFlags, window int, log *slog.Logger) (*resolver.Resolver, error) {
	if f.resolvers == "" {
		return nil, nil
	}
	away := slices.ContainsFunc(f.upstreams, func(u netip.AddrPort) bool { return !u.Addr().IsLoopback() })
	rate := n.rate
	if rate == 0 && away {
		rate = crossRate
	}
	// Those of the run are closed before these are used.
	ports, err := systemLimits().sockets(len(f.upstreams))
	if err != nil {
		return nil, fmt.Errorf("--cross-check: %w", err)
	}
	engine, err := resolver.New(resolver.Config{
		Upstreams: f.upstreams, Timeout: n.timeout, Retries: n.retries, Rate: rate, InFlight: window, Floor: n.floor,
		MixCase: n.mixCase, Sockets: resolver.SocketAPI(n.udp), Lanes: 1, Ports: ports, Log: log,
	})
	if err != nil {
		return nil, fmt.Errorf("--cross-check: %w", err)
	}
	return engine, nil
}

// crossCheck holds the rows of this shard, which are final, against what the
// independent resolvers say. A list of disagreements that an earlier process left
// is not about these rows.
func (j *scanJob) crossCheck(ctx context.Context, console *console, log *slog.Logger, n *network, engine *resolver.Resolver, config pipeline.Config, record *record) error {
	if engine == nil {
		if err := os.Remove(j.path(output.CrossCheckName(j.shardOf()))); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := record.write(output.StatusRunning, nil); err != nil {
		return err
	}
	_ = n.engine.Close() // what may be asked, --rate says, is for the others now
	counts := record.counts()
	absent := counts.Record[codes.RecordAbsent]
	due := counts.Rows - absent - counts.Record[codes.RecordUnknown] + int64(float64(absent)*j.cross.share)
	log.Info("records are asked for again, of independent resolvers", "resolvers", strings.Join(j.cross.names(), ","), "domains", due)
	stop := console.watch(ctx, j.mode, log, due, config.Stats, func(c pipeline.Counts) int64 { return c.Crossed }, n.manners)
	check, err := crosscheck.Run(ctx, crosscheck.Config{
		Dataset: record.dataset, Parts: record.numbers(), Shard: j.shardOf(), Engine: engine, InFlight: crossWindow(n), Share: j.cross.share,
		Excluded: config.Excluded, Checked: config.Stats.CrossChecked,
	})
	stop()
	switch {
	case ctx.Err() != nil:
		return errStopped
	case err != nil:
		return err
	}
	check.Resolvers = j.cross.names()
	record.manifest.Trust.CrossCheck = check
	if check.Trouble != "" {
		log.Warn("the cross-check is incomplete; the same command tries it again", "why", check.Trouble)
	}
	return nil
}
