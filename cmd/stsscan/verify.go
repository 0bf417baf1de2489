package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/explain"
	"stsscan/internal/output"
	"stsscan/internal/verify"
)

func newVerify(std streams) *cobra.Command {
	var (
		truth string
		seed  uint64
		night int
	)
	cmd := &cobra.Command{
		Use:   "verify DIR",
		Short: "Check every count, hash and class of a run against its files",
		Long: `verify checks a run directory from its files alone. Each entry of the lists
must be accounted for: rejected, excluded, a duplicate, or a row (unless it
opted out during the scan). Each part must be whole and the one that run.json
names. No rank and no domain may have two rows. The counts must be those of the
rows, and the class of each record and policy must follow from the evidence in
its row.

It begins with the status of the run, as the summary of a scan does.

It exits with status 1 if something does not hold, and with status 3 if all
holds but the run is not finished.`,
		Example: `  stsscan verify run
  stsscan verify run --truth errors             # a run of --sim errors
  stsscan verify run && stsscan cat run > rows.jsonl`,
		Args: exactly(1, "one run directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var options verify.Options
			if truth != "" {
				if err := ofRun(args[0], cmd.Flags()); err != nil {
					return err
				}
				world, err := openWorld(truth, seed, night)
				if err != nil {
					return err
				}
				defer world.Close()
				options.World = world
			}
			report, err := verify.Run(args[0], options)
			if err != nil {
				return err
			}
			manifests, err := output.ReadManifests(args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(std.out, "status    %s\n", explain.RunStatusText(manifests))
			if err := report.Write(std.out); err != nil {
				return err
			}
			return reportError(report)
		},
	}
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.StringVar(&truth, "truth", "",
			"`MODEL`: compare the rows with this simulated Internet: "+modelNames()+", or the path of a world; "+
				"a run of --sim MODEL knows its seed and night")
		registerWorld(flags, &seed, &night)
	})
	addHelp(cmd.Flags())
	return cmd
}

// ofRun sets the flags that select a population as the run in dir had them.
func ofRun(dir string, flags *pflag.FlagSet) error {
	manifests, err := output.ReadManifests(dir)
	if err != nil {
		return err
	}
	given := make(map[string]string)
	flags.Visit(func(f *pflag.Flag) { given[f.Name] = f.Value.String() })
	was, err := verify.Population(manifests[0], given)
	if err != nil {
		return usage(fmt.Errorf("%s: %w", dir, err))
	}
	for name, value := range was {
		err = errors.Join(err, flags.Set(name, value))
	}
	return err
}

// reportError turns what verify found into an exit status.
func reportError(report verify.Report) error {
	switch {
	case report.Problems > 0 || report.Differ > 0:
		return fmt.Errorf("%d problems, %d rows that differ from the truth", report.Problems, report.Differ)
	case report.Incomplete:
		return &statusError{exitIncomplete, errors.New("the run is not finished: run its scan again to go on")}
	}
	return nil
}
