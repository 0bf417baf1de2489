package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/domains"
	"stsscan/internal/explain"
	"stsscan/internal/output"
	"stsscan/internal/queue"
	"stsscan/internal/rundir"
	"stsscan/internal/store"
	"stsscan/internal/terminal"
)

// mostShards is the most shards of a run.
const mostShards = 100_000

// prepareFlags are the flags of prepare.
type prepareFlags struct {
	lists      listFlags
	output     string
	exclude    string
	store      string
	shards     int
	specialUse bool
	progress   string
	quiet      bool

	configFile *output.ConfigFile
}

func (f *prepareFlags) register(flags *pflag.FlagSet, std streams) {
	groupEveryday.addTo(flags, func(flags *pflag.FlagSet) {
		flags.StringVarP(&f.output, "output", "o", "", "`DIR`: directory of the run (required)")
		flags.IntVar(&f.shards, "shards", 0, "`N`: number of shards that will scan the run; "+
			"default what it was prepared with, or 1")
		flags.StringVar(&f.store, "store", "", storeUsage)
		flags.StringVar(&f.exclude, "exclude", "",
			"`FILE`: domains, suffixes and networks that opted out; it may grow later")
		flags.BoolVarP(&f.quiet, "quiet", "q", false, "print warnings and errors only")
		flags.StringVar(&f.progress, "progress", string(terminal.ModeAuto), progressUsage)
		registerLogFormat(flags, std)
	})
	f.lists.register(flags)
	groupTestBed.addTo(flags, func(flags *pflag.FlagSet) {
		flags.BoolVar(&f.specialUse, "special-use", false,
			"take special-use names such as example.test, for a scan with --sim")
	})
}

// A prepareJob is one call of prepare.
type prepareJob struct {
	flags    prepareFlags
	paths    []string // of the lists
	std      streams
	console  *terminal.Console
	log      *slog.Logger
	progress terminal.Mode
	store    store.Store // nil: the run is in the directory alone
}

// check refuses a command line that cannot work, before anything is written.
func (j *prepareJob) check() (err error) {
	switch {
	case j.flags.output == "":
		return usage(errors.New("prepare needs --output DIR: name a directory for the run, such as -o run"))
	case len(j.paths) == 0:
		return usage(errors.New("prepare needs at least one LIST: name a file of domains, or - for standard input"))
	case j.flags.shards < 0 || j.flags.shards > mostShards:
		return usage(fmt.Errorf("--shards %d: must be from 1 to %d", j.flags.shards, mostShards))
	}
	if err := j.flags.lists.check(); err != nil {
		return err
	}
	if j.progress, err = parseProgress(j.flags.progress, j.flags.quiet, j.console); err != nil {
		return err
	}
	if err := checkOutput(j.flags.output); err != nil {
		return err
	}
	if j.store, err = openStore("--store", j.flags.store, j.flags.output, j.std); err != nil {
		return err
	}
	instead := func() string { return "name a list of domains, or - for standard input" }
	if err := j.flags.lists.checkFiles(j.paths, instead); err != nil {
		return err
	}
	return checkList(j.flags.lists.config(j.flags.output, j.paths, 1))
}

// run prepares the lists, and says what was made of them.
func (j *prepareJob) run(ctx context.Context) error {
	excluded, err := domains.OpenExclusions(j.flags.exclude)
	if err != nil {
		return fmt.Errorf("--exclude: %w", err)
	}
	shards, err := j.shards(ctx)
	if err != nil {
		return exitOf(err)
	}
	config := j.flags.lists.config(j.flags.output, j.paths, shards)
	config.Stdin, config.Exclude, config.AllowSpecialUse = j.std.in, excluded.Exclusions(), j.flags.specialUse
	dir := rundir.Open(j.flags.output, queue.Shard{Of: shards}, versionNumber(), j.log)
	if j.store != nil {
		dir.KeepIn(j.store)
	}
	update, stop := watchPreparing(j.console, j.log, j.progress)
	config.Progress = update
	plan, err := unlessInterrupted(ctx, func() {}, func() (*domains.Plan, error) {
		return dir.PrepareLists(ctx, config, j.flags.shards > 0)
	})
	stop()
	if err != nil {
		return exitOf(rundir.NotOurs(err))
	}
	if plan.Parts < shards {
		j.log.Warn("some shards have nothing to scan: there are fewer parts", "parts", plan.Parts, "shards", shards)
	}
	if j.flags.quiet {
		return nil
	}
	return explain.Prepared{
		Plan: plan, Inputs: rundir.Inputs(plan), Shards: shards, Dir: j.flags.output, Store: j.flags.store,
		Rejects: domains.FirstRejects(j.flags.output), Width: terminal.Columns(j.std.out),
	}.Write(j.std.out)
}

// shards is the number of shards of the run.
func (j *prepareJob) shards(ctx context.Context) (shards int, err error) {
	switch {
	case j.flags.shards > 0:
		return j.flags.shards, nil
	case j.store != nil:
		shards, err = rundir.ShardsInStore(ctx, j.store)
	default:
		shards, err = rundir.ShardsOf(j.flags.output)
	}
	return max(shards, 1), err
}

func newPrepare(std streams) *cobra.Command {
	var f prepareFlags
	cmd := &cobra.Command{
		Use:   "prepare -o DIR [flags] LIST...",
		Short: "Read lists of domains once, for a scan in many shards",
		Long: `prepare reads lists of domains and divides their names into parts, as scan does
before its first question. After it, scan -o DIR needs no list: each task of an
array job scans its shard of the parts (--shard), and reads those alone. The
last step is stsscan finish.

With --store the names are kept there: the tasks need not share a directory,
and DIR may be removed.

Where the lists were prepared before, it checks that they are the same, and
makes again what is damaged or gone.`,
		Example: `  stsscan prepare -o run --shards 64 tranco.csv.zip
  stsscan prepare -o run --tags owner --exclude opted-out.txt portfolio.csv
  stsscan prepare -o run --format zone --shards 16 - < com.zone`,
		RunE: func(cmd *cobra.Command, args []string) error {
			job := prepareJob{flags: f, paths: args, std: std, console: std.console()}
			job.log = job.console.Log(f.quiet, false)
			if err := job.check(); err != nil {
				return err
			}
			return job.run(cmd.Context())
		},
	}
	f.register(cmd.Flags(), std)
	addConfig(cmd, std, &f.configFile)
	addHelp(cmd.Flags())
	return cmd
}
