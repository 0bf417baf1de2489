package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"stsscan/internal/claim"
	"stsscan/internal/domains"
	"stsscan/internal/explain"
	"stsscan/internal/machine"
	"stsscan/internal/metrics"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
	"stsscan/internal/queue"
	"stsscan/internal/rundir"
	"stsscan/internal/terminal"
)

// run does the job: open the network, lock, prepare, take over whole parts, scan, record. It refuses bad
// flags, and the files that they name, before it writes anything.
func (j *scanJob) run(ctx context.Context) (_ *output.Manifest, err error) {
	j.console = j.std.console()
	j.log = j.console.Log(j.flags.quiet, j.flags.verbose)

	excluded, err := domains.OpenExclusions(j.flags.network.exclude)
	if err != nil {
		return nil, fmt.Errorf("--exclude: %w", err)
	}
	j.metrics = metrics.New()
	n, err := j.flags.network.open(ctx, excluded, j.log, j.metrics)
	if err != nil {
		return nil, err
	}
	defer n.close()
	stopServing, err := j.flags.metrics.serve(ctx, j.metrics, j.log)
	if err != nil {
		return nil, err
	}
	defer stopServing()
	if err := j.flags.crossCheck.resolve(ctx, n, j.flags.network.testBed(), j.log); err != nil {
		return nil, err
	}
	if err := j.checkFromRun(); err != nil {
		return nil, err
	}
	j.logBudgets()
	j.dir = rundir.Open(j.flags.output, j.shard, versionNumber(), j.log)
	if j.store != nil {
		j.dir.KeepIn(j.store)
	}
	ctx, release, err := j.dir.Lock(ctx)
	if err != nil {
		return nil, exitOf(rundir.NotOurs(err))
	}
	defer func() {
		if !errors.Is(err, errLeftBehind) { // what is left behind ends first
			release()
		}
	}()
	update, stop := watchPreparing(j.console, j.log, j.progress)
	record, err := unlessInterrupted(ctx, release, func() (*rundir.Record, error) {
		if err := j.writeFrom(); err != nil {
			return nil, err
		}
		return j.prepare(ctx, excluded, update)
	})
	stop()
	if err != nil {
		return nil, exitOf(rundir.NotOurs(err))
	}
	if err := j.checkFromPlan(record.Plan); err != nil {
		return nil, err
	}
	return j.scanParts(ctx, n, record)
}

// scanParts scans the parts of this shard that are not whole, and records the run.
func (j *scanJob) scanParts(ctx context.Context, n *network, record *rundir.Record) (*output.Manifest, error) {
	shard := strings.TrimSuffix(record.Manifest.Name(), ".json")
	damaged := func(err error) { j.dir.NoteDamage(err, "it is written anew from the file of --exclude") }
	if err := record.Excluded.Follow(record.Plan, shard, j.dir.Disk(), time.Now, damaged); err != nil {
		return nil, exitOf(err)
	}
	working := j.dir.Upload(ctx, record)
	defer func() { _ = record.Close() }() // which says nothing new after an error
	if finished, ok := record.Finished(); ok && j.flags.crossCheck.finished(finished, j.dir, record) {
		if err := record.Close(); err != nil {
			return nil, exitOf(err)
		}
		j.log.Warn("nothing is left to do: "+explain.FinishedBefore(finished, time.Now()), "run", j.flags.output)
		j.dir.RemoveChunks(ctx)
		return finished, errors.Join(j.writeMetrics(finished), j.printSummary(finished))
	}
	if err := record.Recall(ctx, n.ofRun()); err != nil {
		return nil, exitOf(err)
	}
	cross, err := j.flags.crossCheck.open(&j.flags.network, crossCheckWindow(n), j.log)
	if err != nil {
		return nil, err
	}
	if cross != nil {
		defer cross.Close()
	}
	trust, err := j.flags.network.preflight.run(ctx, n, j.flags.network.testBed(), j.log)
	record.Manifest.Trust = &trust
	record.Describe(n.ofRun())
	if ctx.Err() != nil {
		err = rundir.Stopped(ctx)
	}
	if err != nil {
		if err = exitOf(record.End(err)); errors.Is(err, claim.ErrLost) {
			return nil, err
		}
		return nil, errors.Join(err, j.printSummary(record.Manifest))
	}
	if err := record.Write(output.StatusRunning, nil); err != nil {
		return nil, err
	}
	if err := record.Stored(); err != nil { // who takes over has to know that questions were asked
		return nil, exitOf(err)
	}

	mail, err := j.flags.mail.config(n)
	if err != nil {
		return nil, err
	}
	config := pipeline.Config{
		Chunks:       pipeline.Prepared(record.Plan),
		Source:       &queue.Static{Parts: record.Plan.Parts, Shard: j.shard, Done: record.WholeNow()},
		Dataset:      record.Dataset,
		Engine:       n.engine,
		Outlook:      n.engine,
		Client:       n.client,
		Suffixes:     n.suffixes,
		Mail:         mail,
		Common:       output.Denial{Vantage: string(j.flags.vantage)},
		Excluded:     record.Excluded.Refresh,
		InFlight:     n.inFlight,
		MostParts:    machine.Now().Parts(),
		Turn:         j.flags.network.manners.hostWait,
		Deadline:     j.flags.network.deadline,
		LastDeadline: j.flags.network.lastDeadline(),
		Passes:       j.flags.passes,
		PassDelay:    j.flags.passDelay,
		Stats:        new(pipeline.Stats),
		Wrote:        record.Wrote,
		Log:          j.log,
	}
	record.Stats = config.Stats
	record.SetMetrics = func(m *output.Manifest) { j.metrics.SetRun(m, time.Time{}) }
	done, all := record.Names(record.Whole), record.Names(func(int) bool { return true })
	j.metrics.Progress(func() int { return int(done + config.Stats.Counts().Done()) }, int(all))
	scanErr := j.runPasses(working, n, config, record)
	if scanErr == nil {
		scanErr = j.crossCheck(working, n, cross, config, record)
	}

	record.Describe(n.ofRun())
	err = exitOf(record.End(scanErr))
	switch {
	case errors.Is(err, claim.ErrLost):
		return nil, err
	case record.Manifest.Finished():
		j.dir.RemoveChunks(ctx)
	}
	err = errors.Join(err, j.writeMetrics(record.Manifest))
	return record.Manifest, errors.Join(err, j.printSummary(record.Manifest))
}

// runPasses scans the missing parts, and then asks the domains of provisional rows again until none is left.
func (j *scanJob) runPasses(ctx context.Context, n *network, config pipeline.Config, record *rundir.Record) error {
	config.Stats.Waits(record.Counts().Pending)
	stop := j.watch(ctx, n, config.Stats, passes(record))
	defer stop()
	err := pipeline.Run(ctx, config)
	waiting := record.Waiting()
	if err != nil || len(waiting) == 0 {
		return err
	}
	j.log.Info("domains that wait are asked again",
		"domains", config.Stats.Counts().Waiting(), "not_before", j.flags.passDelay)
	return pipeline.Repass(ctx, config, waiting)
}

// writeMetrics writes the metrics of the run, if that was asked for.
func (j *scanJob) writeMetrics(m *output.Manifest) error {
	if j.flags.metrics.file == "" {
		return nil
	}
	first, err := metrics.FirstCertificateEnd(j.flags.output)
	j.metrics.SetRun(m, first)
	return errors.Join(err, j.metrics.WriteFile(j.flags.metrics.file))
}

// printSummary prints the summary of the run, unless --quiet.
func (j *scanJob) printSummary(m *output.Manifest) error {
	if j.flags.quiet {
		return nil
	}
	return explain.Summary{
		Manifest: m, Rejects: domains.FirstRejects(j.flags.output), Width: terminal.Columns(j.std.out),
	}.Write(j.std.out)
}

func newScan(std streams) *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "scan -o DIR [flags] [LIST...]",
		Short: "Scan lists of domains into a directory of Parquet files",
		Long: `scan reads lists of domains (plain, CSV or zone files, also compressed; - is
standard input) and writes one row for each domain to DIR/part-*.parquet.
DIR/run.json says what was asked, how, and what came out. DIR/rejects.jsonl has
the lines that name no domain.

Without lists it scans the directory that stsscan prepare has prepared. With
--shard I/N it scans one of N shares, as a task of an array job; stsscan finish
ends such a run.

To continue a scan, run the same command again. Damaged or missing files are
reported and made again.

To stop a scan, interrupt it (SIGINT or SIGTERM): it finishes within half a
minute, leaves whole files, and exits with status 3. A second interrupt stops
it at once, with status 130. The same signal again within a second counts as
one.`,
		Example: `  stsscan scan -o run --contact https://example.org/survey tranco.csv.zip
  stsscan scan -o run --sim errors list.txt    # without a network
  stsscan scan -o again --contact a@example.org --from run --only unknown`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.network.testBed() && !cmd.Flags().Changed("pass-delay") {
				f.passDelay = 0
			}
			if f.network.testBed() && !cmd.Flags().Changed("max-silence") {
				f.network.preflight.maxSilence = 0
			}
			job := scanJob{flags: f, lists: args, std: std, settings: settings(cmd.Flags())}
			if err := job.check(os.Getenv); err != nil {
				return err
			}
			manifest, err := job.run(cmd.Context())
			if err != nil {
				return err
			}
			return f.fail.judgeRun(f.output, manifest, terminal.Columns(std.err))
		},
	}
	f.register(cmd.Flags(), std)
	addConfig(cmd, std, &f.configFile)
	addHelp(cmd.Flags())
	return cmd
}
