package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"stsscan/internal/egress"
)

// mannersFlags limit the load on Policy Hosts and mail servers.
type mannersFlags struct {
	changed func(name string) bool // on the command line; nil: none is

	hostConnections, networkConnections int
	hostRate, networkRate               float64
	hostQueue                           int
	hostWait, retryAfter, slowWait      time.Duration
}

func (f *mannersFlags) register(flags *pflag.FlagSet) {
	f.changed = flags.Changed
	usual := egress.DefaultManners()
	groupHosts.addTo(flags, func(flags *pflag.FlagSet) {
		flags.IntVar(&f.hostConnections, "host-connections", usual.HostConnections,
			"`N`: at most N connections at a time to one address; 0 for no limit; in a test bed only if given")
		flags.Float64Var(&f.hostRate, "host-rate", usual.HostRate,
			"`N`: at most N new connections a second to one address; 0 for no limit; in a test bed only if given")
		flags.DurationVar(&f.retryAfter, "retry-after", usual.MaxRetryAfter,
			"`TIME`: longest Retry-After to obey; 0 for none; in a test bed only if given")
	})
	groupExpert.addTo(flags, func(flags *pflag.FlagSet) {
		flags.IntVar(&f.networkConnections, "network-connections", usual.NetworkConnections,
			"`N`: at most N connections at a time to one /24 or /48; 0 for no limit; in a test bed only if given")
		flags.Float64Var(&f.networkRate, "network-rate", usual.NetworkRate,
			"`N`: at most N new connections a second to one /24 or /48; 0 for no limit; in a test bed only if given")
		flags.IntVar(&f.hostQueue, "host-queue", usual.Queue,
			"`N`: let N requests wait for one address, and put off the others")
		flags.DurationVar(&f.hostWait, "host-wait", usual.MaxWait,
			"`TIME`: put off a request that has waited this long for an address")
	})
}

// registerScan registers the limit on all slow hosts of an address. Other commands have none.
func (f *mannersFlags) registerScan(flags *pflag.FlagSet) {
	groupExpert.addTo(flags, func(flags *pflag.FlagSet) {
		flags.DurationVar(&f.slowWait, "slow-wait", egress.DefaultManners().SlowTime,
			"`TIME`: wait this long, in sum, for the slow hosts of one address; 0 for no limit; in a test bed only if given")
	})
}

func (f *mannersFlags) check() error {
	for _, flag := range []struct {
		name  string
		value float64
	}{
		{"host-connections", float64(f.hostConnections)}, {"host-rate", f.hostRate},
		{"network-connections", float64(f.networkConnections)}, {"network-rate", f.networkRate},
		{"host-queue", float64(f.hostQueue)}, {"host-wait", f.hostWait.Seconds()},
		{"retry-after", f.retryAfter.Seconds()}, {"slow-wait", f.slowWait.Seconds()},
	} {
		if !(flag.value >= 0) || flag.value > 1e9 {
			return usage(fmt.Errorf("--%s: must be from 0 to 10^9", flag.name))
		}
	}
	return nil
}

// manners are the limits of the flags, or the share of one of several processes that keep to them together. A test
// bed, where thousands of hosts share few addresses, has only those that were given.
func (f *mannersFlags) manners(testBed bool, processes int) egress.Manners {
	applies := func(name string) bool { return !testBed || f.changed != nil && f.changed(name) }
	whole := egress.Manners{
		HostConnections:    boundOf(applies("host-connections"), f.hostConnections),
		HostRate:           boundOf(applies("host-rate"), f.hostRate),
		NetworkConnections: boundOf(applies("network-connections"), f.networkConnections),
		NetworkRate:        boundOf(applies("network-rate"), f.networkRate),
		Queue:              boundOf(true, f.hostQueue),
		MaxWait:            boundOf(true, f.hostWait),
		MaxRetryAfter:      boundOf(applies("retry-after"), f.retryAfter),
		SlowTime:           boundOf(applies("slow-wait"), f.slowWait),
	}
	return whole.Share(max(processes, 1))
}

// boundOf is a bound as egress.Manners has it: negative is none.
func boundOf[Number int | float64 | time.Duration](applies bool, bound Number) Number {
	if !applies || bound == 0 {
		return -1
	}
	return bound
}
