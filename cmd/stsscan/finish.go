package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/domains"
	"stsscan/internal/explain"
	"stsscan/internal/merge"
	"stsscan/internal/rundir"
	"stsscan/internal/store"
	"stsscan/internal/terminal"
)

func newFinish(std streams) *cobra.Command {
	var quiet bool
	var location string
	cmd := &cobra.Command{
		Use:   "finish RUN",
		Short: "End a run of several shards: check all of them, write run.json",
		Long: `finish ends a run that was scanned in shards (scan --shard I/N). It reads all
parts, and checks that each name has a row in exactly one of them, or opted out.
It writes RUN/run.json from the manifests of the shards, which stay, and removes
the prepared names. From then on run.json is the record of the run, and its
status is that of all shards together.

Where shards are missing or incomplete, it says which and why, and exits with
status 3: scan those shards, and run it again. While one is being scanned it
exits with status 11. It may be run at any time, and killed; where nothing is
left to do, it says so.

With --store, it first fetches the run from there to RUN (see stsscan fetch),
and puts run.json there.`,
		Example: `  stsscan finish run
  stsscan finish run && stsscan verify run
  stsscan finish -q run || echo "scan the shards that it names, and again"`,
		Args: exactly(1, "one run directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			log := std.console().Log(quiet, false)
			s, err := openStore("--store", location, args[0], std)
			if err != nil {
				return err
			}
			ending, err := finish(cmd.Context(), s, args[0], log)
			if err != nil {
				return exitOf(rundir.NotOurs(err))
			}
			if ending.Open != nil {
				return writeOpen(std, args[0], location, ending)
			}
			if ending.Already {
				log.Warn("nothing is left to do: the run is finished", "run", args[0])
			}
			if quiet {
				return nil
			}
			return explain.Summary{
				Manifest: ending.Manifest, Rejects: domains.FirstRejects(args[0]), Width: terminal.Columns(std.out),
			}.Write(std.out)
		},
	}
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.BoolVarP(&quiet, "quiet", "q", false, "print warnings and errors only")
		flags.StringVar(&location, "store", "", storeUsage)
		registerLogFormat(flags, std)
	})
	addHelp(cmd.Flags())
	return cmd
}

// finish finishes the run in a directory, or the one in a store, if there is one.
func finish(ctx context.Context, s store.Store, dir string, log *slog.Logger) (rundir.Ending, error) {
	if s == nil {
		return rundir.Finish(ctx, dir, versionNumber(), log)
	}
	return rundir.FinishStored(ctx, s, dir, versionNumber(), log)
}

// writeOpen writes the shards that are missing or incomplete, one a line. The error says how to go on.
func writeOpen(std streams, run, location string, ending rundir.Ending) error {
	if ending.Shards == 1 {
		err := fmt.Errorf("%s is not finished: %s: run its scan again to go on", run, ending.Open[0].Why)
		return &statusError{exitIncomplete, err}
	}
	where := run
	if location != "" {
		where += " --store " + location
	}
	var indexes []int
	for _, open := range ending.Open {
		indexes = append(indexes, open.Index)
		if _, err := fmt.Fprintf(std.out, "shard %d/%d: %s\n", open.Index, ending.Shards, open.Why); err != nil {
			return err
		}
	}
	err := fmt.Errorf("%s is not finished: %d of %d shards are missing or incomplete: scan them again to go on "+
		"(stsscan scan -o %s --shard %d/%d; all of them: %s), then finish", run, len(indexes), ending.Shards, where,
		indexes[0], ending.Shards, merge.Numbers(indexes))
	return &statusError{exitIncomplete, err}
}
