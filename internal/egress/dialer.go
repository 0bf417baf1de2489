package egress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
	"stsscan/internal/limiter"
)

const (
	httpsPort = 443

	// maxPerFamily bounds the addresses that are dialled for one host.
	maxPerFamily = 2
)

// A Dialer connects to port 443 of hosts whose addresses strangers chose. It
// may be used concurrently.
type Dialer struct {
	config  Config
	port    uint16
	limiter *limiter.Limiter
	slow    *limiter.SlowHosts
	families
	ipv4, ipv6 bool // this machine, or whoever dials for it, reaches the Internet of that family
}

// NewDialer makes a Dialer. Of c it uses Resolve, Dial, Proxy, NoIPv4, NoIPv6,
// OptedOut, Manners, Connections, DialTimeout and SettleTime.
func NewDialer(c Config) (*Dialer, error) {
	switch {
	case c.Resolve == nil:
		return nil, errors.New("egress: nobody to resolve host names")
	case c.Dial != nil && c.Proxy != nil:
		return nil, errors.New("egress: either a dial function or a proxy")
	}
	sockets := c.Dial == nil && c.Proxy == nil
	d := &Dialer{
		config: c.withDefaults(), port: httpsPort, limiter: limiter.New(c.Manners, c.Connections),
		slow: limiter.NewSlowHosts(c.Manners), families: newFamilies(sockets),
	}
	switch {
	case c.Proxy != nil:
		var err error
		if d.config.Dial, err = proxyDial(c.Proxy); err != nil {
			return nil, err
		}
	case c.Dial == nil:
		d.config.Dial = socketDial
	}
	d.ipv4, d.ipv6 = !sockets || hasIPv4(), !sockets || hasIPv6()
	if !d.ipv4 && !d.ipv6 { // this machine is out of order for now, and that is no finding
		d.ipv4, d.ipv6 = true, true
	}
	d.ipv4, d.ipv6 = d.ipv4 && !c.NoIPv4, d.ipv6 && !c.NoIPv6
	if !d.ipv4 && !d.ipv6 {
		return nil, errors.New("egress: neither IPv4 nor IPv6 to connect by")
	}
	return d, nil
}

// DialContext connects to address, a host name and port 443. The network is
// tcp. The host is resolved once; at most two of its addresses of each family
// are tried, IPv6 first, each for the dial time-out, the next only when one
// cannot be reached. Each waits until it is its turn by the Manners; the turn
// lasts until the connection is closed.
//
// An error is of type *[Error], of stage dns or tcp; it wraps
// [ErrForbiddenAddr] when no address may be contacted, says Later when an
// address was not dialled for the sake of manners, and OutOfReach when it could
// not be reached, and that may be our fault.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func (d *Dialer) dial(ctx context.Context, network, address string) (*permitConn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || network != "tcp" || port != strconv.Itoa(int(d.port)) {
		return nil, &Error{host: address, stage: codes.StageTCP, reason: codes.ReasonOther, err: fmt.Errorf("not port %d over TCP", d.port)}
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil, &Error{host: host, stage: codes.StageDNS, reason: codes.ReasonOther, err: errors.New("an address where a name is needed")}
	}
	trace := traceOf(ctx)
	began := time.Now()
	running, stop := clockOf(ctx).run(ctx)
	addrs, err := d.config.Resolve(running, host)
	stop()
	trace.DNSTime = time.Since(began)
	trace.HostAddrs = append([]netip.Addr(nil), addrs[:min(maxHostAddrs, len(addrs))]...)
	if err != nil && len(addrs) == 0 {
		return nil, dnsError(ctx, host, err)
	}
	candidates, refusal := d.candidates(host, addrs, trace)
	switch {
	case refusal != nil && err != nil && refusal.reason != codes.ReasonOptedOut:
		return nil, dnsError(ctx, host, err) // nobody knows what the host has beside these
	case refusal != nil:
		return nil, refusal
	}

	began = time.Now()
	defer func() { trace.ConnectTime = time.Since(began) - trace.TurnTime }()
	var failed *Error
	var out []*Error
	defer func() { trace.absolve(out) }()
	for _, addr := range candidates {
		conn, over, err := d.visit(ctx, host, addr, trace)
		if err == nil {
			return conn, nil
		}
		if err.later {
			return nil, err
		}
		if err.out != nil {
			out = append(out, err)
		}
		if failed == nil || failed.isOurs() || !err.isOurs() {
			failed = err // a fault of ours says less than what another address did
		}
		if over {
			break
		}
	}
	if failed.out != nil {
		settling := time.Now()
		failed.local = failed.out.settle(ctx, d.config.SettleTime) != theirs
		began = began.Add(time.Since(settling)) // that was no dialling
	}
	return nil, failed
}

// visit dials one address when it is its turn. over is true when there is no time
// left for another one. An address that was put off, or where a slow host is not
// awaited again, has not been dialled.
func (d *Dialer) visit(ctx context.Context, host string, addr netip.Addr, trace *Trace) (_ *permitConn, over bool, _ *Error) {
	if failed := d.refuseSlow(ctx, host, addr, trace); failed != nil {
		return nil, true, failed
	}
	permit, waited, err := d.limiter.Acquire(ctx, limiter.Request{Addr: addr, Host: host, Patience: patience(ctx)})
	trace.TurnTime += waited
	if err != nil {
		return nil, true, postponed(host, addr, err)
	}
	if failed := d.refuseSlow(ctx, host, addr, trace); failed != nil { // as it was spent while we waited
		permit.Release()
		return nil, true, failed
	}
	trace.Addr = addr
	running, stop := clockOf(ctx).run(ctx)
	defer stop()
	began := time.Now()
	conn, failed := d.connect(running, host, addr)
	trace.connected(addr, failed, time.Since(began))
	if failed != nil {
		permit.Release()
		return nil, running.Err() != nil, failed
	}
	return &permitConn{conn, permit}, false, nil
}

// connect dials one address that was judged, and judges it once more.
func (d *Dialer) connect(ctx context.Context, host string, addr netip.Addr) (net.Conn, *Error) {
	if err := Judge(addr); err != nil {
		return nil, &Error{host: host, addr: addr, stage: codes.StageDNS, reason: codes.ReasonForbiddenAddress, err: err}
	}
	network := "tcp4"
	if addr.Is6() {
		network = "tcp6"
	}
	attempt, cancel := context.WithTimeout(ctx, d.config.DialTimeout)
	defer cancel()
	conn, err := d.config.Dial(attempt, network, netip.AddrPortFrom(addr, d.port).String())
	family := d.families.of(d.port, addr.Is6())
	if err == nil {
		family.connected(time.Now())
		return conn, nil
	}
	e := &Error{host: host, addr: addr, stage: codes.StageTCP, reason: codes.ReasonOther, err: err}
	var proxy *proxyError
	var refused *socksError
	switch {
	case errors.As(err, &proxy), cancelled(ctx), wanting(err):
		return nil, ourFault(host, addr, codes.StageTCP, err)
	case errors.As(err, &refused):
		e.reason = refused.reason
		if refused.outOfReach {
			e.out = family.out(host, addr, failedBefore(ctx))
		}
	case errors.Is(err, ErrForbiddenAddr):
		e.stage, e.reason = codes.StageDNS, codes.ReasonForbiddenAddress
	case anyOf(err, syscall.ECONNREFUSED):
		e.reason = codes.ReasonRefused
	case outOfReach(err):
		e.reason = codes.ReasonUnreachable
		e.out = family.out(host, addr, failedBefore(ctx))
	case reset(err):
		e.reason = codes.ReasonReset
	case fault.TimedOut(err), attempt.Err() != nil:
		e.reason = codes.ReasonTimeout
	}
	return nil, e
}

// dnsError is a failure to resolve the host.
func dnsError(ctx context.Context, host string, err error) *Error {
	if cancelled(ctx) || fault.Ours(err) {
		return ourFault(host, netip.Addr{}, codes.StageDNS, err)
	}
	e := &Error{host: host, stage: codes.StageDNS, reason: codes.ReasonOther, err: err}
	var exact codes.PolicyFailure
	var failure *net.DNSError
	switch {
	case errors.As(err, &exact):
		e.reason = exact.PolicyReason()
	case fault.TimedOut(err):
		e.reason = codes.ReasonTimeout
	case errors.As(err, &failure) && failure.IsNotFound:
		e.reason = codes.ReasonNXDomain
	case errors.As(err, &failure) && failure.IsTemporary:
		e.reason = codes.ReasonServfail
	}
	return e
}
