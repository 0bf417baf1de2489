package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"stsscan/internal/egress"
)

// mannersFlags say how often Policy Hosts are bothered.
type mannersFlags struct {
	given func(name string) bool // on the command line; nil: none is

	hostConnections, networkConnections int
	hostRate, networkRate               float64
	hostQueue                           int
	hostWait, retryAfter, slowWait      time.Duration
}

func (f *mannersFlags) register(flags *pflag.FlagSet) {
	f.given = flags.Changed
	flags.IntVar(&f.hostConnections, "host-connections", 2, "connections at a time to one address, 0 for no limit; test beds have no limits of this kind but those given")
	flags.Float64Var(&f.hostRate, "host-rate", 2, "new connections per second to one address, 0 for no limit")
	flags.IntVar(&f.networkConnections, "network-connections", 16, "connections at a time to one /24 or /48, 0 for no limit")
	flags.Float64Var(&f.networkRate, "network-rate", 16, "new connections per second to one /24 or /48, 0 for no limit")
	flags.IntVar(&f.hostQueue, "host-queue", 8, "surveys that wait for one address, before more are put off")
	flags.DurationVar(&f.hostWait, "host-wait", 5*time.Second, "for which a survey waits for an address, before it is put off")
	flags.DurationVar(&f.retryAfter, "retry-after", 10*time.Minute, "longest Retry-After to honour, 0 for none; "+
		"it is about the domain that sent it, and about its address where half of the domains there say so")
}

// registerScan registers what is about many hosts of one address; without it there is
// no limit.
func (f *mannersFlags) registerScan(flags *pflag.FlagSet) {
	flags.DurationVar(&f.slowWait, "slow-wait", 10*time.Minute, "for which the slow hosts of one address are waited for in a run, "+
		"beyond what a quick retrieval takes, in sum; 0 for no limit; a scan that goes on begins anew")
}

func (f *mannersFlags) check() error {
	for _, flag := range []struct {
		name  string
		value float64
	}{
		{"host-connections", float64(f.hostConnections)}, {"host-rate", f.hostRate},
		{"network-connections", float64(f.networkConnections)}, {"network-rate", f.networkRate},
		{"host-queue", float64(f.hostQueue)}, {"host-wait", f.hostWait.Seconds()}, {"retry-after", f.retryAfter.Seconds()}, {"slow-wait", f.slowWait.Seconds()},
	} {
		if !(flag.value >= 0) || flag.value > 1e9 {
			return usage(fmt.Errorf("--%s: must be from 0 to 10^9", flag.name))
		}
	}
	return nil
}

// manners are what the flags say. In a test bed thousands of hosts share few
// addresses, and there is nobody to bother: limits are those that were given.
func (f *mannersFlags) manners(testBed bool) egress.Manners {
	m := egress.NoManners()
	applies := func(name string) bool { return !testBed || f.given != nil && f.given(name) }
	if applies("host-connections") && f.hostConnections > 0 {
		m.HostConnections = f.hostConnections
	}
	if applies("host-rate") && f.hostRate > 0 {
		m.HostRate = f.hostRate
	}
	if applies("network-connections") && f.networkConnections > 0 {
		m.NetworkConnections = f.networkConnections
	}
	if applies("network-rate") && f.networkRate > 0 {
		m.NetworkRate = f.networkRate
	}
	if applies("retry-after") && f.retryAfter > 0 {
		m.MaxRetryAfter = f.retryAfter
	}
	if applies("slow-wait") && f.slowWait > 0 {
		m.SlowTime = f.slowWait
	}
	if m.Queue = f.hostQueue; m.Queue == 0 {
		m.Queue = -1
	}
	if m.MaxWait = f.hostWait; m.MaxWait == 0 {
		m.MaxWait = -1
	}
	return m
}
