// Package starttls asks a mail server whether it would do TLS with a sender
// (RFC 3207): greeting, EHLO, STARTTLS, handshake, QUIT; HELO where EHLO is not
// known, which is an end without STARTTLS. It judges what RFC 8461, section 4.2,
// asks of an MX host's certificate by the door that it is given.
//
// It sends no MAIL, RCPT or DATA, nothing after the handshake but QUIT, and
// talks to each host once in its life, or twice where the first time was doubtful.
// It opens no connection of its own and judges no address: that is the door's duty.
package starttls

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// A Peer is what was seen of a server in the handshake. Its zero fields were
// not seen.
type Peer struct {
	TLSVersion string    // as in "1.3"
	CertSHA256 string    // of the leaf certificate's DER, in hexadecimal
	NotAfter   time.Time // of the leaf certificate
	ShortKey   bool      // it, or an authority between it and its root, has a key of RSA of less than 2048 bits
}

// A Door is the way to mail servers. Errors may be a [codes.PolicyFailure] and a
// [codes.TLSFailure], and have the methods of package fault.
type Door interface {
	// Dial connects to port 25 of one of the addresses of host, within a time
	// that the wait for its turn is no part of: our manners are not the host's
	// slowness. With an error that puts the host off, the address is the one to wait
	// for, where it is known.
	Dial(ctx context.Context, host string, within time.Duration) (net.Conn, netip.Addr, error)
	// Secure shakes hands over conn, with host as SNI, and verifies the
	// certificate for that name. The connection is nil where the handshake
	// failed, and is given with an error where the certificate is not accepted.
	Secure(ctx context.Context, conn net.Conn, host string) (net.Conn, Peer, error)
}

// A Config says how to probe. Door has no default.
type Config struct {
	Door Door

	// Name is who we say we are in EHLO: a host name, or an address literal. It
	// is asked for each address of ours that a connection has. Nil, or an empty
	// name: the literal of that address.
	Name func(ctx context.Context, own netip.Addr) string

	// Deadline is how long connecting may take, and how long a probe may take
	// from its connection to its end, each apart. 0: 30 s.
	Deadline time.Duration
}

// A Result is what one probe saw.
type Result struct {
	Class    codes.STARTTLS
	Addr     netip.Addr     // of the connection; invalid: none
	Code     int            // reply code that decided the class; 0: none did
	TLSError codes.TLSError // of the classes handshake and certificate
	Peer     Peer
	First    codes.STARTTLS // class of the first probe, where this is what the second saw; "": there was one
	Again    bool           // a second one was made or tried: there is no third
}

// Doubtful reports whether a second probe may end in another way.
func (r Result) Doubtful() bool { return !r.Again && r.Class.Doubtful() }

// hasty reports whether the result might be another one if we had more time, or
// had taken less of the server's.
func (r Result) hasty() bool {
	switch r.Class {
	case codes.STARTTLSTimeout, codes.STARTTLSReset, codes.STARTTLSNoConnection, codes.STARTTLSUnknown:
		return true
	}
	return r.TLSError == codes.TLSHandshakeTimeout || r.TLSError == codes.TLSReset
}

// A Prober probes hosts, each once, and once more where it is asked to. It keeps at most 128 octets for each host
// that it has met, and the facts of each certificate once. It may be used
// concurrently.
type Prober struct {
	config Config
	began  time.Time

	mu     sync.Mutex
	probes map[string]*probe // that are going on, by host
	known  known
}

// A probe is one that is going on.
type probe struct {
	done   chan struct{} // closed when it is over
	result Result
	err    error
}

// New makes a Prober.
func New(c Config) *Prober {
	if c.Deadline <= 0 {
		c.Deadline = 30 * time.Second
	}
	return &Prober{config: c, began: time.Now().Truncate(time.Second), probes: make(map[string]*probe), known: newKnown()}
}

// Longest is how long a probe can take.
func (p *Prober) Longest() time.Duration { return 2*p.config.Deadline + quitWithin }

// ErrLater says that a host was not probed for the sake of manners: its address
// was asked often enough for now.
var ErrLater = errors.New("starttls: not yet the host's turn")

// ErrStalled says that a probe failed for lack of time while this process was
// stopped or starved: it says nothing about the host.
var ErrStalled = errors.New("starttls: this process was stopped meanwhile")

// Probe probes a host, or waits for and gives the result of the one probe that
// there is. The deadline is the Prober's own; ctx ends it early. stalls counts the
// times that this process was stopped or starved; nil: nobody knows.
//
// The error is a fault of this machine, that of ctx, [ErrStalled], or [ErrLater],
// with which the result has the address to wait for; the host is then probed again
// when it is asked for again.
func (p *Prober) Probe(ctx context.Context, host string, stalls func() int64) (Result, error) {
	return p.share(ctx, host, nil, stalls)
}

// share gives what is known of a host, or makes the probe that it lacks. Who has a row of
// a process before waits for one that is going on, since that may be the second.
func (p *Prober) share(ctx context.Context, host string, earlier *Earlier, stalls func() int64) (Result, error) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	again := earlier != nil && earlier.Doubtful()
	p.mu.Lock()
	one, going := p.probes[host]
	for going && earlier != nil {
		p.mu.Unlock()
		if result, err := one.wait(ctx); err != nil {
			return result, err
		}
		p.mu.Lock()
		one, going = p.probes[host]
	}
	known, ok := p.recall(host, earlier)
	switch {
	case ok && (!again || known.Again):
		p.mu.Unlock()
		return known, nil
	case going:
		p.mu.Unlock()
		return one.wait(ctx)
	}
	one = &probe{done: make(chan struct{})}
	p.probes[host] = one
	p.mu.Unlock()
	if stalls == nil {
		stalls = func() int64 { return 0 }
	}
	before := stalls()
	one.result, one.err = p.run(ctx, host)
	if one.err == nil && one.result.hasty() && stalls() != before {
		one.result, one.err = Result{}, ErrStalled
	}
	if one.err == nil && again {
		one.result = second(known, one.result)
	}
	p.mu.Lock()
	delete(p.probes, host)
	if one.err == nil {
		p.known.keep(host, one.result)
	}
	p.mu.Unlock()
	close(one.done)
	return one.result, one.err
}

// wait is the result, once the probe is over.
func (one *probe) wait(ctx context.Context) (Result, error) {
	select {
	case <-one.done:
		return one.result, one.err
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// run probes a host.
func (p *Prober) run(ctx context.Context, host string) (Result, error) {
	conn, addr, err := p.config.Door.Dial(ctx, host, p.config.Deadline)
	switch {
	case fault.PutOff(err) && ctx.Err() == nil:
		return Result{Addr: addr}, fmt.Errorf("%w: %w", ErrLater, err)
	case err != nil && (ours(err) || ctx.Err() != nil):
		return Result{}, err
	case err != nil:
		return Result{Class: unconnected(err), Addr: addr}, nil
	}
	defer conn.Close()
	probing, cancel := context.WithTimeout(ctx, p.config.Deadline)
	defer cancel()
	stop := context.AfterFunc(probing, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	s := &session{conn: conn, host: host, name: p.name(probing, conn), door: p.config.Door}
	s.result.Addr = addr
	err = s.talk(probing)
	if err != nil && (ours(err) || ctx.Err() != nil) {
		return Result{}, err
	}
	return s.result, nil
}

func (p *Prober) name(ctx context.Context, conn net.Conn) string {
	var own netip.Addr
	if at, ok := conn.LocalAddr().(*net.TCPAddr); ok {
		own = at.AddrPort().Addr().Unmap()
	}
	if p.config.Name != nil {
		if name := p.config.Name(ctx, own); name != "" {
			return name
		}
	}
	if own.Is6() {
		return "[IPv6:" + own.String() + "]" // RFC 5321, section 4.1.3
	}
	return "[" + own.String() + "]"
}

// ours reports whether err is our own fault, of which nothing follows for the host:
// that of the door, or a want of memory while a session lasts.
func ours(err error) bool {
	return fault.Ours(err) || errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM)
}

// unconnected is the class of a probe without a connection.
func unconnected(err error) codes.STARTTLS {
	failed, ok := errors.AsType[codes.PolicyFailure](err)
	if !ok {
		return codes.STARTTLSNoConnection
	}
	switch failed.PolicyReason() {
	case codes.ReasonOptedOut:
		return codes.STARTTLSOptedOut
	case codes.ReasonNXDomain, codes.ReasonNoData, codes.ReasonForbiddenAddress:
		return codes.STARTTLSNoAddress
	case codes.ReasonNoIPv4, codes.ReasonNoIPv6:
		return codes.STARTTLSUnknown // we have no way there
	}
	if failed.PolicyStage() == codes.StageDNS {
		return codes.STARTTLSUnknown
	}
	return codes.STARTTLSNoConnection
}
