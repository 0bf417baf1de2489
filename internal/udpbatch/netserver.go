package udpbatch

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
)

// A netServer is a Server by way of package net: one datagram a call.
type netServer struct {
	conn   *net.UDPConn
	packet []byte
	size   int
	from   netip.AddrPort
}

func (s *netServer) Receive(wait time.Duration) (int, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return 0, err
	}
	var err error
	s.size, s.from, err = s.conn.ReadFromUDPAddrPort(s.packet[:len(s.packet)/2])
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return 1, nil
}

func (s *netServer) Packet(int) ([]byte, netip.AddrPort) { return s.packet[:s.size], s.from }

func (s *netServer) Send(b []byte, to netip.AddrPort) { _, _ = s.conn.WriteToUDPAddrPort(b, to) }

func (s *netServer) Flush() {}
