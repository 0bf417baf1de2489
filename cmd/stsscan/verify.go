package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"stsscan/internal/simnet"
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
		Short: "Recompute every count, hash and class of a run from its files",
		Long: `verify checks a run directory from its files alone: each entry of the lists is
accounted for (rejected, excluded, named before, or a row, unless it was excluded
after the run began), each part is whole and the one that run.json names, no rank
and no domain has two rows, the counts are those of the rows, and the class of
each record and policy follows from the evidence in its row. With --truth it also
compares each row with the truth of a simulated Internet. Exit status 1 when
something does not hold, 3 when the run is not finished and all else holds.`,
		Args: exactly(1, "one run directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var options verify.Options
			if truth != "" {
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
			if err := report.Write(std.out); err != nil {
				return err
			}
			return reportError(report)
		},
	}
	cmd.Flags().StringVar(&truth, "truth", "", "compare with the simulated Internet: a `model` ("+strings.Join(simnet.Models(), ", ")+") or the path of a world")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "seed of the simulated Internet")
	cmd.Flags().IntVar(&night, "night", 0, "`night` of the simulated Internet")
	return cmd
}

// reportError turns what verify found into an exit status.
func reportError(report verify.Report) error {
	switch {
	case report.Problems > 0 || report.Differ > 0:
		return fmt.Errorf("%d problems, %d rows that differ from the truth", report.Problems, report.Differ)
	case report.Incomplete:
		return &statusError{exitIncomplete, errors.New("the run is not finished")}
	}
	return nil
}
