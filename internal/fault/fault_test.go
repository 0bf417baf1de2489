package fault_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"stsscan/internal/fault"
)

// said is an error that has every method of the package.
type said struct {
	local, out, later, timeout, unawaited bool
	until                                 time.Time
	error
}

func (e said) Local() bool      { return e.local }
func (e said) OutOfReach() bool { return e.out }
func (e said) Later() bool      { return e.later }
func (e said) Until() time.Time { return e.until }
func (e said) Timeout() bool    { return e.timeout }
func (e said) NotAwaited() bool { return e.unawaited }
func (e said) Unwrap() error    { return e.error }

func TestFault(t *testing.T) {
	theirs := errors.New("refused")
	own := said{local: true, out: true, later: true, timeout: true, unawaited: true, until: time.Unix(1, 0), error: theirs}
	type answers struct{ ours, out, later, timeout, unawaited, until bool }
	all := answers{true, true, true, true, true, true}
	for name, c := range map[string]struct {
		err  error
		want answers
	}{
		"none":                     {nil, answers{}},
		"says nothing":             {theirs, answers{}},
		"says all":                 {own, all},
		"wrapped":                  {fmt.Errorf("dial: %w", own), all},
		"beside another":           {errors.Join(theirs, own), all},
		"below no":                 {said{error: own}, answers{}}, // the outer error knows what its cause means
		"after no":                 {errors.Join(said{error: theirs}, own), answers{}},
		"a network error":          {&net.OpError{Op: "dial", Err: own}, all},
		"cancelled":                {fmt.Errorf("dial: %w", context.Canceled), answers{ours: true}},
		"cancelled, below":         {said{error: context.Canceled}, answers{ours: true}},
		"deadline":                 {context.DeadlineExceeded, answers{timeout: true}},
		"deadline of a connection": {&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, answers{timeout: true}},
		"deadline, below":          {said{error: context.DeadlineExceeded}, answers{timeout: true}},
		"of the system":            {syscall.ETIMEDOUT, answers{timeout: true}},
		"of a name server":         {&net.DNSError{IsTimeout: true}, answers{timeout: true}},
		"a want of descriptors":    {syscall.EMFILE, answers{}}, // the opener of the socket says whose fault that is
	} {
		got := answers{
			fault.Ours(c.err), fault.OutOfReach(c.err), fault.PutOff(c.err), fault.TimedOut(c.err),
			fault.NotAwaited(c.err), !fault.Until(c.err).IsZero(),
		}
		if got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
