package udpbatch

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
)

// A netConn is a Conn by way of package net, as every system has it. A goroutine of its own waits for datagrams, since
// a read through the runtime's poller blocks.
type netConn struct {
	conn   *net.UDPConn
	latest []byte      // datagram that was read: on the stack of read it would take twice as much
	full   chan []byte // datagrams
	empty  chan []byte // buffers
	failed chan error
	stop   chan struct{}
	done   chan struct{}
	one    [1][]byte // the datagram that is being delivered
}

// netConnBuffers is how many datagrams wait outside of the kernel.
const netConnBuffers = 2 * MaxBatch

func dialNet(addr netip.AddrPort) (Conn, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(ReadBuffer)
	c := &netConn{
		conn: conn, latest: make([]byte, MaxDatagram),
		full: make(chan []byte, netConnBuffers), empty: make(chan []byte, netConnBuffers),
		failed: make(chan error, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	for range netConnBuffers {
		c.empty <- nil // it grows with what comes
	}
	go c.read()
	return c, nil
}

func (c *netConn) read() {
	defer close(c.done)
	for {
		var b []byte
		select {
		case b = <-c.empty:
		case <-c.stop:
			return
		}
		n, err := c.conn.Read(c.latest)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			c.empty <- b // there is room: b was one of them
			select {
			case c.failed <- err:
			default: // there is one to see already
			}
		default:
			c.full <- append(b[:0], c.latest[:n]...)
		}
	}
}

func (c *netConn) Send(messages []byte, size int) (n int, err error) {
	for ; len(messages) > 0; messages = messages[size:] {
		if _, err := c.conn.Write(messages[:size]); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (c *netConn) Receive(deliver func(packets [][]byte)) (n int, err error) {
	for n < MaxBatch {
		select {
		case b := <-c.full:
			c.one[0] = b
			deliver(c.one[:])
			c.empty <- b
			n++
		case err := <-c.failed:
			return n, err
		default:
			return n, nil
		}
	}
	return n, nil
}

// ReadBuffer is not known: the kernel may have given less than was asked for.
func (c *netConn) ReadBuffer() int { return 0 }

func (c *netConn) Close() {
	_ = c.conn.Close()
	close(c.stop)
	<-c.done
}

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
