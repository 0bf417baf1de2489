package egress

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"stsscan/internal/codes"
	"stsscan/internal/limiter"
)

// An Error says at which stage no response was had, and why.
type Error struct {
	host   string
	addr   netip.Addr // invalid before one was dialled
	stage  codes.Stage
	reason codes.PolicyReason
	local  bool
	later  bool // and local
	until  time.Time
	out    *failure // the address was out of reach; nil: it was not
	err    error

	unawaited bool // a time-out that came before its time
}

// Error names host, address, stage, reason and cause, in text of bounded length.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("egress: ")
	b.WriteString(e.host)
	if e.addr.IsValid() {
		b.WriteString(": ")
		b.WriteString(e.addr.String())
	}
	b.WriteString(": ")
	b.WriteString(string(e.stage))
	b.WriteString(": ")
	switch {
	case e.later:
	case e.OutOfReach() && e.isOurs():
		b.WriteString("out of reach, by a fault of this machine: ")
	case e.OutOfReach():
		b.WriteString("out of reach, perhaps by a fault of this machine: ")
	case e.local:
		b.WriteString("fault of this machine: ")
	default:
		b.WriteString(string(e.reason))
		b.WriteString(": ")
	}
	b.WriteString(clean(e.err.Error()))
	return b.String()
}

// Addr is the address that was dialled last, or is to be dialled later; the zero
// Addr: there is none.
func (e *Error) Addr() netip.Addr { return e.addr }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// PolicyStage is where retrieval ended.
func (e *Error) PolicyStage() codes.Stage { return e.stage }

// PolicyReason says why, within the stage.
func (e *Error) PolicyReason() codes.PolicyReason { return e.reason }

// TLSError says why a handshake or a certificate was not accepted, and is empty
// for other stages.
func (e *Error) TLSError() codes.TLSError {
	if e.stage != codes.StageTLS || e.local {
		return ""
	}
	return codes.TLSError(e.reason)
}

// Local reports whether the fault is our own, or may be: no descriptors, no ports,
// no proxy, a cancelled context, manners, or [Error.OutOfReach]. Nothing is known
// about the Policy Host then.
func (e *Error) Local() bool { return e.local }

// OutOfReach reports whether an address could not be reached, and that is a fault
// of this machine, or not yet known to be none. Local is true too. To ask again at
// once tells nothing more.
func (e *Error) OutOfReach() bool { return e.local && e.out != nil }

// Later reports whether an address was not asked for the sake of manners: it
// was asked often enough for now, and is to be asked later. Local is true too.
func (e *Error) Later() bool { return e.later }

// Until is when a host wants to be asked again that was not asked because it said
// so; the zero time where that was for the sake of its address.
func (e *Error) Until() time.Time { return e.until }

// NotAwaited reports whether a host was too slow and had not all of its time, since
// the slow hosts of its address had used up theirs: see Manners.
func (e *Error) NotAwaited() bool { return e.unawaited }

// Timeout reports whether the time ran out.
func (e *Error) Timeout() bool {
	return e.reason == codes.ReasonTimeout || e.reason == codes.PolicyReason(codes.TLSHandshakeTimeout)
}

// ourFault is a failure that tells nothing about the host.
func ourFault(host string, addr netip.Addr, stage codes.Stage, err error) *Error {
	return &Error{host: host, addr: addr, stage: stage, reason: codes.ReasonOther, local: true, err: err}
}

// postponed is a connection that was not made when it was not our turn.
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
	if e.out == nil {
		return e.local
	}
	said, _ := e.out.look()
	return said == ours
}

// cancelled reports whether ctx was ended by somebody, not by its deadline.
func cancelled(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// anyOf reports whether err wraps one of the errnos.
func anyOf(err error, errnos ...syscall.Errno) bool {
	for _, errno := range errnos {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// wanting reports whether err is a want of this machine: of descriptors, memory or
// ports.
func wanting(err error) bool {
	return anyOf(err, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL)
}

// maxText bounds what strangers can make us keep or print.
const maxText = 512

// clean is s as valid UTF-8 of at most 512 octets.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxText {
		return s
	}
	cut := maxText
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut]
}
