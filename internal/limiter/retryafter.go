package limiter

import (
	"errors"
	"hash/maphash"
	"time"
)

// A Retry-After is that of one host. It counts for its address when other hosts there agree: when at least
// fewestDeferrals, and half of the recentHosts that were asked there last, have sent one that still counts.
// Then the address is left alone as long as that is so, but no longer than mostHeld in sum in one pass over the
// hosts. A single one halves the rate of the address.
const (
	recentHosts     = 8
	fewestDeferrals = 3
	mostHeld        = 10 * time.Minute

	// mostDeferrals bounds the hosts that are remembered. Beyond it any of them is forgotten, and may be asked too
	// early.
	mostDeferrals = 1 << 18
	// mostHistories bounds the addresses that are remembered for nothing but how long they were left alone.
	mostHistories = 1 << 16
)

// ErrLater says that the manners forbid the connection for now.
var ErrLater = errors.New("put off: the address has been asked often enough for now")

// A DeferredError is an [ErrLater] by the Retry-After of the very host.
type DeferredError struct{ Until time.Time }

func (e *DeferredError) Error() string        { return "put off: the host asked to be left alone" }
func (e *DeferredError) Is(target error) bool { return target == ErrLater }

// deferrals are the times before which hosts are not asked, by the hash of their names.
type deferrals struct {
	seed  maphash.Seed
	until map[uint64]time.Time
	tidy  time.Time // when those that are over were last forgotten
}

func newDeferrals() deferrals {
	return deferrals{seed: maphash.MakeSeed(), until: make(map[uint64]time.Time)}
}

func (d *deferrals) key(host string) uint64 { return maphash.String(d.seed, host) }

func (d *deferrals) note(host uint64, until, now time.Time) {
	if len(d.until) >= mostDeferrals && now.Sub(d.tidy) >= time.Second {
		d.tidy = now
		for host, until := range d.until {
			if !until.After(now) {
				delete(d.until, host)
			}
		}
	}
	if _, known := d.until[host]; !known && len(d.until) >= mostDeferrals {
		for other := range d.until {
			delete(d.until, other)
			break
		}
	}
	d.until[host] = until
}
