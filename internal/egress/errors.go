package egress

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/limiter"
)

// An Error says at which stage there was no response, and why.
type Error struct {
	host        string
	addr        netip.Addr // invalid before one was dialled
	stage       codes.Stage
	reason      codes.PolicyReason
	local       bool
	later       bool // and local
	until       time.Time
	unreachable *failure // the address was out of reach; nil: it was not
	err         error

	unawaited bool // it timed out before the usual time
}

// Error names host, address, stage, reason and cause, in text of bounded length.
func (e *Error) Error() string {
	text := "egress: " + e.host + ": "
	if e.addr.IsValid() {
		text += e.addr.String() + ": "
	}
	text += string(e.stage) + ": "
	switch {
	case e.later:
	case e.OutOfReach() && e.isOurs():
		text += "out of reach, by a fault of this machine: "
	case e.OutOfReach():
		text += "out of reach, perhaps by a fault of this machine: "
	case e.local:
		text += "fault of this machine: "
	default:
		text += string(e.reason) + ": "
	}
	return text + clean(e.err.Error())
}

// Addr is the address that was dialled last, or will be dialled later; the zero Addr: there is none.
func (e *Error) Addr() netip.Addr { return e.addr }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// PolicyStage is where retrieval ended.
func (e *Error) PolicyStage() codes.Stage { return e.stage }

// PolicyReason is why, within the stage.
func (e *Error) PolicyReason() codes.PolicyReason { return e.reason }

// TLSError is why a handshake or a certificate was not accepted; it is empty for other stages.
func (e *Error) TLSError() codes.TLSError {
	if e.stage != codes.StageTLS || e.local {
		return ""
	}
	return codes.TLSError(e.reason)
}

// Local reports whether the fault is our own, or may be: no descriptors, no ports, no proxy, a cancelled
// context, manners, or [Error.OutOfReach]. It says nothing about the Policy Host.
func (e *Error) Local() bool { return e.local }

// OutOfReach reports whether an address could not be reached by a fault of this machine, or for a reason that
// is not known yet. Local is true too. Another try at once would tell nothing more.
func (e *Error) OutOfReach() bool { return e.local && e.unreachable != nil }

// Later reports whether an address was not asked for the sake of manners: it was asked often enough for now.
// Local is true too.
func (e *Error) Later() bool { return e.later }

// Until is the time before which the host asked to be left alone. The zero time: it did not ask, and only its
// address has to wait.
func (e *Error) Until() time.Time { return e.until }

// NotAwaited reports whether a host was too slow and was not given all of its time, since the slow hosts of its
// address had used up theirs; see [Manners].
func (e *Error) NotAwaited() bool { return e.unawaited }

// Timeout reports whether the time ran out.
func (e *Error) Timeout() bool {
	return e.reason == codes.ReasonTimeout || e.reason == codes.PolicyReason(codes.TLSHandshakeTimeout)
}

// ourFault is a failure that says nothing about the host.
func ourFault(host string, addr netip.Addr, stage codes.Stage, err error) *Error {
	return &Error{host: host, addr: addr, stage: stage, reason: codes.ReasonOther, local: true, err: err}
}

// postponed is a connection that was not made, for lack of a permit.
func postponed(host string, addr netip.Addr, cause error) *Error {
	e := ourFault(host, addr, codes.StageTCP, cause)
	e.later = errors.Is(cause, limiter.ErrLater)
	if held := new(limiter.DeferredError); errors.As(cause, &held) {
		e.until = held.Until
	}
	return e
}

// isOurs reports whether the fault is known to be our own by now.
func (e *Error) isOurs() bool {
	if e.unreachable == nil {
		return e.local
	}
	said, _ := e.unreachable.blameNow()
	return said == ours
}

// maxText bounds the texts of others that are kept or printed.
const maxText = 512

// clean is s as valid UTF-8 of at most 512 octets.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") // the cut may have split a character
}

func tlsFailure(host string, addr netip.Addr, class codes.TLSError, err error) *Error {
	return &Error{host: host, addr: addr, stage: codes.StageTLS, reason: codes.PolicyReason(class), err: err}
}

// anyOf reports whether err wraps one of the errnos.
func anyOf(err error, errnos ...syscall.Errno) bool {
	return slices.ContainsFunc(errnos, func(errno syscall.Errno) bool { return errors.Is(err, errno) })
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
