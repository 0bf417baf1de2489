package main

import (
	"fmt"
	"strings"
	"time"

	"stsscan/internal/resolver"

	"github.com/spf13/pflag"
)

// defaultMaxSilence is the share of questions without a reply that stops a resolver.
const defaultMaxSilence = 0.2

// preflightFlags say how resolvers are tried and watched.
type preflightFlags struct {
	enabled    bool
	canaries   bool
	zone       string
	maxSilence float64
	maxPause   time.Duration
}

func (f *preflightFlags) register(flags *pflag.FlagSet) {
	groupDNS.addTo(flags, func(flags *pflag.FlagSet) {
		flags.BoolVar(&f.enabled, "preflight", true, "test each resolver before the first domain")
		flags.BoolVar(&f.canaries, "canaries", true,
			"keep asking for names with known answers, and stop a resolver that fails or lies")
	})
	groupExpert.addTo(flags, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.zone, "canary-zone", "",
			"`ZONE`: zone of your own with known answers, as in deploy/canary.zone; default well-known names")
		flags.Float64Var(&f.maxSilence, "max-silence", defaultMaxSilence,
			"`SHARE`: stop a resolver that leaves a larger share of questions without a reply; 0, or in a test bed: no limit")
		flags.DurationVar(&f.maxPause, "max-pause", resolver.DefaultMaxPause,
			"`TIME`: wait this long for stopped resolvers, then end; the same command continues")
	})
}

func (f *preflightFlags) check() error {
	switch {
	case !(f.maxSilence >= 0 && f.maxSilence < 1):
		return usage(fmt.Errorf("--max-silence %g: must be a share, from 0 to less than 1", f.maxSilence))
	case f.maxPause <= 0:
		return usage(fmt.Errorf("--max-pause %v: must be positive", f.maxPause))
	case f.zone != "" && !isZone(f.zone):
		return usage(fmt.Errorf("--canary-zone %q: must be a domain name with room for a label before it", f.zone))
	}
	return nil
}

// isZone says whether a text is a domain name, of letters, digits, hyphens and
// underscores, before which a label has room (RFC 1035, section 2.3.4).
func isZone(text string) bool {
	text = strings.TrimSuffix(text, ".")
	if len(text) > 253-64 {
		return false
	}
	for label := range strings.SplitSeq(text, ".") {
		odd := func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_')
		}
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, odd) {
			return false
		}
	}
	return true
}
