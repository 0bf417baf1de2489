package resolver

import (
	"errors"
	"net"
	"net/netip"
)

// A netPort is a port by way of package net, as every system has it. A
// goroutine of its own waits for datagrams, since a read through the runtime's
// poller blocks.
type netPort struct {
	conn   *net.UDPConn
	latest []byte      // datagram that was read: on the stack of read it would take twice as much
	full   chan []byte // datagrams
	empty  chan []byte // buffers
	failed chan error
	stop   chan struct{}
	done   chan struct{}
	one    [1][]byte // the datagram that is being delivered
}

// netPortBuffers is how many datagrams wait outside of the kernel.
const netPortBuffers = 2 * batch

func openNetPort(addr netip.AddrPort) (port, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(receiveBuffer)
	p := &netPort{
		conn: conn, latest: make([]byte, maxDatagram),
		full: make(chan []byte, netPortBuffers), empty: make(chan []byte, netPortBuffers),
		failed: make(chan error, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	for range netPortBuffers {
		p.empty <- nil // it grows with what comes
	}
	go p.read()
	return p, nil
}

func (p *netPort) read() {
	defer close(p.done)
	for {
		var b []byte
		select {
		case b = <-p.empty:
		case <-p.stop:
			return
		}
		n, err := p.conn.Read(p.latest)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			p.empty <- b // there is room: b was one of them
			select {
			case p.failed <- err:
			default: // the lane has one to see already
			}
		default:
			p.full <- append(b[:0], p.latest[:n]...)
		}
	}
}

func (p *netPort) send(queries []byte, size int) (n int, err error) {
	for ; len(queries) > 0; queries = queries[size:] {
		if _, err := p.conn.Write(queries[:size]); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func (p *netPort) receive(deliver func(packets [][]byte)) (n int, err error) {
	for n < batch {
		select {
		case b := <-p.full:
			p.one[0] = b
			deliver(p.one[:])
			p.empty <- b
			n++
		case err := <-p.failed:
			return n, err
		default:
			return n, nil
		}
	}
	return n, nil
}

// buffer is not known: the kernel may have given less than was asked for.
func (p *netPort) buffer() int { return 0 }

func (p *netPort) close() {
	_ = p.conn.Close()
	close(p.stop)
	<-p.done
}
