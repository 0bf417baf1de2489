package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"

	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
	"stsscan/internal/simnet"
	"stsscan/internal/survey"
)

// A network is the way out: the DNS engine, and the client that fetches
// policies.
type network struct {
	engine    *resolver.Resolver
	client    *mtasts.Client
	transport *egress.Transport
	mailDoor  *egress.MailDoor
	manners   func() egress.MannersCounts // what manners have cost so far
	upstreams []string
	inFlight  int
	roots     rootsInfo
	closers   []func()
}

// rootsInfo says which roots are trusted.
type rootsInfo struct{ source, date string }

// open builds the network that the flags describe, and sends nothing. The world of
// --sim lives until the network is closed. Metrics may be nil.
func (f *networkFlags) open(
	ctx context.Context, excluded *domains.ExclusionFile, log *slog.Logger, metrics *metrics,
) (_ *network, err error) {
	n := new(network)
	defer func() {
		if err != nil {
			n.close()
		}
	}()

	var upstreams []netip.AddrPort
	var dial func(context.Context, string, string) (net.Conn, error)
	var roots *x509.CertPool
	if f.sim != "" {
		world, err := openWorld(f.sim, f.seed, f.night)
		if err != nil {
			return nil, err
		}
		n.closers = append(n.closers, world.Close)
		// What is in flight is finished after an interrupt: so the world goes on.
		server, err := world.Listen(context.WithoutCancel(ctx), simnet.Addrs{DNS: "127.0.0.1:0"})
		if err != nil {
			return nil, err
		}
		n.closers = append(n.closers, func() { _ = server.Close() })
		upstreams, dial, roots = []netip.AddrPort{server.DNS}, world.DialContext, world.Roots()
		n.roots = rootsInfo{source: "simulated Internet"}
	} else if upstreams, roots, err = f.real(n); err != nil {
		return nil, err
	}

	n.inFlight = f.window(upstreams)
	ports, err := systemLimits().sockets(len(upstreams))
	if err != nil {
		return nil, err
	}
	n.engine, err = resolver.New(resolver.Config{
		Upstreams: upstreams, Timeout: f.timeout, Retries: f.retries, Rate: f.rate, InFlight: n.inFlight, Floor: f.floor,
		MixCase: f.mixCase, Sockets: resolver.SocketAPI(f.udp), Ports: ports, Log: log,
	})
	if err != nil {
		return nil, err
	}
	n.closers = append(n.closers, func() { _ = n.engine.Close() })
	for _, u := range upstreams {
		n.upstreams = append(n.upstreams, u.String())
	}

	config := egress.Config{
		Resolve: survey.Hosts(n.engine, excluded.Domain), OptedOut: excluded.Addr, Dial: dial, Roots: roots,
		UserAgent: userAgent(f.contact), Log: log, Manners: f.manners.manners(f.testBed()),
		NoIPv4: f.noIPv4, NoIPv6: f.noIPv6,
		Connections: systemLimits().connections(f.surveys, f.proxy != "", log),
	}
	n.client = &mtasts.Client{Exchanger: n.engine, Log: log}
	if metrics != nil {
		config.Observe, n.client.Observe = metrics.observeRequest, metrics.observe
	}
	if f.proxy != "" {
		if config.Proxy, err = url.Parse(f.proxy); err != nil {
			return nil, usage(fmt.Errorf("--proxy: %w", err))
		}
	}
	transport, err := egress.NewTransport(config)
	switch {
	case err != nil && f.proxy != "":
		return nil, usage(fmt.Errorf("--proxy: %w", err))
	case err != nil:
		return nil, err
	}
	tellFamilies(transport, log)
	n.transport = transport
	n.manners = transport.Manners
	n.mailDoor = transport.MailDoor()
	n.client.Transport = transport
	return n, nil
}

// tellFamilies says which hosts this machine cannot reach. Most machines without one
// of the families have no IPv6.
func tellFamilies(transport *egress.Transport, log *slog.Logger) {
	switch ipv4, ipv6 := transport.Families(); {
	case !ipv4:
		log.Warn("no IPv4 here: what hosts with IPv4 addresses only do stays unknown (no_ipv4)")
	case !ipv6:
		log.Info("no IPv6 here: what hosts with IPv6 addresses only do stays unknown (no_ipv6)")
	}
}

// How many questions are in flight where no flag says so. The system's resolver
// is shared with others; one that was named, or runs on this machine, is there
// to be used.
const (
	modestWindow = 1_000
	largeWindow  = 10_000
)

func (f *networkFlags) window(upstreams []netip.AddrPort) int {
	away := func(u netip.AddrPort) bool { return !u.Addr().IsLoopback() }
	switch {
	case f.inFlight > 0:
		return f.inFlight
	case f.resolvers == "" && slices.ContainsFunc(upstreams, away):
		return modestWindow
	}
	return largeWindow
}

// named are the upstreams that the flags name, or the system does; none where they
// are simulated.
func (f *networkFlags) named() ([]netip.AddrPort, error) {
	switch {
	case f.sim != "":
		return nil, nil
	case f.resolvers != "":
		return parseUpstreams("resolvers", f.resolvers)
	}
	upstreams, err := resolver.SystemUpstreams()
	if err != nil {
		return nil, fmt.Errorf("resolvers of the system: %w", err)
	}
	return upstreams, nil
}

// real reads the upstreams and roots of a network that is not simulated here.
func (f *networkFlags) real(n *network) (upstreams []netip.AddrPort, roots *x509.CertPool, err error) {
	if upstreams, err = f.named(); err != nil {
		return nil, nil, err
	}
	if f.roots != "" {
		roots, err = egress.ReadRoots(f.roots)
		n.roots = rootsInfo{source: f.roots}
	} else {
		n.roots.source = "Mozilla, as bundled with golang.org/x/crypto"
		roots, n.roots.date, err = egress.BundleRoots()
	}
	return upstreams, roots, err
}

func (n *network) close() {
	for i := len(n.closers) - 1; i >= 0; i-- {
		n.closers[i]()
	}
}

// openWorld opens a world by the name of its model, or from its path. A world
// that somebody wrote has neither seed nor nights.
func openWorld(name string, seed uint64, night int) (*simnet.World, error) {
	for _, model := range simnet.Models() {
		if name == model {
			world, err := simnet.Generate(name, seed, night)
			if err != nil {
				return nil, usage(err)
			}
			return world, nil
		}
	}
	world, err := simnet.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		models := strings.Join(simnet.Models(), ", ")
		return nil, usage(fmt.Errorf("%q is neither a model (%s) nor a world: %w", name, models, err))
	}
	return world, err
}

// userAgent says who asks and where to complain.
func userAgent(contact string) string {
	if contact == "" {
		return "stsscan/" + versionNumber()
	}
	return "stsscan/" + versionNumber() + " (+" + contact + ")"
}
