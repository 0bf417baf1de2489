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

// DialContext connects to address, a host name and port 443. The network is tcp. The host is resolved once. At
// most two of its addresses of each family are tried, IPv6 first, each for the dial time-out, the next only when
// one cannot be reached. Each waits for a permit by the Manners, which lasts until the connection is closed.
//
// An error is of type *[Error], of stage dns or tcp. It wraps [ErrForbiddenAddr] when no address may be
// contacted, says Later when an address was not dialled for the sake of manners, and OutOfReach when it could not
// be reached and that may be our fault.
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
		err := fmt.Errorf("not port %d over TCP", d.port)
		return nil, &Error{host: address, stage: codes.StageTCP, reason: codes.ReasonOther, err: err}
	}
	if _, err := netip.ParseAddr(host); err == nil {
		err := errors.New("an address where a name is needed")
		return nil, &Error{host: host, stage: codes.StageDNS, reason: codes.ReasonOther, err: err}
	}
	trace := traceOf(ctx)
	began := time.Now()
	running, stop := budgetOf(ctx).run(ctx)
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
		return nil, dnsError(ctx, host, err) // the host may have others beside these
	case refusal != nil:
		return nil, refusal
	}

	began = time.Now()
	defer func() { trace.ConnectTime = time.Since(began) - trace.WaitTime }()
	var failed *Error
	var out []*Error
	defer func() { trace.dropOurs(out) }()
	for _, addr := range candidates {
		conn, over, err := d.dialAddr(ctx, host, addr, trace)
		if err == nil {
			return conn, nil
		}
		if err.later {
			return nil, err
		}
		if err.unreachable != nil {
			out = append(out, err)
		}
		if failed == nil || failed.isOurs() || !err.isOurs() {
			failed = err // a fault of ours says less than another address
		}
		if over {
			break
		}
	}
	if failed.unreachable != nil {
		waiting := time.Now()
		failed.local = failed.unreachable.waitBlame(ctx, d.config.SettleTime) != theirs
		began = began.Add(time.Since(waiting)) // that was no dialling
	}
	return nil, failed
}

// dialAddr dials one address when it has a permit. over is true when there is no time left for another one. An
// address was not dialled when it was put off, or when a slow host there is not waited for again.
func (d *Dialer) dialAddr(
	ctx context.Context, host string, addr netip.Addr, trace *Trace,
) (_ *permitConn, over bool, _ *Error) {
	if failed := d.refuseSlow(ctx, host, addr, trace); failed != nil {
		return nil, true, failed
	}
	permit, waited, err := d.limiter.Acquire(ctx, limiter.Request{Addr: addr, Host: host, Patience: patience(ctx)})
	trace.WaitTime += waited
	if err != nil {
		return nil, true, postponed(host, addr, err)
	}
	if failed := d.refuseSlow(ctx, host, addr, trace); failed != nil { // the time was used up while we waited
		permit.Release()
		return nil, true, failed
	}
	trace.Addr = addr
	running, stop := budgetOf(ctx).run(ctx)
	defer stop()
	began := time.Now()
	conn, failed := d.connect(running, host, addr)
	trace.noteAttempt(addr, failed, time.Since(began))
	if failed != nil {
		permit.Release()
		return nil, running.Err() != nil, failed
	}
	return &permitConn{conn, permit}, false, nil
}

// connect dials one address that the guard let through, and has the guard look at it once more.
func (d *Dialer) connect(ctx context.Context, host string, addr netip.Addr) (net.Conn, *Error) {
	if err := CheckAddr(addr); err != nil {
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
		family.noteConnection(time.Now())
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
			e.unreachable = family.noteUnreachable(host, addr, failedBefore(ctx))
		}
	case errors.Is(err, ErrForbiddenAddr):
		e.stage, e.reason = codes.StageDNS, codes.ReasonForbiddenAddress
	case anyOf(err, syscall.ECONNREFUSED):
		e.reason = codes.ReasonRefused
	case outOfReach(err):
		e.reason = codes.ReasonUnreachable
		e.unreachable = family.noteUnreachable(host, addr, failedBefore(ctx))
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
