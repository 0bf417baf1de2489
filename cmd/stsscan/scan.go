package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/queue"
)

// maxPartSize is the most ranks of a part: what a kill may cost.
const maxPartSize = 1 << 19

// maxVantage is how many octets --vantage may have.
const maxVantage = 64

// scanFlags are the flags of scan.
type scanFlags struct {
	network      networkFlags
	mailSide     mailFlags
	cross        crossFlags
	fail         failOn
	output       string
	format       string
	domainColumn string
	tags         []string
	limit        int64
	partSize     int64
	shard        string
	from         string
	only         string
	vantage      string
	passes       int
	passDelay    time.Duration
	progress     string
	metricsFile  string
	quiet        bool
	verbose      bool
}

func (f *scanFlags) register(flags *pflag.FlagSet) {
	flags.StringVarP(&f.output, "output", "o", "", "run `directory`: part-*.parquet, run.json, rejects.jsonl (required)")
	flags.StringVar(&f.format, "format", "auto", "of the lists: auto, plain, csv or zone")
	flags.StringVar(&f.domainColumn, "domain-column", "", "`name` or number of the CSV column that holds the domain")
	flags.StringSliceVar(&f.tags, "tags", nil, "CSV columns to carry into the rows: `NAME,...`")
	flags.Int64Var(&f.limit, "limit", 0, "scan the first `N` entries only")
	flags.Int64Var(&f.partSize, "part-size", 0, "`ranks` per part (default: adapts to the list)")
	flags.StringVar(&f.shard, "shard", "", "scan the parts k with k mod N = I: `I/N`, or env to take both from an array job's environment")
	flags.StringVar(&f.from, "from", "", "instead of lists: ask domains of another `RUN` again, those that --only says")
	flags.StringVar(&f.only, "only", "", "rows of this `class`: a word of record, policy, verdict or pending, or COLUMN=WORD")
	flags.StringVar(&f.vantage, "vantage", "", "`name` of the place that this run asks from: a column, and in run.json under config")
	flags.IntVar(&f.passes, "passes", 2, "how often a domain is asked, in all, whose failure may mend")
	flags.DurationVar(&f.passDelay, "pass-delay", 5*time.Minute, "between two passes over a domain (default in a test bed: none)")
	flags.StringVar(&f.progress, "progress", "auto", "auto, on or off")
	flags.StringVar(&f.metricsFile, "metrics-file", "",
		"write metrics in Prometheus text format to this `file` at the end; "+
			"a device or a pipe is written to, a symbolic link followed")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print warnings and errors only")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log each lookup and each fetch")
	f.network.register(flags)
	f.network.manners.registerScan(flags)
	f.network.trust.register(flags)
	f.cross.register(flags)
	f.mailSide.register(flags, "record")
	f.fail.register(flags)
}

func newScan(std streams) *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "scan -o DIR [flags] LIST...",
		Short: "Scan lists of domains into a directory of Parquet parts",
		Long: `scan reads lists of domains (plain, CSV or zone files, also compressed; - is
standard input), asks each domain once, and writes one row per domain to
DIR/part-*.parquet. DIR/run.json says what was asked, how, and what came out;
DIR/rejects.jsonl has the lines that name no domain that can be asked.

The same command again goes on where it stopped; what it finds damaged or gone is
said, and done again. The first interrupt, SIGINT or SIGTERM, ends the scan within
half a minute: what is in flight has some seconds to finish, and files are whole
(exit status 3). The second stops at once (exit status 130); the same signal once
more within a second is the first one still.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.network.testBed() && !cmd.Flags().Changed("pass-delay") {
				f.passDelay = 0
			}
			if f.network.testBed() && !cmd.Flags().Changed("max-silence") {
				f.network.trust.maxSilence = 0
			}
			job := scanJob{scanFlags: f, lists: args, std: std, settings: settings(cmd.Flags())}
			if err := job.check(os.Getenv); err != nil {
				return err
			}
			manifest, err := job.run(cmd.Context())
			if err != nil {
				return err
			}
			return f.fail.judge(manifest.Counts.Verdict)
		},
	}
	f.register(cmd.Flags())
	return cmd
}

// settings records each flag's value for run.json, and what --deadline does not say of
// the last pass where it is not given.
func settings(flags *pflag.FlagSet) map[string]string {
	values := make(map[string]string)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			values[f.Name] = f.Value.String()
		}
	})
	if !flags.Changed("deadline") {
		values["deadline"] += " (a minute in the last of several passes)"
	}
	return values
}

// A scanJob is one call of scan: its flags, checked, and its lists.
type scanJob struct {
	scanFlags
	lists    []string
	std      streams
	lineage  *output.Lineage // nil where the names are those of lists
	settings map[string]string
	earlier  *output.Manifest // that a process before left; nil: none
	damage   *damage

	slice queue.Shard
	mode  progressMode
}

// check refuses a command line that cannot work, before anything is written.
func (j *scanJob) check(getenv func(string) string) error {
	if err := j.checkFlags(getenv); err != nil {
		return err
	}
	return j.checkLists()
}

// checkFlags is check without a look at the lists.
func (j *scanJob) checkFlags(getenv func(string) string) error {
	switch {
	case j.output == "":
		return usage(errors.New("scan needs --output DIR: see stsscan scan --help"))
	case j.limit < 0:
		return usage(fmt.Errorf("--limit %d: must not be negative", j.limit))
	case j.partSize < 0 || j.partSize > maxPartSize:
		return usage(fmt.Errorf("--part-size %d: must be from 0 to %d", j.partSize, maxPartSize))
	}
	if len(j.vantage) > maxVantage || printable(j.vantage) != j.vantage {
		return usage(fmt.Errorf("--vantage %+q: must be printable, and of at most %d octets", j.vantage, maxVantage))
	}
	if j.passes < 0 || j.passDelay < 0 {
		return usage(fmt.Errorf("--passes %d, --pass-delay %v: must not be negative", j.passes, j.passDelay))
	}
	if err := j.checkSelection(); err != nil {
		return err
	}
	if _, err := domains.ParseFormat(j.format); err != nil {
		return usage(fmt.Errorf("--format: %w", err))
	}
	if err := errors.Join(j.network.check(), j.network.trust.check()); err != nil {
		return err
	}
	if err := j.cross.check(&j.network); err != nil {
		return err
	}
	if j.network.contact == "" && !j.network.testBed() {
		return usage(errors.New("a scan of the real Internet needs --contact MAIL|URL, so that those who are asked know whom to tell"))
	}
	var err error
	if err = j.mailSide.check(); err != nil {
		return err
	}
	if _, err = j.fail.verdicts(); err != nil {
		return err
	}
	if j.mode, err = parseProgress(j.progress, j.quiet, j.std.err); err != nil {
		return err
	}
	switch j.shard {
	case "":
	case "env":
		j.slice, err = queue.ShardFromEnv(getenv)
	default:
		j.slice, err = queue.ParseShard(j.shard)
	}
	if err != nil {
		return usage(fmt.Errorf("--shard: %w", err))
	}
	return j.checkOutputs()
}

// shardOf is the shard as run.json has it; nil where one machine does it all.
func (j *scanJob) shardOf() *output.Shard {
	if j.slice.Whole() {
		return nil
	}
	return &output.Shard{Index: j.slice.Index, Of: j.slice.Of}
}

func (j *scanJob) path(name string) string { return filepath.Join(j.output, name) }

// run does the job: open the network, lock, prepare, take over what is there, scan,
// record. What a flag or a file that it names can be refused for is found before
// anything is written.
func (j *scanJob) run(ctx context.Context) (_ *output.Manifest, err error) {
	console := &console{out: j.std.err}
	log := console.newLogger(j.quiet, j.verbose)

	excluded, err := domains.OpenExclusions(j.network.exclude)
	if err != nil {
		return nil, fmt.Errorf("--exclude: %w", err)
	}
	metrics := newMetrics()
	n, err := j.network.open(ctx, excluded, log, metrics)
	if err != nil {
		return nil, err
	}
	defer n.close()
	if err := j.checkFrom(); err != nil {
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
	tell, stop := console.watchPreparing(j.mode, log)
	plan, err := unlessInterrupted(ctx, release, func() (_ *domains.Plan, err error) {
		if err := j.choose(); err != nil {
			return nil, err
		}
		if j.earlier, err = j.readEarlier(); err != nil {
			return nil, err
		}
		return j.prepare(ctx, excluded.Exclusions(), tell)
	})
	stop()
	if err != nil {
		return nil, err
	}
	if err := j.checkChosen(plan); err != nil {
		return nil, err
	}
	record, err := unlessInterrupted(ctx, release, func() (*record, error) { return j.newRecord(ctx, plan, excluded) })
	if err != nil {
		return nil, err
	}
	return j.scan(ctx, console, log, n, metrics, record)
}
