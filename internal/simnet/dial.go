package simnet

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

const (
	httpsPort  = 443
	synTimeout = 127 * time.Second // a system gives up after about as long
)

// asker is the local address of dials.
func asker() netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{planV4, 0, 0, 1}), 40000)
}

// DialContext connects to a host of the world. The network is tcp, tcp4 or tcp6, and the address is a literal
// one with its port: callers resolve names. Errors are those that a system gives, in a [net.OpError]. Only port
// 443 is open, and port 25 of mail servers. Where nothing answers, the call waits for ctx, at most 127 seconds.
// The connection behaves as one of TCP does, deadlines included.
func (w *World) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, dialError(network, nil, fmt.Errorf("not a literal address and port: %w", err))
	}
	to := net.TCPAddrFromAddrPort(at)
	addr := at.Addr().Unmap()
	switch {
	case network != "tcp" && network != "tcp4" && network != "tcp6":
		return nil, dialError(network, to, net.UnknownNetworkError(network))
	case network == "tcp4" && !addr.Is4(), network == "tcp6" && !addr.Is6():
		return nil, dialError(network, to, &net.AddrError{Err: "no suitable address found", Addr: address})
	case ctx.Err() != nil:
		return nil, dialError(network, to, ctx.Err())
	}
	switch w.connectPlay(at) {
	case tcpRefuse:
		return nil, dialError(network, to, os.NewSyscallError("connect", syscall.ECONNREFUSED))
	case tcpUnreachable:
		return nil, dialError(network, to, os.NewSyscallError("connect", syscall.EHOSTUNREACH))
	case tcpSilent:
		return nil, dialError(network, to, w.silence(ctx))
	case tcpAbort:
		return nil, dialError(network, to, os.NewSyscallError("connect", syscall.ECONNRESET))
	case tcpOdd:
		return nil, dialError(network, to, os.NewSyscallError("connect", syscall.EPROTO))
	case tcpReset:
		client, server := newPipe(asker(), at)
		server.reset()
		return client, nil
	}
	client, server := newPipe(asker(), at)
	if !w.start(server, func() { w.serve(server, at) }) {
		return nil, closed("dial", network)
	}
	return client, nil
}

// connectPlay is how a connection to an address and port is met.
func (w *World) connectPlay(at netip.AddrPort) tcpPlay {
	play := w.src.tcp(at.Addr().Unmap())
	if _, mail := w.src.smtp(at.Addr().Unmap()); mail && at.Port() == smtpPort {
		return tcpServe
	} else if mail && play == tcpUnreachable {
		return tcpRefuse
	}
	if at.Port() != httpsPort && (play == tcpServe || play == tcpNameless || play == tcpReset || play == tcpNoHandshake) {
		return tcpRefuse
	}
	return play
}

// serve is the server side of one connection.
func (w *World) serve(raw net.Conn, at netip.AddrPort) {
	if at.Port() == smtpPort {
		w.serveSMTP(raw, at.Addr())
		return
	}
	w.serveHost(raw, at.Addr())
}

// silence waits until the caller, the system or the world gives up.
func (w *World) silence(ctx context.Context) error {
	timer := time.NewTimer(synTimeout)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return os.NewSyscallError("connect", syscall.ETIMEDOUT)
	case <-w.done:
		return net.ErrClosed
	}
}

func dialError(network string, to *net.TCPAddr, err error) error {
	op := &net.OpError{Op: "dial", Net: network, Err: err}
	if to != nil {
		op.Addr = to
	}
	return op
}
