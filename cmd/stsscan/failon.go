package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"stsscan/internal/codes"
)

// failOn is the flag --fail-on: which verdicts change the exit status.
type failOn string

func (f *failOn) register(flags *pflag.FlagSet) {
	groupEveryday.addTo(flags, func(flags *pflag.FlagSet) {
		flags.StringVar((*string)(f), "fail-on", "", "`WHEN`: exit with status 4 for a domain whose verdict is "+
			"refused (mail is refused), broken (that, or no usable policy) or any (that, or some MX host fails)")
	})
}

// verdicts are those that the flag names.
func (f failOn) verdicts() ([]codes.Verdict, error) {
	refused := []codes.Verdict{codes.VerdictEnforceRefused}
	broken := append(refused, codes.VerdictBroken)
	switch f {
	case "":
		return nil, nil
	case "refused":
		return refused, nil
	case "broken":
		return broken, nil
	case "any":
		return append(broken, codes.VerdictEnforcePartial, codes.VerdictTestingWouldFail), nil
	}
	return nil, usage(fmt.Errorf("--fail-on %q: must be broken, refused or any", string(f)))
}

// judge is an error if a domain has one of the verdicts that the flag names.
func (f failOn) judge(counted map[codes.Verdict]int64) error {
	named, err := f.verdicts()
	if err != nil {
		return err
	}
	var found []string
	for _, verdict := range codes.Verdicts() {
		if n := counted[verdict]; n > 0 && slices.Contains(named, verdict) {
			found = append(found, fmt.Sprintf("%s %d", verdict, n))
		}
	}
	if found == nil {
		return nil
	}
	return &statusError{exitFailOn, fmt.Errorf("--fail-on %s: %s", f, strings.Join(found, ", "))}
}
