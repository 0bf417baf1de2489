package limiter

import (
	"net/netip"
	"testing"
	"time"
)

func TestLimits(t *testing.T) {
	for rate, want := range map[float64]limit{
		2:    {1, 2, time.Second},
		0.5:  {1, 1, 2 * time.Second},
		2.5:  {1, 2, 800 * time.Millisecond},
		1:    {1, 1, time.Second},
		1000: {1, 1000, time.Second},
		-1:   {1, -1, 0},
	} {
		if got := newLimit(1, rate); got != want {
			t.Errorf("%v: %+v, want %+v", rate, got, want)
		}
	}
	for addr, want := range map[string]string{
		"22.1.2.3": "22.1.2.0/24", "3ffe:1:2:3::4": "3ffe:1:2::/48", "3ffe:1:2:3::4%eth0": "3ffe:1:2::/48", "::ffff:22.1.2.3": "::/48",
	} {
		if got := networkOf(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s is of %s, want %s", addr, got, want)
		}
	}
}
