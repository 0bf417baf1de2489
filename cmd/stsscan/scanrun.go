package main

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
	"stsscan/internal/queue"
	"stsscan/internal/resolver"
)

// prepareConfig says what is prepared.
func (j *scanJob) prepareConfig(excluded *domains.Exclusions) domains.PrepareConfig {
	var lists []domains.List
	for _, path := range j.lists {
		lists = append(lists, domains.List{Path: path})
	}
	return domains.PrepareConfig{
		Dir: j.output, Lists: lists, Stdin: j.std.in, Format: domains.Format(j.format), DomainColumn: j.domainColumn,
		Tags: j.tags, Limit: j.limit, PartSize: j.partSize, Exclude: excluded, AllowSpecialUse: j.network.testBed(),
		Owns: j.slice.Owns, Begun: j.begun,
		Damaged: func(err error) { j.damage.tell(err, "the lists are prepared again") },
	}
}

// prepare reads the lists into chunks, or finds them prepared, and tells how far it
// is. One process does it; the other shards wait.
func (j *scanJob) prepare(
	ctx context.Context, excluded *domains.Exclusions, tell func(domains.Progress),
) (*domains.Plan, error) {
	config := j.prepareConfig(excluded)
	config.Progress = tell
	plan, err := domains.Prepare(ctx, config)
	if ctx.Err() != nil {
		return nil, exitOf(errStopped)
	}
	debug.FreeOSMemory() // what found the repeats is as large as the scan itself
	return plan, exitOf(err)
}

// scan scans the parts of this shard that are not whole, and records the run.
func (j *scanJob) scan(
	ctx context.Context, console *console, log *slog.Logger, n *network, metrics *metrics, record *record,
) (*output.Manifest, error) {
	plan, excluded := record.plan, record.excluded
	shard := strings.TrimSuffix(record.manifest.Name(), ".json")
	history := func(err error) { j.damage.tell(err, "it is written anew from the file of --exclude") }
	if err := excluded.Follow(plan, shard, durable.Disk{}, time.Now, history); err != nil {
		return nil, exitOf(err)
	}
	if finished, ok := record.finished(); ok && j.cross.done(finished, record) {
		log.Info("nothing is left to do", "run", j.output)
		return finished, j.report(finished)
	}
	n.recall(record.earlier)
	if err := n.recallServed(ctx, record); err != nil {
		return nil, exitOf(err)
	}
	cross, err := j.cross.open(&j.network, crossWindow(n), log)
	if err != nil {
		return nil, err
	}
	if cross != nil {
		defer cross.Close()
	}
	trust, err := j.network.trust.trust(ctx, n, j.network.testBed(), log)
	record.manifest.Trust = &trust
	record.describe(n)
	if ctx.Err() != nil {
		err = errStopped
	}
	if err != nil {
		return nil, record.end(err)
	}
	if err := record.write(output.StatusRunning, nil); err != nil {
		return nil, err
	}

	mail, err := j.mailSide.mail(n)
	if err != nil {
		return nil, err
	}
	config := pipeline.Config{
		Chunks:    pipeline.Prepared(plan),
		Source:    &queue.Static{Parts: plan.Parts, Shard: j.slice, Whole: record.wholeNow()},
		Dataset:   record.dataset,
		Engine:    n.engine,
		Outlook:   n.engine,
		Client:    n.client,
		Mail:      mail,
		Common:    output.Lean{Vantage: j.vantage},
		Excluded:  excluded.Refresh,
		InFlight:  n.inFlight,
		MostParts: systemLimits().parts(),
		Turn:      j.network.manners.hostWait,
		Deadline:  j.network.deadline,
		Passes:    j.passes,
		PassDelay: j.passDelay,
		Stats:     new(pipeline.Stats),
		Wrote:     record.wrote,
		Log:       log,
	}
	config.LastDeadline = j.network.lastDeadline()
	record.stats = config.Stats
	scanErr := j.passesOver(ctx, console, log, n, config, record)
	if scanErr == nil {
		scanErr = j.crossCheck(ctx, console, log, n, cross, config, record)
	}

	record.describe(n)
	err = record.end(scanErr)
	if j.metricsFile != "" {
		err = errors.Join(err, metrics.write(j.metricsFile, record.manifest))
	}
	return record.manifest, errors.Join(err, j.report(record.manifest))
}

// passesOver scans the parts that are not there, and then asks the domains of
// provisional rows again until none is left.
func (j *scanJob) passesOver(ctx context.Context, console *console, log *slog.Logger, n *network, config pipeline.Config, record *record) error {
	config.Stats.Waits(record.counts().Pending)
	stop := console.watch(ctx, j.mode, log, record.remaining(), config.Stats, pipeline.Counts.Done, n.manners)
	err := pipeline.Run(ctx, config)
	stop()
	waiting := record.waiting()
	if err != nil || len(waiting) == 0 {
		return err
	}
	total := config.Stats.Counts().Waiting()
	log.Info("domains that wait are asked again", "domains", total, "not_before", j.passDelay)
	stop = console.watch(ctx, j.mode, log, total, config.Stats, func(c pipeline.Counts) int64 { return total - c.Waiting() }, n.manners)
	defer stop()
	return pipeline.Repass(ctx, config, waiting)
}

// report prints the summary of the run.
func (j *scanJob) report(m *output.Manifest) error {
	if j.quiet {
		return nil
	}
	return writeSummary(j.std.err, m)
}

// exitOf gives the errors after which the same command goes on their status, and
// those that are about what the command says.
func exitOf(err error) error {
	if errors.Is(err, domains.ErrEntryGone) {
		return usage(err)
	}
	for _, early := range []error{
		pipeline.ErrInterrupted, pipeline.ErrLocalFault, resolver.ErrSilent, resolver.ErrUntrusted, domains.ErrExclusions,
	} {
		if errors.Is(err, early) {
			return &statusError{exitIncomplete, err}
		}
	}
	return err
}
