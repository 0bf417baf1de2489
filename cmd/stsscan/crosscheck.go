package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
	"stsscan/internal/resolver"
)

// finished reports whether a finished run was checked as the flags want it, and the
// list of disagreements is there.
func (f *crossCheckFlags) finished(m *output.Manifest, r *runRecord) bool {
	c := crossCheckOf(m)
	if f.resolvers == "" {
		if c != nil && r.dataset.CheckDisagreements(c) != nil {
			r.damage.note(r.dataset.CheckDisagreements(c), "--cross-check does it again")
		}
		return true
	}
	if c == nil || c.Trouble != "" || c.Share != f.share || !slices.Equal(c.Resolvers, f.names()) {
		return false
	}
	err := r.dataset.CheckDisagreements(c)
	if err != nil {
		r.damage.note(err, "the cross-check is done again")
	}
	return err == nil
}

// open opens the engine that asks the independent resolvers; nil where nobody
// wants that. It asks nothing yet.
func (f *crossCheckFlags) open(n *networkFlags, window int, log *slog.Logger) (*resolver.Resolver, error) {
	if f.resolvers == "" {
		return nil, nil
	}
	away := slices.ContainsFunc(f.upstreams, func(u netip.AddrPort) bool { return !u.Addr().IsLoopback() })
	rate := n.rate
	if rate == 0 && away {
		rate = crossCheckRate
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
func (j *scanJob) crossCheck(ctx context.Context, console *console, log *slog.Logger, n *network, engine *resolver.Resolver, config pipeline.Config, record *runRecord) error {
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
	due := counts.Rows - absent - counts.Record[codes.RecordUnknown] + int64(float64(absent)*j.flags.crossCheck.share)
	log.Info("records are asked for again, of independent resolvers", "resolvers", strings.Join(j.flags.crossCheck.names(), ","), "domains", due)
	stop := console.watch(ctx, j.progress, log, due, config.Stats, func(c pipeline.Counts) int64 { return c.Crossed }, n.manners)
	check, err := pipeline.CrossCheck(ctx, pipeline.CrossConfig{
		Dataset: record.dataset, Parts: record.numbers(), Shard: j.shardOf(), Engine: engine, InFlight: crossCheckWindow(n), Share: j.flags.crossCheck.share,
		Excluded: config.Excluded, Stats: config.Stats,
	})
	stop()
	if err != nil {
		return err
	}
	check.Resolvers = j.flags.crossCheck.names()
	record.manifest.Trust.CrossCheck = check
	if check.Trouble != "" {
		log.Warn("the cross-check is incomplete; the same command tries it again", "why", check.Trouble)
	}
	return nil
}

// crossCheckWindow is how many questions a cross-check has in flight.
func crossCheckWindow(n *network) int { return min(n.inFlight, sharedInFlight) }
