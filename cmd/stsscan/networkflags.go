package main

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"stsscan/internal/resolver"
	"stsscan/internal/simnet"
)

// networkFlags say which Internet is asked, and how.
type networkFlags struct {
	sim       string
	seed      uint64
	night     int
	resolvers string
	proxy     string
	noIPv4    bool
	noIPv6    bool
	roots     string
	contact   string
	exclude   string
	timeout   time.Duration
	deadline  time.Duration
	retries   int
	rate      float64
	inFlight  int
	floor     int
	udp       string
	mixCase   bool
	surveys   int
	manners   mannersFlags
	trust     trustFlags

	given func(name string) bool // on the command line; nil: none is
}

func (f *networkFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.sim, "sim", "", "ask the simulated Internet: a `model` ("+strings.Join(simnet.Models(), ", ")+") or the path of a world")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the simulated Internet")
	flags.IntVar(&f.night, "night", 0, "which `night` of the simulated Internet: a population changes a little from each to the next")
	flags.StringVar(&f.resolvers, "resolvers", "", "upstream resolvers: `HOST[:PORT],...` or @FILE (default: the system's)")
	flags.StringVar(&f.proxy, "proxy", "", "reach Policy Hosts through a proxy: `socks5://HOST:PORT`")
	flags.BoolVar(&f.noIPv4, "no-ipv4", false, "reach Policy Hosts over IPv6 only, as where a proxy has no IPv4")
	flags.BoolVar(&f.noIPv6, "no-ipv6", false, "reach Policy Hosts over IPv4 only, as where a proxy has no IPv6")
	flags.StringVar(&f.roots, "roots", "", "trust the certificates of this PEM `file` instead of the built-in roots")
	flags.StringVar(&f.contact, "contact", "", "`mail or URL` for those who are asked; required on the real Internet")
	flags.StringVar(&f.exclude, "exclude", "",
		"`file` of domains, suffixes and networks that opted out; it may grow while a scan lasts")
	flags.DurationVar(&f.timeout, "timeout", 5*time.Second,
		"of one DNS attempt, and of all attempts at a question together while its resolver answers canaries promptly")
	flags.IntVar(&f.retries, "retries", 2,
		"more DNS attempts after the first; in later passes three times as many attempts, as long as nothing is answered")
	f.given = flags.Changed
	flags.DurationVar(&f.deadline, "deadline", 20*time.Second, "of one policy retrieval, from address to last byte; "+
		"unless it is given, lookup and the last of several passes wait for a minute")
	flags.Float64Var(&f.rate, "rate", 0, "DNS questions per second, 0 for no limit")
	flags.IntVar(&f.inFlight, "in-flight", 0, fmt.Sprintf("most DNS `questions` in flight; 0: %d, or %d where the resolvers are named or on this machine", modestWindow, largeWindow))
	flags.IntVar(&f.floor, "in-flight-floor", 16, "`questions` that a resolver under strain is still asked at a time")
	flags.StringVar(&f.udp, "udp", string(resolver.SocketsAuto), "how sockets are used: auto, segment (Linux: many questions as one), batch (Linux: many in a call) or portable")
	flags.BoolVar(&f.mixCase, "0x20", false, "mix upper and lower case in the sieve's questions, which replies must repeat: against forgery")
	flags.IntVar(&f.surveys, "surveys", 0, fmt.Sprintf(
		"most `connections` open at a time, to Policy Hosts and mail servers together; "+
			"0: what descriptors and memory allow, at most %d", mostConnections))
	f.manners.register(flags)
}

// check refuses flags that contradict each other or make no sense.
func (f *networkFlags) check() error {
	switch {
	case f.sim != "" && (f.resolvers != "" || f.proxy != "" || f.roots != ""):
		return usage(errors.New("--sim brings its own resolver, proxy and roots: leave out --resolvers, --proxy and --roots"))
	case f.noIPv4 && f.noIPv6:
		return usage(errors.New("--no-ipv4 and --no-ipv6: one of them must be left out"))
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
	case f.surveys < 0:
		return usage(fmt.Errorf("--surveys %d: must not be negative", f.surveys))
	}
	if _, err := resolver.ParseSocketAPI(f.udp); err != nil {
		return usage(fmt.Errorf("--udp: %w", err))
	}
	if f.contact != "" {
		if err := checkContact(f.contact); err != nil {
			return usage(fmt.Errorf("--contact: %w", err))
		}
	}
	return f.manners.check()
}

// lastDeadline is that of lookup and of the last of several passes, as
// survey.Config has it.
func (f *networkFlags) lastDeadline() time.Duration {
	if f.given != nil && f.given("deadline") {
		return f.deadline
	}
	return 0 // the usual minute
}

// checkContact refuses what is neither a mail address nor an http(s) URL.
func checkContact(contact string) error {
	if strings.ContainsFunc(contact, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '(' || r == ')' }) {
		return fmt.Errorf("%q must be printable ASCII without spaces and parentheses", contact)
	}
	if u, err := url.Parse(contact); err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" {
		return nil
	}
	if local, domain, ok := strings.Cut(strings.TrimPrefix(contact, "mailto:"), "@"); ok && local != "" && strings.Contains(domain, ".") {
		return nil
	}
	return fmt.Errorf("%q is neither a mail address nor an http(s) URL", contact)
}

// testBed reports whether nothing asked can be on the real Internet: it is
// simulated, or resolvers and proxy are named and on this machine, and private
// roots are trusted.
func (f *networkFlags) testBed() bool {
	if f.sim != "" {
		return true
	}
	u, err := url.Parse(f.proxy)
	if err != nil || f.proxy == "" || f.roots == "" || f.resolvers == "" {
		return false
	}
	upstreams, err := resolver.ParseUpstreams(f.resolvers)
	if err != nil {
		return false
	}
	for _, upstream := range upstreams {
		if !upstream.Addr().IsLoopback() {
			return false
		}
	}
	addr, err := netip.ParseAddr(u.Hostname())
	return err == nil && addr.IsLoopback()
}
