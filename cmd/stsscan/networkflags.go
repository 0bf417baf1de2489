package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/machine"
	"stsscan/internal/resolvconf"
	"stsscan/internal/resolver"
	"stsscan/internal/survey"
	"stsscan/internal/udpbatch"
)

// defaultRetries is how many DNS attempts follow the first.
const defaultRetries = 2

// networkFlags say which Internet to ask, and how.
type networkFlags struct {
	sim         string
	seed        uint64
	night       int
	resolvers   string
	proxy       string
	noIPv4      bool
	noIPv6      bool
	roots       string
	contact     string
	exclude     string
	timeout     time.Duration
	deadline    time.Duration
	retries     int
	rate        float64
	inFlight    int
	floor       int
	udp         string
	mixCase     bool
	connections int // the flag --surveys
	manners     mannersFlags
	preflight   preflightFlags

	changed func(name string) bool // whether a flag is on the command line; nil: none is

	processes int // that keep to rate and manners together; 0: only this one
}

// rateShare is this process's share of the rate; 0: no limit.
func (f *networkFlags) rateShare() float64 { return f.rate / float64(max(f.processes, 1)) }

func (f *networkFlags) register(flags *pflag.FlagSet) {
	f.changed = flags.Changed
	groupEveryday.addTo(flags, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.contact, "contact", "",
			"`WHO`: your mail address or URL, for those you ask; scans of the real Internet need it")
		flags.StringVar(&f.resolvers, "resolvers", "",
			"`LIST`: ask these resolvers: HOST[:PORT],... or @FILE; default the system's")
		flags.StringVar(&f.exclude, "exclude", "",
			"`FILE`: domains, suffixes and networks that opted out; it may grow during a scan")
	})
	groupDNS.addTo(flags, func(flags *pflag.FlagSet) {
		flags.Float64Var(&f.rate, "rate", 0, "`N`: ask at most N questions a second, all shards together; 0 for no limit")
		flags.IntVar(&f.inFlight, "in-flight", 0, fmt.Sprintf("`N`: keep at most N questions in flight; "+
			"0 is %d, or %d if the resolvers are named or on this machine", sharedInFlight, ownInFlight))
		flags.DurationVar(&f.timeout, "timeout", resolver.DefaultTimeout,
			"`TIME`: wait this long for an attempt, and for all together while the resolver is prompt")
		flags.IntVar(&f.retries, "retries", defaultRetries,
			"`N`: without an answer, ask N times more; later passes make three times as many attempts")
	})
	groupHosts.addTo(flags, func(flags *pflag.FlagSet) {
		flags.DurationVar(&f.deadline, "deadline", survey.DefaultDeadline, "`TIME`: time to retrieve a policy; "+
			"unless given, "+durationText(survey.DefaultLastDeadline)+" in lookup and in the last of several passes")
		flags.IntVar(&f.connections, "surveys", 0, fmt.Sprintf("`N`: open at most N connections, those to mail servers "+
			"included; 0 is what memory and open files allow, at most %d", machine.MostConnections))
		flags.StringVar(&f.proxy, "proxy", "", "`URL`: connect through a proxy, socks5://HOST:PORT")
		flags.StringVar(&f.roots, "roots", "",
			"`FILE`: trust the root certificates in this PEM file instead of Mozilla's")
	})
	f.manners.register(flags)
	groupTestBed.addTo(flags, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.sim, "sim", "",
			"`MODEL`: ask the simulated Internet: "+modelNames()+", or the path of a world")
		registerWorld(flags, &f.seed, &f.night)
	})
	groupExpert.addTo(flags, func(flags *pflag.FlagSet) {
		flags.BoolVar(&f.mixCase, "0x20", false, "mix upper and lower case in questions, against forged replies")
		flags.StringVar(&f.udp, "udp", string(udpbatch.Auto),
			"`HOW`: how to use UDP sockets: auto, segment or batch (Linux only), or portable")
		flags.IntVar(&f.floor, "in-flight-floor", resolver.DefaultFloor,
			"`N`: keep at least N questions in flight with a resolver under strain")
		flags.BoolVar(&f.noIPv4, "no-ipv4", false, "connect over IPv6 only, as for a proxy without IPv4")
		flags.BoolVar(&f.noIPv6, "no-ipv6", false, "connect over IPv4 only, as for a proxy without IPv6")
	})
}

// check refuses flags that contradict each other or make no sense.
func (f *networkFlags) check() error {
	switch {
	case f.sim != "" && (f.resolvers != "" || f.proxy != "" || f.roots != ""):
		return usage(errors.New("--sim has its own resolver, proxy and roots: leave out --resolvers, --proxy and --roots"))
	case f.noIPv4 && f.noIPv6:
		return usage(errors.New("--no-ipv4 and --no-ipv6: leave out one of them"))
	case f.timeout <= 0:
		return usage(fmt.Errorf("--timeout %v: must be positive", f.timeout))
	case f.deadline <= 0:
		return usage(fmt.Errorf("--deadline %v: must be positive", f.deadline))
	case f.retries < 0 || f.retries > resolver.MaxRetries:
		return usage(fmt.Errorf("--retries %d: must be from 0 to %d", f.retries, resolver.MaxRetries))
	case !(f.rate >= 0):
		return usage(fmt.Errorf("--rate %v: must not be negative", f.rate))
	case f.inFlight < 0:
		return usage(fmt.Errorf("--in-flight %d: must not be negative", f.inFlight))
	case f.inFlight > resolver.MostInFlight:
		return usage(fmt.Errorf("--in-flight %d: must be at most %d", f.inFlight, resolver.MostInFlight))
	case f.floor < 1:
		return usage(fmt.Errorf("--in-flight-floor %d: must be at least 1", f.floor))
	case f.connections < 0:
		return usage(fmt.Errorf("--surveys %d: must not be negative", f.connections))
	}
	if !slices.Contains(udpbatch.Methods(), udpbatch.Method(f.udp)) {
		return usage(fmt.Errorf("--udp %w", codes.Unknown(f.udp, udpbatch.Methods())))
	}
	if f.contact != "" {
		if err := egress.CheckContact(f.contact); err != nil {
			return usage(fmt.Errorf("--contact: %w", err))
		}
	}
	return f.manners.check()
}

// lastDeadline is the deadline in lookup and in the last of several passes, as pipeline.Config has it.
func (f *networkFlags) lastDeadline() time.Duration {
	if f.changed != nil && f.changed("deadline") {
		return f.deadline
	}
	return 0 // survey.DefaultLastDeadline
}

// testBed reports whether the real Internet is out of reach: the Internet is simulated, or resolvers and
// proxy are named and on this machine, and private roots are trusted.
func (f *networkFlags) testBed() bool {
	if f.sim != "" {
		return true
	}
	u, err := f.proxyURL()
	if err != nil || f.proxy == "" || f.roots == "" || f.resolvers == "" {
		return false
	}
	servers, err := resolvconf.Parse(f.resolvers)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback() &&
		!slices.ContainsFunc(servers, func(s resolvconf.Server) bool { return s.Name != "" || isRemote(s.Addr) })
}

// proxyURL is the value of --proxy, whose port may stand after #.
func (f *networkFlags) proxyURL() (*url.URL, error) {
	return url.Parse(strings.Replace(f.proxy, "#", ":", 1))
}

// isRemote reports whether an address is not of this machine's loopback.
func isRemote(addr netip.AddrPort) bool { return !addr.Addr().IsLoopback() }

// Questions in flight without --in-flight. Others share the system's resolver, unless it is named or runs on
// this machine.
const (
	sharedInFlight = resolver.DefaultInFlight
	ownInFlight    = 10_000
)

func (f *networkFlags) mostInFlight(upstreams []netip.AddrPort) int {
	switch {
	case f.inFlight > 0:
		return f.inFlight
	case f.resolvers == "" && slices.ContainsFunc(upstreams, isRemote):
		return sharedInFlight
	}
	return ownInFlight
}

// upstreams are the resolvers that the flags name, or the system does.
func (f *networkFlags) upstreams(ctx context.Context, log *slog.Logger) ([]netip.AddrPort, error) {
	if f.resolvers != "" {
		return resolveServers(ctx, "resolvers", f.resolvers, log)
	}
	upstreams, err := resolvconf.System()
	if err != nil {
		return nil, fmt.Errorf("%w: name resolvers to ask, such as --resolvers 127.0.0.1", err)
	}
	return upstreams, nil
}
