package resolver

import (
	"fmt"
	"net/netip"
)

// A SocketAPI is a way to use UDP sockets.
type SocketAPI string

const (
	SocketsAuto     SocketAPI = "auto"     // the best that this system has
	SocketsSegment  SocketAPI = "segment"  // Linux: UDP_SEGMENT sends up to 64 queries of one length as one
	SocketsBatch    SocketAPI = "batch"    // Linux: sendmmsg sends up to 64 queries in one call
	SocketsPortable SocketAPI = "portable" // any system: a call for each query
)

// ParseSocketAPI reads a SocketAPI.
func ParseSocketAPI(s string) (SocketAPI, error) {
	switch api := SocketAPI(s); api {
	case SocketsAuto, SocketsSegment, SocketsBatch, SocketsPortable:
		return api, nil
	}
	return "", fmt.Errorf("%q is none of %s, %s, %s and %s", s, SocketsAuto, SocketsSegment, SocketsBatch, SocketsPortable)
}

// batch is the most messages of one send and of one receive: what UDP_SEGMENT
// takes on every kernel that has it.
const batch = 64

// A port is a UDP socket of a lane, connected to one upstream, so that the
// kernel drops whatever comes from elsewhere and reports that nobody listens
// there. Its calls do not block. It is used by one goroutine.
type port interface {
	// send sends the messages that queries holds, all of the given size, and
	// says how many the kernel took. An error may be about earlier ones.
	send(queries []byte, size int) (n int, err error)
	// receive calls deliver with the datagrams that are there, up to a batch of
	// them, some or all at a time, and says how many there were.
	receive(deliver func(packets [][]byte)) (n int, err error)
	// buffer is the size of the receive buffer, in octets; 0: not known.
	buffer() int
	close()
}

// portable reports whether api makes ports by way of package net.
func portable(api SocketAPI) bool {
	return api == SocketsPortable || api == SocketsAuto && !haveBatches
}

// openPort opens a port the way that api says.
func openPort(api SocketAPI, addr netip.AddrPort, b *batches) (port, error) {
	if portable(api) {
		return openNetPort(addr)
	}
	return openBatchPort(addr, b, api != SocketsBatch)
}
