package egress

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
)

// anyOf reports whether err wraps one of the errnos.
func anyOf(err error, errnos ...syscall.Errno) bool {
	for _, errno := range errnos {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// wanting reports whether this machine lacks descriptors, memory or ports.
func wanting(err error) bool {
	return anyOf(err, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL)
}

// cancelled reports whether ctx was cancelled; the end of its deadline does not count.
func cancelled(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// outOfReach reports whether err says that an address cannot be reached, which does not tell whose fault it is.
// A router near the address may say so, and so may a rule, a route or a firewall of this machine: Linux makes
// EACCES of the ICMPv6 codes 1, 5 and 6 as of its own prohibit route, and EINVAL of its blackhole route.
func outOfReach(err error) bool {
	return anyOf(err, syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EACCES, syscall.EPERM, syscall.EINVAL,
		syscall.ENETDOWN, syscall.EHOSTDOWN)
}

// reset reports whether the connection ended: by the other side, or by a router that says, after it was made,
// that it leads nowhere.
func reset(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || anyOf(err, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED) ||
		outOfReach(err)
}
