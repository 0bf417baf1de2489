package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/durable"
	"stsscan/internal/explain"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
	"stsscan/internal/queue"
)

// scanParts scans the parts of this shard that are not whole, and records the run.
func (j *scanJob) scanParts(
	ctx context.Context, console *console, log *slog.Logger, n *network, metrics *metrics, record *runRecord,
) (*output.Manifest, error) {
	plan, excluded := record.plan, record.excluded
	shard := strings.TrimSuffix(record.manifest.Name(), ".json")
	history := func(err error) { j.damage.note(err, "it is written anew from the file of --exclude") }
	if err := excluded.Follow(plan, shard, durable.Disk{}, time.Now, history); err != nil {
		return nil, exitOf(err)
	}
	if finished, ok := record.finished(); ok && j.flags.crossCheck.finished(finished, record) {
		log.Info("nothing is left to do", "run", j.flags.output)
		return finished, j.printSummary(finished)
	}
	n.recall(record.previous)
	if err := n.recallServed(ctx, record); err != nil {
		return nil, exitOf(err)
	}
	cross, err := j.flags.crossCheck.open(&j.flags.network, crossCheckWindow(n), log)
	if err != nil {
		return nil, err
	}
	if cross != nil {
		defer cross.Close()
	}
	trust, err := j.flags.network.preflight.run(ctx, n, j.flags.network.testBed(), log)
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

	mail, err := j.flags.mail.config(n)
	if err != nil {
		return nil, err
	}
	config := pipeline.Config{
		Chunks:    pipeline.Prepared(plan),
		Source:    &queue.Static{Parts: plan.Parts, Shard: j.shard, Whole: record.wholeNow()},
		Dataset:   record.dataset,
		Engine:    n.engine,
		Outlook:   n.engine,
		Client:    n.client,
		Mail:      mail,
		Excluded:  excluded.Refresh,
		InFlight:  n.inFlight,
		MostParts: systemLimits().parts(),
		Turn:      j.flags.network.manners.hostWait,
		Deadline:  j.flags.network.deadline,
		Passes:    j.flags.passes,
		PassDelay: j.flags.passDelay,
		Stats:     new(pipeline.Stats),
		Wrote:     record.wrote,
		Log:       log,
	}
	config.LastDeadline = j.flags.network.lastDeadline()
	record.stats = config.Stats
	scanErr := j.runPasses(ctx, console, log, n, config, record)
	if scanErr == nil {
		scanErr = j.crossCheck(ctx, console, log, n, cross, config, record)
	}

	record.describe(n)
	err = record.end(scanErr)
	if j.flags.metricsFile != "" {
		err = errors.Join(err, metrics.write(j.flags.metricsFile, record.manifest))
	}
	return record.manifest, errors.Join(err, j.printSummary(record.manifest))
}

// runPasses scans the parts that are not there, and then asks the domains of provisional rows again until
// none is left.
func (j *scanJob) runPasses(ctx context.Context, console *console, log *slog.Logger, n *network, config pipeline.Config, record *runRecord) error {
	config.Stats.Waits(record.counts().Pending)
	stop := console.watch(ctx, j.progress, log, record.remaining(), config.Stats, pipeline.Counts.Done, n.manners)
	err := pipeline.Run(ctx, config)
	stop()
	waiting := record.waiting()
	if err != nil || len(waiting) == 0 {
		return err
	}
	total := config.Stats.Counts().Waiting()
	log.Info("domains that wait are asked again", "domains", total, "not_before", j.flags.passDelay)
	stop = console.watch(ctx, j.progress, log, total, config.Stats, func(c pipeline.Counts) int64 { return total - c.Waiting() }, n.manners)
	defer stop()
	return pipeline.Later(ctx, config, waiting)
}

// printSummary prints the summary of the run.
func (j *scanJob) printSummary(m *output.Manifest) error {
	if j.flags.quiet {
		return nil
	}
	return explain.WriteSummary(j.std.err, m)
}

// run does the job: open the network, lock, prepare, take over what is there, scan, record. What a flag or
// a file that it names can be refused for is found before anything is written.
func (j *scanJob) run(ctx context.Context) (_ *output.Manifest, err error) {
	console := &console{out: j.std.err}
	log := console.newLogger(j.flags.quiet, j.flags.verbose)

	excluded, err := domains.OpenExclusions(j.flags.network.exclude)
	if err != nil {
		return nil, fmt.Errorf("--exclude: %w", err)
	}
	metrics := newMetrics()
	n, err := j.flags.network.open(ctx, excluded, log, metrics)
	if err != nil {
		return nil, err
	}
	defer n.close()
	if err := j.checkFromRun(); err != nil {
		return nil, err
	}
	j.damage = &damage{log: log}
	release, err := j.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if !errors.Is(err, errLeftBehind) { // which ends before the lock does
			release()
		}
	}()
	tell, stop := console.watchPreparing(j.progress, log)
	plan, err := unlessInterrupted(ctx, release, func() (_ *domains.Plan, err error) {
		if err := j.writeFrom(); err != nil {
			return nil, err
		}
		if j.previous, err = j.readPrevious(); err != nil {
			return nil, err
		}
		return j.prepare(ctx, excluded.Exclusions(), tell)
	})
	stop()
	if err != nil {
		return nil, err
	}
	if err := j.checkFromPlan(plan); err != nil {
		return nil, err
	}
	record, err := unlessInterrupted(ctx, release, func() (*runRecord, error) { return j.newRecord(ctx, plan, excluded) })
	if err != nil {
		return nil, err
	}
	return j.scanParts(ctx, console, log, n, metrics, record)
}
