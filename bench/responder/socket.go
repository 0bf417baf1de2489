package main

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
)

// plain is a socket on every system: one packet a call.
type plain struct {
	conn *net.UDPConn
	b    [maxReply + 1024]byte
	size int
	from netip.AddrPort
}

func (s *plain) receive(wait time.Duration) (int, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return 0, err
	}
	var err error
	s.size, s.from, err = s.conn.ReadFromUDPAddrPort(s.b[:1024])
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return 1, nil
}

func (s *plain) packet(int) ([]byte, netip.AddrPort) { return s.b[:s.size], s.from }

// send does not ask what became of it: a reply that is lost is asked for again.
func (s *plain) send(b []byte, to netip.AddrPort) { s.conn.WriteToUDPAddrPort(b, to) }

func (s *plain) flush() {}
