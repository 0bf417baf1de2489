// Package starttls finds out whether a mail server does TLS with a sender (RFC 3207): greeting, EHLO, STARTTLS,
// handshake, QUIT. Where EHLO is not known it says HELO, and ends without STARTTLS. The Dialer that it is given
// verifies the certificate of an MX host by RFC 8461, section 4.2.
//
// It sends no MAIL, RCPT or DATA, and nothing after the handshake but QUIT. It talks to each host once, or twice
// where the first time was doubtful. It opens no connection and checks no address of its own: the Dialer does.
package starttls

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"stsscan/internal/codes"
)

// A Peer is what was seen of a server in the handshake. Its zero fields were not seen.
type Peer struct {
	TLSVersion string    // as in "1.3"
	CertSHA256 string    // of the leaf certificate's DER, in hexadecimal
	NotAfter   time.Time // of the leaf certificate
	ShortKey   bool      // it, or an authority between it and its root, has a key of RSA of less than 2048 bits
}

// A Dialer connects to mail servers. Its errors may be a [codes.PolicyFailure] and a [codes.TLSFailure], and have
// the methods of package fault.
type Dialer interface {
	// Dial connects to port 25 of one of the addresses of host. The time within does not include the wait for a
	// permit. With an error that puts the host off comes the address to wait for, where it is known.
	Dial(ctx context.Context, host string, within time.Duration) (net.Conn, netip.Addr, error)
	// Secure shakes hands over conn, with host as SNI, and verifies the certificate for that name. The connection
	// is nil where the handshake failed, and comes with an error where the certificate is not accepted.
	Secure(ctx context.Context, conn net.Conn, host string) (net.Conn, Peer, error)
}

// A Config says how to probe. Dialer has no default.
type Config struct {
	Dialer Dialer

	// Name is our name in EHLO for a connection from the address own: a host name, or an address literal. Nil, or
	// an empty name: the literal of that address.
	Name func(ctx context.Context, own netip.Addr) string

	// Deadline is how long connecting may take, and also how long a probe may take from its connection to its end.
	// 0: 30 s.
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
	Final    bool           // a second one was made or tried, and there is no third
}

// Doubtful reports whether a second probe may end in another way.
func (r Result) Doubtful() bool { return !r.Final && r.Class.Doubtful() }

// mayDependOnTime reports whether the result might be another one if we or the server had had more time.
func (r Result) mayDependOnTime() bool {
	switch r.Class {
	case codes.STARTTLSTimeout, codes.STARTTLSReset, codes.STARTTLSNoConnection, codes.STARTTLSUnknown:
		return true
	}
	return r.TLSError == codes.TLSHandshakeTimeout || r.TLSError == codes.TLSReset
}

// A Previous is the result of a probe that a row has.
type Previous struct {
	Result
	Seen time.Time // when the row was observed; whole seconds count
}

// first is the class of the first probe that a row has, where that was doubtful.
func (e *Previous) first() codes.STARTTLS {
	if e.First == "" && e.Class.Doubtful() {
		return e.Class
	}
	return e.First
}

// combine is what counts of two probes.
func combine(first, last Result) Result {
	if last.silent() {
		first.Final = true
		return first
	}
	last.First, last.Final = first.Class, true
	return last
}

// silent reports whether no server was talked to.
func (r Result) silent() bool {
	switch r.Class {
	case codes.STARTTLSNoConnection, codes.STARTTLSNoAddress, codes.STARTTLSOptedOut, codes.STARTTLSUnknown:
		return true
	}
	return false
}

// ErrLater says that a host was not probed for the sake of manners: its address had its share of connections
// for now.
var ErrLater = errors.New("starttls: put off")

// ErrStalled says that a probe ran out of time while this process was stopped or starved, which says nothing
// about the host.
var ErrStalled = errors.New("starttls: this process was stopped meanwhile")
