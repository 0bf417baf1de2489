package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Exit statuses are those of the scanner, and one more.
const (
	exitDone       = 0
	exitFailed     = 1
	exitUsage      = 2
	exitIncomplete = 3 // --fail-on regression, and the last run is not complete, so that there may be one
	exitRegression = 4 // --fail-on regression, and there is one
)

const usageText = `usage: stsscan-report [flags] RUN [RUN...]

Answers every question about a run, an output directory of stsscan scan, and
writes a report. Several runs are compared, the oldest first: questions about one
run are then about the last. An archive, a directory with each run in
date=YYYY-MM-DD beneath it, stands for its runs.

Exit status: 0 done, 1 failed, 2 usage; with --fail-on regression 4 when the last
run lost protection that one before it had, else 3 when the last run is not
complete: scan on, and ask again. (go run says 1 instead of 3 and 4.)

`

type options struct {
	html, json, csv string
	layout          Layout
	figures         figuresConfig
	failOn          string
	memory          string
	threads         int
	temp            string
	quiet           bool
	runs            []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is the program; it returns its exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if noDatabase != "" {
		fmt.Fprintf(stderr, "stsscan-report: %s\n", noDatabase)
		return exitFailed
	}
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitDone
	}
	if err != nil {
		fmt.Fprintf(stderr, "stsscan-report: %v\n", err)
		return exitUsage
	}
	r, err := o.report(ctx, stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "stsscan-report: %v\n", err)
		return exitFailed
	}
	regressions := r.Regressions()
	switch {
	case o.failOn != "regression":
		return exitDone
	case regressions > 0:
		fmt.Fprintf(stderr, "stsscan-report: %d regressions since the run before\n", regressions)
		return exitRegression
	case !r.Run().Finished():
		fmt.Fprintf(stderr, "stsscan-report: no regression so far: %s is %s\n", r.Run().Dir, r.Run().Status)
		return exitIncomplete
	}
	return exitDone
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("stsscan-report", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usageText)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.html, "o", "", "write the report to this HTML `file`; - is standard output")
	flags.StringVar(&o.layout.For, "for", "", "lay out the report for its `reader`: team (what broke, and what to do)\n"+
		"or paper (method and tables); otherwise it has everything")
	flags.StringVar(&o.layout.Title, "title", "", "`title` of the report")
	flags.StringVar(&o.layout.GroupBy, "group-by", "",
		"with --for team, sum up the values of this `tag`, a column of --tags\n"+
			"(default: the one with the fewest values)")
	flags.StringVar(&o.json, "json", "", "write the answers to this JSON `file`; - is standard output")
	flags.StringVar(&o.csv, "csv", "", "write one CSV file for each answer to this `directory`")
	o.figures.flags(flags)
	flags.StringVar(&o.failOn, "fail-on", "",
		"regression: exit with status 4 if the last run has one, 3 if it is not complete")
	flags.StringVar(&o.memory, "memory", "2GB", "`size` of what DuckDB may hold in memory")
	flags.StringVar(&o.temp, "temp", "", "`directory` for what does not fit into memory (default: that of the system)")
	flags.IntVar(&o.threads, "threads", 0, "`number` of threads (default: one for each processor)")
	flags.BoolVar(&o.quiet, "q", false, "print warnings and errors only")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	var err error
	if o.runs, err = expandArchives(flags.Args()); err != nil {
		return o, err
	}
	switch {
	case len(o.runs) == 0:
		return o, errors.New("name a run, the output directory of a scan: see --help")
	case o.html == "" && o.json == "" && o.csv == "" && o.figures.dir == "" && o.failOn == "":
		return o, errors.New("say what to write: -o FILE, --json FILE, --csv DIRECTORY, --figures DIRECTORY " +
			"or --fail-on regression")
	case o.html == "-" && o.json == "-":
		return o, errors.New("-o and --json cannot both write to standard output")
	case o.html != "" && o.html == o.json:
		return o, fmt.Errorf("-o and --json cannot both write to %s", o.html)
	case o.layout.For != "" && o.layout.For != forTeam && o.layout.For != forPaper:
		return o, fmt.Errorf("--for %q: the words are team and paper", o.layout.For)
	case o.layout.GroupBy != "" && o.layout.For != forTeam:
		return o, errors.New("--group-by goes with --for team")
	case o.layout != Layout{} && o.html == "":
		return o, errors.New("--for, --title and --group-by are about the page: say -o FILE")
	case o.failOn != "" && o.failOn != "regression":
		return o, fmt.Errorf("--fail-on %q: the only word is regression", o.failOn)
	case o.failOn != "" && len(o.runs) < 2:
		return o, errors.New("--fail-on regression needs a baseline: name the earlier run first")
	case o.threads < 0:
		return o, fmt.Errorf("--threads %d: must not be negative", o.threads)
	}
	return o, o.figures.check()
}

// report answers and writes.
func (o *options) report(ctx context.Context, stdout, stderr io.Writer) (*Report, error) {
	for _, name := range []string{o.html, o.json} {
		if err := checkOutput(name); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{o.csv, o.figures.dir} {
		if err := checkDir(name); err != nil {
			return nil, err
		}
	}
	runs, err := ReadRuns(o.runs)
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		for _, note := range []string{run.warning(), run.Selection.note()} {
			if note != "" {
				fmt.Fprintf(stderr, "stsscan-report: %s: %s\n", run.Dir, note)
			}
		}
	}
	if note := differenceNote(differences(runs)); note != "" {
		fmt.Fprintf(stderr, "stsscan-report: %s\n", note)
	}
	var dirs []string
	for _, run := range runs {
		dirs = append(dirs, run.Dir)
	}
	config := StoreConfig{Memory: o.memory, Threads: o.threads, Temp: o.temp}
	before, err := AskBefore(ctx, config, runs)
	if err != nil {
		return nil, err
	}
	store, err := OpenStore(ctx, config, dirs...)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	progress := func(t *Table) {
		if !o.quiet {
			fmt.Fprintf(stderr, "%-18s %6d rows in %v\n", t.Query.Name, len(t.Rows), t.Took.Round(time.Millisecond))
		}
	}
	r, err := NewReport(ctx, store, runs, time.Now(), progress)
	if err != nil {
		return nil, err
	}
	r.Before, r.Layout = before, o.layout
	if err := writeTo(o.html, stdout, r.WriteHTML); err != nil {
		return nil, err
	}
	if err := writeTo(o.json, stdout, r.WriteJSON); err != nil {
		return nil, err
	}
	for _, dir := range []string{o.csv, o.figures.dir} {
		if err := r.WriteTables(dir); err != nil {
			return nil, err
		}
	}
	if o.figures.dir != "" {
		if err := r.WriteFigures(ctx, o.figures); err != nil {
			return nil, err
		}
	}
	return r, nil
}
