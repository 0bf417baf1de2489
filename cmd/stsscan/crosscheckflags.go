package main

import (
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/spf13/pflag"

	"stsscan/internal/output"
)

// crossCheckFlags say whom the run's answers are held against.
type crossCheckFlags struct {
	resolvers string
	share     float64

	upstreams []netip.AddrPort // of resolvers
}

// crossCheckRate is how many questions a second a resolver of a cross-check gets that
// is not on this machine, where no flag says otherwise: it is likely to be
// somebody else's.
const crossCheckRate = 1000

// defaultCrossCheckShare is the share of the domains without a record that are asked for.
const defaultCrossCheckShare = 0.01

func (f *crossCheckFlags) register(flags *pflag.FlagSet) {
	groupDNS.addTo(flags, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.resolvers, "cross-check", "",
			"`LIST`: at the end, ask other resolvers for all records and a sample of the denials, and compare")
	})
	groupExpert.addTo(flags, func(flags *pflag.FlagSet) {
		flags.Float64Var(&f.share, "cross-check-share", defaultCrossCheckShare, "`SHARE`: share of the denials that --cross-check asks for")
	})
}

// check reads the list of resolvers. None of them may be one that the run asks.
func (f *crossCheckFlags) check(n *networkFlags) (err error) {
	if f.share < 0 || f.share > 1 || math.IsNaN(f.share) {
		return usage(fmt.Errorf("--cross-check-share %g: must be a share, from 0 to 1", f.share))
	}
	if f.resolvers == "" {
		return nil
	}
	if f.upstreams, err = parseUpstreams("cross-check", f.resolvers); err != nil {
		return err
	}
	ours, _ := n.upstreams() // its error comes when they are opened
	for _, u := range f.upstreams {
		switch {
		case slices.ContainsFunc(ours, func(our netip.AddrPort) bool { return unmapped(our) == unmapped(u) }):
			return usage(fmt.Errorf("--cross-check %s: the run asks that resolver itself", u))
		case n.testBed() && !u.Addr().IsLoopback():
			return usage(fmt.Errorf("--cross-check %s: a resolver on the real Internet knows nothing about a test bed", u))
		}
	}
	return nil
}

// unmapped is the form in which addresses compare.
func unmapped(u netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(u.Addr().Unmap(), u.Port()) }

// names are the resolvers as they were written to run.json.
func (f *crossCheckFlags) names() (names []string) {
	for _, u := range f.upstreams {
		names = append(names, u.String())
	}
	return names
}

// crossCheckOf is the cross-check of a run; nil where there was none.
func crossCheckOf(m *output.Manifest) *output.CrossCheck {
	if m.Trust == nil {
		return nil
	}
	return m.Trust.CrossCheck
}
