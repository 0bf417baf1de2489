//go:build !linux

package udpbatch

import (
	"errors"
	"net"
	"net/netip"
)

// haveBatches says that the system has batches of datagrams.
const haveBatches = false

// errNoBatches says that only the portable way is there.
var errNoBatches = errors.New("this system has neither UDP_SEGMENT nor sendmmsg")

// Buffers would hold the memory of calls that this system does not have.
type Buffers struct{}

func newBuffers() *Buffers { return nil }

func dialBatch(netip.AddrPort, *Buffers, bool) (Conn, error) { return nil, errNoBatches }

func newBatchServer(*net.UDPConn, bool, int, int) (Server, error) { return nil, errNoBatches }
