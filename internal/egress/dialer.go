package egress

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"stsscan/internal/codes"
)

// perFamily is how many addresses of a family are tried.
const perFamily = 2

// A Dialer connects to port 443 of hosts that strangers named.
type Dialer struct {
	resolve  func(ctx context.Context, host string) ([]netip.Addr, error)
	dial     func(ctx context.Context, network, address string) (net.Conn, error)
	routed   func(netip.Addr) bool // whether this machine has a route; nil: always
	optedOut func(netip.Addr) bool
	timeout  time.Duration // of one address
}

// Dial finds the addresses of host once, judges each, and connects to the first
// that answers: IPv6 before IPv4, at most two of each. Whatever is learnt goes
// into the trace of ctx, whose deadline is the limit of it all.
//
// Errors of the name's resolution are passed on as they are; all others are of
// type *[Error].
func (d *Dialer) Dial(ctx context.Context, host string) (net.Conn, error) {
	trace := traceOf(ctx)
	began := time.Now()
	addrs, err := d.resolve(ctx, host)
	trace.DNSTime = time.Since(began)
	if err != nil {
		return nil, err
	}
	trace.HostAddrs = addrs
	allowed, err := d.allowed(trace, addrs)
	if err != nil {
		return nil, err
	}
	for _, addr := range d.order(allowed) {
		trace.Addr = addr
		conn, dialErr := d.connect(ctx, trace, addr)
		if dialErr == nil {
			return conn, nil
		}
		if err = dialErr; ctx.Err() != nil {
			break
		}
	}
	if err == nil { // nothing to try: addresses of IPv6 only, and no route to them
		return nil, &Error{stage: codes.StageTCP, reason: codes.ReasonNoIPv6, err: errors.New("no route to any IPv6 address")}
	}
	return nil, err
}

// allowed leaves out the addresses that must not be contacted. It is an error
// when that is all of them.
func (d *Dialer) allowed(trace *Trace, addrs []netip.Addr) ([]netip.Addr, error) {
	var allowed []netip.Addr
	var cause error
	reason := codes.ReasonOptedOut
	for _, addr := range addrs {
		if err := Judge(addr); err != nil {
			cause, reason = err, codes.ReasonForbiddenAddress
			trace.HadForbidden = true
			continue
		}
		if d.optedOut(addr) {
			continue
		}
		allowed = append(allowed, addr)
	}
	switch {
	case len(addrs) == 0:
		return nil, &Error{stage: codes.StageDNS, reason: codes.ReasonNoData, err: errors.New("no addresses")}
	case len(allowed) == 0 && cause == nil:
		cause = errors.New("its network opted out")
	}
	if len(allowed) == 0 {
		return nil, &Error{stage: codes.StageDNS, reason: reason, err: cause}
	}
	return allowed, nil
}

// order picks the addresses to try. IPv6 addresses come first, unless this
// machine has no route to them; that IPv4 has none is left to be found out by
// dialling, since it is a fault of this machine.
func (d *Dialer) order(addrs []netip.Addr) []netip.Addr {
	var v4, v6 []netip.Addr
	for _, addr := range addrs {
		switch {
		case addr.Is4() && len(v4) < perFamily:
			v4 = append(v4, addr)
		case addr.Is6() && len(v6) < perFamily && (d.routed == nil || d.routed(addr)):
			v6 = append(v6, addr)
		}
	}
	return append(v6, v4...)
}

func (d *Dialer) connect(ctx context.Context, trace *Trace, addr netip.Addr) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()
	began := time.Now()
	conn, err := d.dial(ctx, "tcp", netip.AddrPortFrom(addr, httpsPort).String())
	trace.ConnectTime = time.Since(began)
	if err == nil {
		return conn, nil
	}
	e := dialError(err)
	if e.reason == codes.ReasonUnreachable && d.routed != nil && !d.routed(addr) {
		e.local = true
	}
	return nil, e
}

// routed reports whether this machine has a route to addr. Connecting a UDP
// socket looks the route up and sends nothing.
func routed(addr netip.Addr) bool {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, httpsPort)))
	if err != nil {
		return false
	}
	return conn.Close() == nil
}
