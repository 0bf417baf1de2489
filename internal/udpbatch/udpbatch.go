// Package udpbatch moves many UDP datagrams with few system calls. On Linux it has two ways, which save most where
// datagrams are small: UDP_SEGMENT and UDP_GRO (udp(7)), and plain sendmmsg(2) and recvmmsg(2). Any system has a third,
// package net, with a call for each datagram.
//
// A [Conn] is connected to one peer; a [Server] hears many. Both are used by one goroutine. What a datagram holds, when
// it is sent again and how fast is up to the caller.
package udpbatch

import (
	"net/netip"
	"time"
)

// A Method is a way to use UDP sockets.
type Method string

const (
	Auto     Method = "auto"     // the best that this system has
	Segment  Method = "segment"  // Linux: UDP_SEGMENT sends up to 64 datagrams of one length as one
	Batch    Method = "batch"    // Linux: sendmmsg sends up to 64 datagrams in one call
	Portable Method = "portable" // any system: a call for each datagram
)

// Methods lists every Method.
func Methods() []Method { return []Method{Auto, Segment, Batch, Portable} }

// IsPortable reports whether m uses package net on this system.
func (m Method) IsPortable() bool { return m == Portable || m == Auto && !haveBatches }

const (
	// MaxBatch is the most datagrams of one Send: what UDP_SEGMENT takes on every kernel that has it.
	MaxBatch = 64

	// MaxDatagram is more octets than a datagram can have.
	MaxDatagram = 1 << 16

	// ReadBuffer is what a Conn asks the kernel for, in octets. An unprivileged process may get less.
	ReadBuffer = 4 << 20
)

// A Conn is a UDP socket connected to one peer: the kernel drops what comes from elsewhere, and reports when no process
// listens there. Its calls do not block.
type Conn interface {
	// Send sends the datagrams that lie end to end in messages, all of the given size and at most MaxBatch. It returns
	// how many the kernel took. An error may be about earlier ones.
	Send(messages []byte, size int) (n int, err error)
	// Receive calls deliver with datagrams that have arrived, some or all at a time, and returns how many there were;
	// fewer than MaxBatch: no more were there. They are valid until deliver returns.
	Receive(deliver func(packets [][]byte)) (n int, err error)
	// ReadBuffer is the size of the receive buffer, in octets; 0: not known.
	ReadBuffer() int
	Close()
}

// A Server is a UDP socket that answers many peers.
type Server interface {
	// Receive waits for datagrams, at most as long as said, and returns how many it took; 0 is no error.
	Receive(wait time.Duration) (int, error)
	// Packet is one of those that Receive took last, with room behind it for a reply, and its sender.
	Packet(i int) ([]byte, netip.AddrPort)
	// Send sends b, which is not empty, at the latest with the next Flush, until which b must not change. A datagram
	// that cannot be sent is dropped.
	Send(b []byte, to netip.AddrPort)
	Flush()
}
