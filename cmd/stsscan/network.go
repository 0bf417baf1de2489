package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/machine"
	"stsscan/internal/metrics"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/rundir"
	"stsscan/internal/simnet"
	"stsscan/internal/suffixes"
	"stsscan/internal/survey"
	"stsscan/internal/udpbatch"
)

// A network is the DNS engine and the client that fetches policies.
type network struct {
	engine    *resolver.Resolver
	upstreams []netip.AddrPort // of engine
	client    *mtasts.Client
	transport *egress.Transport
	inFlight  int
	roots     output.Roots
	suffixes  *suffixes.List // for registered domains
	closers   []func()
}

// ofRun is the network as the record of a run sees it.
func (n *network) ofRun() rundir.Network {
	return rundir.Network{Engine: n.engine, Transport: n.transport, Roots: n.roots}
}

// open builds the network that the flags describe, and sends nothing. The world of --sim is closed with the
// network. Metrics may be nil.
func (f *networkFlags) open(
	ctx context.Context, excluded *domains.ExclusionFile, log *slog.Logger, metrics *metrics.Metrics,
) (_ *network, err error) {
	n := &network{suffixes: suffixes.NewList()}
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
		// After an interrupt, what is in flight is finished: the world must outlast ctx.
		server, err := world.Listen(context.WithoutCancel(ctx), simnet.Addrs{DNS: anyPort})
		if err != nil {
			return nil, err
		}
		n.closers = append(n.closers, func() { _ = server.Close() })
		upstreams, dial, roots = []netip.AddrPort{server.DNS}, world.DialContext, world.Roots()
		n.roots = output.Roots{Source: "simulated Internet"}
	} else if upstreams, roots, err = f.realNetwork(ctx, n, log); err != nil {
		return nil, err
	}
	n.upstreams = upstreams

	n.inFlight = f.mostInFlight(upstreams)
	ports, err := machine.Now().Sockets(len(upstreams))
	if err != nil {
		return nil, err
	}
	n.engine, err = resolver.New(resolver.Config{
		Upstreams: upstreams, Timeout: f.timeout, Retries: f.retries, Rate: f.rateShare(), InFlight: n.inFlight,
		Floor: f.floor, MixCase: f.mixCase, Sockets: udpbatch.Method(f.udp), Ports: ports, Log: log,
	})
	if err != nil {
		return nil, err
	}
	n.closers = append(n.closers, func() { _ = n.engine.Close() })

	config := egress.Config{
		Resolve: survey.Hosts(n.engine, excluded.Domain), OptedOut: excluded.Addr, Dial: dial, Roots: roots,
		UserAgent: egress.UserAgent(versionNumber(), f.contact), Log: log, Manners: f.manners.manners(f.testBed(), f.processes),
		NoIPv4: f.noIPv4, NoIPv6: f.noIPv6,
		Connections: machine.Now().Connections(f.connections, f.proxy != "", log),
	}
	n.client = &mtasts.Client{Exchanger: n.engine, Log: log}
	if metrics != nil {
		config.Observe, n.client.Observe = metrics.ObserveRequest, metrics.ObserveSurvey
	}
	if f.proxy != "" {
		if config.Proxy, err = f.proxyURL(); err != nil {
			return nil, usage(errors.New("--proxy: not of the form socks5://host:port")) // it may have a password
		}
		// The dialer tries all addresses of a name, each time; here it must only have some.
		if host := config.Proxy.Hostname(); host != "" {
			if _, err := resolveServers(ctx, "proxy", "["+host+"]", log); err != nil {
				return nil, err
			}
		}
	}
	transport, err := egress.NewTransport(config)
	switch {
	case err != nil && f.proxy != "":
		return nil, usage(fmt.Errorf("--proxy: %w", err))
	case err != nil:
		return nil, err
	}
	logFamilies(transport, log)
	n.transport = transport
	n.client.Transport = transport
	return n, nil
}

// logFamilies says which hosts this machine cannot reach. A machine without IPv6 is common.
func logFamilies(transport *egress.Transport, log *slog.Logger) {
	switch ipv4, ipv6 := transport.Families(); {
	case !ipv4:
		log.Warn("no IPv4 here: policies of hosts with IPv4 addresses only stay unknown (no_ipv4)")
	case !ipv6:
		log.Info("no IPv6 here: policies of hosts with IPv6 addresses only stay unknown (no_ipv6)")
	}
}

// realNetwork reads the upstreams and roots of a network that is not simulated.
func (f *networkFlags) realNetwork(
	ctx context.Context, n *network, log *slog.Logger,
) (upstreams []netip.AddrPort, roots *x509.CertPool, err error) {
	if upstreams, err = f.upstreams(ctx, log); err != nil {
		return nil, nil, err
	}
	if f.roots != "" {
		roots, err = egress.ReadRoots(f.roots)
		n.roots = output.Roots{Source: f.roots}
	} else {
		n.roots.Source = "Mozilla, as bundled with golang.org/x/crypto"
		roots, n.roots.Date, err = egress.BundleRoots()
	}
	return upstreams, roots, err
}

func (n *network) close() {
	for i := len(n.closers) - 1; i >= 0; i-- {
		n.closers[i]()
	}
}
