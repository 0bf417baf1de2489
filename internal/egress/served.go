package egress

import (
	"net/netip"
	"sync"
)

// An addressTLS is what is known of the server at an address.
type addressTLS uint8

const (
	tlsUnknown   addressTLS = iota
	tlsNoDefault            // it shows no certificate without SNI
	tlsServed               // it completed a handshake, or shows a certificate without SNI
)

// maxServed bounds the addresses that are remembered. What is forgotten is found out again by the next handshake.
const maxServed = 1 << 16

// servedAddrs remembers the addresses of Policy Hosts, up to a bound. It may be used concurrently.
type servedAddrs struct {
	mu sync.Mutex
	at map[netip.Addr]addressTLS
}

func newServed() *servedAddrs { return &servedAddrs{at: make(map[netip.Addr]addressTLS)} }

func (s *servedAddrs) get(addr netip.Addr) addressTLS {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at[addr]
}

// note keeps what is known of an address. An address that is served stays so.
func (s *servedAddrs) note(addr netip.Addr, what addressTLS) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was, ok := s.at[addr]
	if !ok {
		makeRoom(s.at, maxServed)
	}
	s.at[addr] = max(was, what)
}
