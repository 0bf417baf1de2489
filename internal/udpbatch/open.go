package udpbatch

import (
	"net"
	"net/netip"
)

// Dial connects a socket to addr. Conns that one goroutine uses may share buffers; a portable one needs none.
func Dial(m Method, addr netip.AddrPort, buffers *Buffers) (Conn, error) {
	if m.IsPortable() {
		return dialNet(addr)
	}
	return dialBatch(addr, buffers, m != Batch)
}

// NewBuffers returns the memory for calls of Conns; nil: m needs none.
func NewBuffers(m Method) *Buffers {
	if m.IsPortable() {
		return nil
	}
	return newBuffers()
}

// NewServer serves conn, which the caller closes after the last call, and asks the kernel for buffers of so many
// octets. Each datagram has room octets: half for what arrives, which is cut there, half for what its reply is longer.
// Only IPv4 has batches.
func NewServer(m Method, conn *net.UDPConn, room, buffer int) (Server, error) {
	_ = conn.SetReadBuffer(buffer) // as much as the system allows is enough
	_ = conn.SetWriteBuffer(buffer)
	if local := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr(); m.IsPortable() || !local.Is4() {
		return &netServer{conn: conn, packet: make([]byte, room)}, nil
	}
	return newBatchServer(conn, m != Batch, room, buffer)
}
