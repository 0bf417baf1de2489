package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/output"
	"stsscan/internal/rundir"
)

func newFetch(std streams) *cobra.Command {
	var quiet bool
	cmd := &cobra.Command{
		Use:   "fetch LOCATION DIR",
		Short: "Bring a run from a store to a directory",
		Long: `fetch brings the run that scans with --store LOCATION have put there to DIR,
for verify, list, diff and the report. It checks each file against the
manifests. Files that are in DIR already are not brought again, so that it goes
on where it was stopped.

A run that is not finished is fetched as far as it is: fetch says what is not
there, and exits with status 3.`,
		Example: `  stsscan fetch s3://surveys/2026-12 run && stsscan verify run
  stsscan fetch /mnt/surveys/2026-12 run
  stsscan fetch -q s3://surveys/2026-12 run || echo "not all of it is there"`,
		Args: exactly(2, "a location and a directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := openStore("LOCATION", args[0], args[1], std)
			if err != nil {
				return err
			}
			fetched, err := rundir.Fetch(cmd.Context(), s, args[1], std.console().Log(quiet, false))
			if err != nil {
				return exitOf(rundir.NotOurs(err))
			}
			if !quiet {
				if err := writeFetched(std, args[1], fetched); err != nil {
					return err
				}
			}
			if fetched.Open != nil {
				return &statusError{exitIncomplete, fmt.Errorf("%s: the run in it is not finished: "+
					"fetch it again when it is", s)}
			}
			return nil
		},
	}
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.BoolVarP(&quiet, "quiet", "q", false, "print warnings and errors only")
		registerLogFormat(flags, std)
	})
	addHelp(cmd.Flags())
	return cmd
}

// writeFetched says what is there, and what is not, a line each.
func writeFetched(std streams, dir string, fetched rundir.Fetched) error {
	var text strings.Builder
	for _, open := range fetched.Open {
		fmt.Fprintln(&text, open)
	}
	parts, octets := output.Grouped(int64(fetched.Parts)), output.Grouped(fetched.Octets)
	fmt.Fprintf(&text, "%s: %s parts, %s octets\n", dir, parts, octets)
	_, err := fmt.Fprint(std.out, text.String())
	return err
}
