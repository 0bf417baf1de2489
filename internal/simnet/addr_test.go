package simnet

import (
	"net/netip"
	"testing"

	"code.dny.dev/ssrf"
)

// The guard accepts every behaviour, and the digits say which one it is.
func TestAddressPlan(t *testing.T) {
	guard := ssrf.New()
	for play := tcpServe; play <= tcpNoHandshake; play++ {
		for _, hash := range []uint64{0, 1, 0xffff, 0x10000, 0xfffe_ffff, 1<<64 - 1} {
			for network, addr := range map[string]netip.Addr{
				"tcp4": addrV4(play, uint32(hash)), "tcp6": addrV6(play, hash),
			} {
				if got := playOf(addr); got != play {
					t.Errorf("playOf(%s) = %d, want %d", addr, got, play)
				}
				if err := guard.Safe(network, netip.AddrPortFrom(addr, 443).String(), nil); err != nil {
					t.Errorf("%s: the guard refuses it: %v", addr, err)
				}
			}
		}
	}
	for _, s := range []string{"22.0.0.1", "22.10.0.1", "23.1.0.1", "127.0.0.1", "3ffe:5753::1", "3ffe:5753:a::1",
		"3ffe:5754:1::1", "::1"} {
		if got := playOf(netip.MustParseAddr(s)); got != tcpUnreachable {
			t.Errorf("playOf(%s) = %d: it is not in the plan", s, got)
		}
	}
	if got := playOf(netip.MustParseAddr("::ffff:22.2.0.1")); got != tcpRefuse {
		t.Errorf("a mapped address plays %d, want %d", got, tcpRefuse)
	}
	if addrV4(tcpServe, 1) == addrV4(tcpServe, 2) || addrV6(tcpServe, 1) == addrV6(tcpServe, 2) {
		t.Error("the hash does not choose the address")
	}
}
