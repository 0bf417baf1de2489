package simnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
)

// Addrs says where a server listens: loopback addresses with a port each, or "localhost:PORT". Port 0 is one
// that the system chooses; an empty string is not listened on.
type Addrs struct {
	DNS   string // UDP and TCP
	SOCKS string // SOCKS5, to the hosts of the world
}

// A Server is a world on loopback sockets, for other programs.
type Server struct {
	DNS   netip.AddrPort // where it listens; zero: it does not
	SOCKS netip.AddrPort

	world *World
	stop  func() bool // forgets ctx
	udp   *net.UDPConn
	tcp   []net.Listener

	running sync.WaitGroup // readers and acceptors

	questions, connections atomic.Int64
}

// Served is how many questions came over UDP, and how many connections over TCP, so far: to find out what was
// asked twice.
func (s *Server) Served() (questions, connections int64) {
	return s.questions.Load(), s.connections.Load()
}

// Listen serves the world on loopback sockets until ctx ends, or Close of the server or of the world. Addresses
// other than loopback ones are refused: no other machine can reach the hosts of a world.
func (w *World) Listen(ctx context.Context, addrs Addrs) (*Server, error) {
	s := &Server{world: w}
	if err := s.listen(addrs); err != nil {
		s.Close()
		return nil, err
	}
	for range max(2, runtime.GOMAXPROCS(0)) {
		if s.udp != nil {
			s.running.Go(s.serveUDP)
		}
	}
	for _, l := range s.tcp {
		serve := s.serveSOCKS
		if l.Addr().(*net.TCPAddr).AddrPort() == s.DNS {
			serve = s.serveTCP
		}
		s.running.Go(func() { s.accept(l, serve) })
	}
	s.stop = context.AfterFunc(ctx, func() { s.close() })
	if !w.start(s, s.running.Wait) {
		return nil, closed("listen", "tcp")
	}
	return s, nil
}

func (s *Server) listen(addrs Addrs) error {
	if addrs.DNS != "" {
		at, err := loopback(addrs.DNS)
		if err != nil {
			return err
		}
		if err := s.listenDNS(at); err != nil {
			return err
		}
	}
	if addrs.SOCKS != "" {
		at, err := loopback(addrs.SOCKS)
		if err != nil {
			return err
		}
		l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
		if err != nil {
			return err
		}
		s.tcp = append(s.tcp, l)
		s.SOCKS = l.Addr().(*net.TCPAddr).AddrPort()
	}
	return nil
}

// listenDNS takes one port for UDP and TCP. Where the system chooses it, the port for UDP may be taken for TCP,
// and is then chosen again.
func (s *Server) listenDNS(at netip.AddrPort) error {
	for attempt := 0; ; attempt++ {
		udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if err != nil {
			return err
		}
		l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(udp.LocalAddr().(*net.UDPAddr).AddrPort()))
		if err == nil {
			s.udp, s.tcp = udp, append(s.tcp, l)
			s.DNS = l.Addr().(*net.TCPAddr).AddrPort()
			return nil
		}
		udp.Close()
		if at.Port() != 0 || attempt == 10 || !errors.Is(err, syscall.EADDRINUSE) {
			return err
		}
	}
}

// loopback reads a listen address.
func loopback(address string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("listen address: %w", err)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	at, err := netip.ParseAddrPort(net.JoinHostPort(host, port))
	if err != nil {
		return at, fmt.Errorf("listen address %q: %w", address, err)
	}
	if !at.Addr().Unmap().IsLoopback() {
		return at, fmt.Errorf("listen address %q: the simulated internet listens on loopback addresses only", address)
	}
	return at, nil
}

// Close ends the server and waits for its readers. Connections that it has accepted end with their peers or
// with the world.
func (s *Server) Close() error {
	if s.stop != nil {
		s.stop()
	}
	s.close()
	s.running.Wait()
	return nil
}

func (s *Server) close() {
	if s.udp != nil {
		s.udp.Close()
	}
	for _, l := range s.tcp {
		l.Close()
	}
}

// accept gives each connection a goroutine of the world.
func (s *Server) accept(l net.Listener, serve func(*net.TCPConn)) {
	for {
		conn, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			runtime.Gosched() // a peer that is gone already, or no descriptors for now
			continue
		}
		s.connections.Add(1)
		tcp := conn.(*net.TCPConn)
		s.world.start(tcp, func() { serve(tcp) })
	}
}
