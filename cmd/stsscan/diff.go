package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/changes"
	"stsscan/internal/codes"
	"stsscan/internal/terminal"
)

func newDiff(std streams) *cobra.Command {
	reportFormats := []string{"text", "markdown", "json"}
	var by, format, failOn string
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Tell what changed between two runs, whose it is, and what to do",
		Long: `diff compares two runs of the same list, in what both asked: first what is newly
broken and other regressions, with what to do about each, then what became
better and what stays broken. What is unknown in either run is no change. A
domain is broken where mail is refused or there is no policy to apply.

OLD must be complete; a suspect run is accepted. NEW may be unfinished: the
exit status is 3 then. Other numbers of runs, and more than a million domains
with a record, are for the report in analysis/.`,
		Example: `  stsscan diff monday tuesday --by team
  stsscan diff --by team --format markdown monday tuesday | mail it@example.org
  stsscan diff --format json monday tuesday | jq '.groups[].changes[].domain'`,
		Args: exactly(2, "two run directories, the older one first"),
		RunE: func(cmd *cobra.Command, args []string) error {
			formats := map[string]func(*changes.Diff, io.Writer) error{
				"text":     func(diff *changes.Diff, w io.Writer) error { return diff.WriteText(w, columnsOf(std.out)) },
				"markdown": (*changes.Diff).WriteMarkdown, "json": (*changes.Diff).WriteJSON,
			}
			if formats[format] == nil {
				return usage(fmt.Errorf("--format %w", codes.Unknown(format, reportFormats)))
			}
			if failOn != "" && failOn != "regression" {
				return usage(fmt.Errorf("--fail-on %q: must be regression", failOn))
			}
			diff, err := compareRuns(args[0], args[1], by)
			if err != nil {
				return err
			}
			out := bufio.NewWriter(std.out)
			if err := errors.Join(formats[format](diff, out), out.Flush()); err != nil {
				return err
			}
			return diffStatus(diff, failOn != "")
		},
	}
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.StringVar(&by, "by", "", "`TAG`: a heading for each value of this column of scan --tags")
		flags.StringVar(&format, "format", "text", "`FORMAT`: text, markdown or json")
		flags.StringVar(&failOn, "fail-on", "", "`WHEN`: regression: exit with status 4 if a domain lost protection")
	})
	_ = cmd.RegisterFlagCompletionFunc("format", oneOf(reportFormats...))
	_ = cmd.RegisterFlagCompletionFunc("fail-on", oneOf("regression"))
	addHelp(cmd.Flags())
	return cmd
}

// columnsOf is the width of a terminal; 0 for what is none.
func columnsOf(w io.Writer) int {
	if !terminal.IsTerminal(w) {
		return 0
	}
	return terminal.Columns(w)
}

// compareRuns compares the runs in two directories. What is wrong with the command line has its status.
func compareRuns(old, new, by string) (*changes.Diff, error) {
	var runs [2]changes.Run
	for i, dir := range []string{old, new} {
		var err error
		if runs[i], err = changes.ReadRun(dir); err != nil {
			return nil, err
		}
	}
	diff, err := changes.Compare(runs[0], runs[1], by)
	for _, wrong := range []error{changes.ErrSame, changes.ErrOrder, changes.ErrTag} {
		if errors.Is(err, wrong) {
			return nil, usage(err)
		}
	}
	return diff, err
}

// diffStatus is the exit status of a diff. A regression that was asked for counts before an unfinished run.
func diffStatus(diff *changes.Diff, failOn bool) error {
	switch {
	case failOn && diff.Regressions > 0:
		return &statusError{exitFailOn, fmt.Errorf("--fail-on regression: %d domains", diff.Regressions)}
	case !diff.New.Status.Finished():
		return &statusError{exitIncomplete, fmt.Errorf("%s is not finished: run its scan again to go on", diff.New.Dir)}
	}
	return nil
}
