//go:build !linux

package resolver

import (
	"errors"
	"net/netip"
)

// haveBatches says that the system has batches of datagrams.
const haveBatches = false

// errNoBatches says that only the portable way is there.
var errNoBatches = errors.New("this system has neither UDP_SEGMENT nor sendmmsg")

// batches would hold the memory of calls that this system does not have.
type batches struct{}

func newBatches() *batches { return nil }

func openBatchPort(netip.AddrPort, *batches, bool) (port, error) { return nil, errNoBatches }
