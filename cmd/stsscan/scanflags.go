package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"stsscan/internal/config"
	"stsscan/internal/output"
	"stsscan/internal/survey"
	"stsscan/internal/terminal"
)

// maxVantage is the most octets of --vantage.
const maxVantage = 64

// Defaults of the passes of a scan.
const (
	defaultPasses    = 2
	defaultPassDelay = 5 * time.Minute
)

// scanFlags are the flags of scan.
type scanFlags struct {
	network    networkFlags
	mail       mailFlags
	crossCheck crossCheckFlags
	fail       failOn
	output     string
	lists      listFlags
	shard      string
	store      string
	atATime    int
	from       string
	only       string
	vantage    vantage
	passes     int
	passDelay  time.Duration
	progress   string
	metrics    metricsFlags
	quiet      bool
	verbose    bool

	configFile *output.ConfigFile // that flags were set by; nil: none
}

func (f *scanFlags) register(flags *pflag.FlagSet, std streams) {
	groupEveryday.addTo(flags, func(flags *pflag.FlagSet) {
		flags.StringVarP(&f.output, "output", "o", "", "`DIR`: write the run to this directory (required)")
	})
	f.network.register(flags)
	f.mail.register(flags, extentRecord)
	f.fail.registerOfRun(flags)
	groupEveryday.addTo(flags, func(flags *pflag.FlagSet) {
		flags.BoolVarP(&f.quiet, "quiet", "q", false, "print warnings and errors only")
		flags.BoolVarP(&f.verbose, "verbose", "v", false, "log each lookup and each fetch")
	})
	f.lists.register(flags)
	groupLists.addTo(flags, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.from, "from", "", "`RUN`: instead of lists, ask domains of an earlier run again")
		flags.StringVar(&f.only, "only", "",
			"`CLASS`: which domains of --from: a word of record, policy, verdict or pending, or COLUMN=WORD")
	})
	groupRun.addTo(flags, func(flags *pflag.FlagSet) {
		flags.IntVar(&f.passes, "passes", defaultPasses, "`N`: ask a domain up to N times while its failure may be temporary")
		flags.DurationVar(&f.passDelay, "pass-delay", defaultPassDelay,
			"`TIME`: wait this long between two passes over a domain; in a test bed only if given")
		flags.StringVar(&f.shard, "shard", "",
			"`I/N`: scan every N-th part, from part I (0 to N-1) on; env takes I and N from an array job")
		flags.StringVar(&f.store, "store", "", storeUsage)
		flags.IntVar(&f.atATime, "at-a-time", 0, "`M`: of the N shards, so many run at a time, each with an M-th of "+
			"--rate and of the limits for hosts and networks; default N")
		flags.Var(&f.vantage, "vantage", "`NAME`: where this scan runs, such as fra1, for the column vantage")
		flags.StringVar(&f.progress, "progress", string(terminal.ModeAuto), progressUsage)
		registerLogFormat(flags, std)
		f.metrics.register(flags)
	})
	f.network.preflight.register(flags)
	f.crossCheck.register(flags)
	f.network.manners.registerScan(flags)
}

// settings records the value of each flag for run.json, without passwords, and where --deadline is not given,
// what applies in the last pass instead.
func settings(flags *pflag.FlagSet) map[string]string {
	values := make(map[string]string)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Name != helpFlag && f.Name != helpAllFlag && f.Name != configFlag {
			values[f.Name] = config.Shown(f.Value.String())
		}
	})
	if deadline := flags.Lookup("deadline"); deadline != nil && !deadline.Changed { // demo has none
		values["deadline"] += fmt.Sprintf(" (%s in the last of several passes)", durationText(survey.DefaultLastDeadline))
	}
	return values
}

// A vantage names the place that a scan asks from.
type vantage string

func (v *vantage) String() string { return string(*v) }
func (v *vantage) Type() string   { return "string" }

// Set makes vantage a pflag.Value.
func (v *vantage) Set(name string) error {
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) }
	if len(name) > maxVantage || !utf8.ValidString(name) || strings.ContainsFunc(name, unprintable) {
		return fmt.Errorf("must be printable, and of at most %d octets", maxVantage)
	}
	*v = vantage(name)
	return nil
}
