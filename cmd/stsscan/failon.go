package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"stsscan/internal/codes"
	"stsscan/internal/explain"
	"stsscan/internal/output"
)

// failOn is the flag --fail-on: what changes the exit status.
type failOn struct {
	when  string
	ofRun bool // it is about a run, which may be suspect
}

const failOnUsage = "`WHEN`: exit with status 4 for a domain that is refused (mail to it), broken " +
	"(that, or no usable policy) or any (that, or an MX host)"

// register registers the flag for domains.
func (f *failOn) register(flags *pflag.FlagSet) { f.registerAs(flags, failOnUsage) }

// registerOfRun registers the flag for a run.
func (f *failOn) registerOfRun(flags *pflag.FlagSet) {
	f.ofRun = true
	f.registerAs(flags, strings.Replace(failOnUsage, "WHEN", "WHEN,...", 1)+", or a suspect run")
}

func (f *failOn) registerAs(flags *pflag.FlagSet, usage string) {
	groupEveryday.addTo(flags, func(flags *pflag.FlagSet) { flags.StringVar(&f.when, "fail-on", "", usage) })
}

// words are the verdicts that the flag names, the worst first, and whether it names suspect.
func (f *failOn) words() (verdicts []codes.Verdict, suspect bool, err error) {
	worst := []codes.Verdict{
		codes.VerdictEnforceRefused, codes.VerdictBroken, codes.VerdictEnforcePartial, codes.VerdictTestingWouldFail,
	}
	named := 0
	for _, word := range strings.Split(f.when, ",") {
		n := map[string]int{"refused": 1, "broken": 2, "any": len(worst)}[word]
		switch {
		case n > 0:
			named = max(named, n)
		case word == "suspect" && f.ofRun:
			suspect = true
		case f.when != "":
			known := []string{"broken", "refused", "any"}
			if f.ofRun {
				known = append(known, "suspect")
			}
			return nil, false, usage(fmt.Errorf("--fail-on %w", codes.Unknown(word, known)))
		}
	}
	return worst[:named], suspect, nil
}

// verdicts are those that the flag names, the worst first.
func (f *failOn) verdicts() ([]codes.Verdict, error) {
	verdicts, _, err := f.words()
	return verdicts, err
}

// judge is an error if a domain has one of the verdicts that the flag names.
func (f *failOn) judge(counted map[codes.Verdict]int64) error {
	verdicts, err := f.verdicts()
	if err != nil {
		return err
	}
	return f.failed(found(verdicts, counted), "")
}

// judgeRun is judge for the run, or shard, in a directory. Its error names the first of the domains, with their tags
// and what to do, in lines of so many columns, and says whether the run is suspect.
func (f *failOn) judgeRun(dir string, m *output.Manifest, columns int) error {
	named, suspect, err := f.words()
	if err != nil {
		return err
	}
	texts := found(named, m.Counts.Verdict)
	if suspect && m.Status == output.StatusSuspect {
		texts = append(texts, "the run is "+explain.StatusText(m))
	}
	return f.failed(texts, explain.Failing(dir, m, named, columns))
}

func (f *failOn) failed(texts []string, names string) error {
	if texts == nil {
		return nil
	}
	return &statusError{exitFailOn, fmt.Errorf("--fail-on %s: %s%s", f.when, strings.Join(texts, ", "), names)}
}

// found says how often verdicts occur.
func found(verdicts []codes.Verdict, counted map[codes.Verdict]int64) (texts []string) {
	for _, verdict := range verdicts {
		if n := counted[verdict]; n > 0 {
			texts = append(texts, fmt.Sprintf("%s %s", verdict, output.Grouped(n)))
		}
	}
	return texts
}
