package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/portfolio"
	"stsscan/internal/terminal"
)

func newList(std streams) *cobra.Command {
	var (
		query  portfolio.Query
		tags   []string
		format string
	)
	cmd := &cobra.Command{
		Use:   "list [flags] RUN",
		Short: "List domains of a run: why, whose they are, what to do",
		Long: `list prints the domains of a run with their verdict, its reason in words, their
tags, and the first thing to change. It needs no database, and reads only what
it shows: few rows of a long list take little time.

A domain that several owners named is listed for each of them. Cells of CSV that
a spreadsheet would take for a formula have an apostrophe before them.`,
		Example: `  stsscan list run --verdict broken,enforce_refused --by team
  stsscan list run --tag team=retail --format csv > retail.csv
  stsscan list run --finding mx_not_covered --columns domain,mx.host,owner`,
		Args: exactly(1, "one run directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			as, err := portfolio.ParseFormat(format)
			if err != nil {
				return usage(fmt.Errorf("--format %w", err))
			}
			if format == "table" && terminal.IsTerminal(std.out) {
				as.Width = terminal.Columns(std.out)
			}
			for _, text := range tags {
				tag, err := portfolio.ParseTag(text)
				if err != nil {
					return usage(fmt.Errorf("--tag %w", err))
				}
				query.Tags = append(query.Tags, tag)
			}
			if query.Limit < 0 {
				return usage(fmt.Errorf("--limit %d: must not be negative", query.Limit))
			}
			result, err := portfolio.List(std.out, args[0], query, as)
			if errors.Is(err, portfolio.ErrQuery) {
				return usage(err)
			}
			if err != nil {
				return err
			}
			if result.Lines == 0 {
				fmt.Fprintf(std.err, "no domain matches: %s\n", query)
			}
			if result.NoSuchTag != "" {
				fmt.Fprintln(std.err, result.NoSuchTag)
			}
			if result.Unfinished {
				return &statusError{exitIncomplete, fmt.Errorf("%s is not finished: these are the rows of %d parts of %d; "+
					"run its scan again to go on", args[0], result.Parts, result.Of)}
			}
			return nil
		},
	}
	groupEveryday.addTo(cmd.Flags(), func(flags *pflag.FlagSet) {
		flags.StringSliceVar(&query.Verdicts, "verdict", nil, "`VERDICT,...`: with one of these verdicts")
		flags.StringSliceVar(&query.Findings, "finding", nil, "`FINDING,...`: with one of these findings at least")
		flags.StringArrayVar(&tags, "tag", nil, "`NAME=VALUE`: with this tag, or another of the same name; "+
			"an empty value is no such tag")
		flags.StringVar(&query.By, "by", "", "`TAG`: group by the values of this tag, the one with most broken first")
		flags.StringSliceVar(&query.Columns, "columns", nil, "`NAME,...`: show these: columns as stsscan schema has "+
			"them, tags, reason, remedy (default domain,verdict,reason,tags,remedy)")
		flags.StringVar(&format, "format", "table", "`FORMAT`: table (on a narrow terminal, lines for "+
			"each domain), csv or json (an object a line)")
		flags.Int64Var(&query.Limit, "limit", 0, "`N`: at most N lines; 0 is no limit")
	})
	_ = cmd.RegisterFlagCompletionFunc("columns", someOf(portfolio.Columns()...))
	_ = cmd.RegisterFlagCompletionFunc("format", oneOf(portfolio.FormatWords()...))
	addHelp(cmd.Flags())
	return cmd
}
