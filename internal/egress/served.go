package egress

import (
	"context"
	"net/netip"
	"sync"

	"stsscan/internal/codes"
)

// An addressTLS is what is known of who shakes hands at an address.
type addressTLS uint8

const (
	tlsUnknown  addressTLS = iota
	tlsNameless            // a handshake without a name brings no certificate
	tlsServed              // a handshake was completed there, or one without a name brings a certificate
)

// maxServed bounds the addresses that are remembered. One that is forgotten is judged
// anew: by the next handshake that is completed there, or by one without a name.
const maxServed = 1 << 16

// served remembers the addresses of Policy Hosts, up to a bound. It may be used
// concurrently.
type served struct {
	mu sync.Mutex
	at map[netip.Addr]addressTLS
}

func newServed() *served { return &served{at: make(map[netip.Addr]addressTLS)} }

func (s *served) look(addr netip.Addr) addressTLS {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at[addr]
}

// note keeps what is known of an address. That one is served stays so.
func (s *served) note(addr netip.Addr, what addressTLS) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was, ok := s.at[addr]
	if !ok {
		makeRoom(s.at, maxServed)
	}
	s.at[addr] = max(was, what)
}

// RecallServed takes over that an earlier process was shown a certificate at an address.
func (t *Transport) RecallServed(addr netip.Addr) { t.served.note(addr, tlsServed) }

// whyRefused is why a handshake failed by an alert before any certificate was shown that
// may be about the name or about what this client can do: handshake_failure or
// insufficient_security (RFC 8446, section 6.2). Where any host is served at the
// address, it is the name. Else it may be a limit of ours, and the trace says so.
//
// What is known of the address depends on what was asked of it before.
func (t *Transport) whyRefused(ctx context.Context, host string, trace *Trace, failed *Error) *Error {
	state := t.served.look(trace.Addr)
	if state == tlsUnknown {
		shown, unknown := t.servesNameless(ctx, host, trace)
		switch {
		case unknown != nil && unknown.local:
			return unknown
		case shown:
			state = tlsServed
		case unknown == nil:
			state = tlsNameless
		}
		if state != tlsUnknown { // it is not, where that could not be found out
			t.served.note(trace.Addr, state)
		}
	}
	if state == tlsServed {
		return tlsFailure(host, trace.Addr, codes.TLSNoCertForName, failed.err)
	}
	trace.ClientLimit = true
	return failed
}
