package main

import (
	"net/netip"
	"testing"
)

func TestWindow(t *testing.T) {
	for _, tt := range []struct {
		name      string
		flags     networkFlags
		upstreams []string
		want      int
	}{
		{"the system's, elsewhere", networkFlags{}, []string{"192.0.2.1:53"}, modestWindow},
		{"the system's, one of them elsewhere", networkFlags{}, []string{"127.0.0.53:53", "192.0.2.1:53"}, modestWindow},
		{"the system's, on this machine", networkFlags{}, []string{"127.0.0.53:53", "[::1]:53"}, largeWindow},
		{"named", networkFlags{resolvers: "192.0.2.1"}, []string{"192.0.2.1:53"}, largeWindow},
		{"said", networkFlags{inFlight: 7}, []string{"192.0.2.1:53"}, 7},
	} {
		var upstreams []netip.AddrPort
		for _, u := range tt.upstreams {
			upstreams = append(upstreams, netip.MustParseAddrPort(u))
		}
		if got := tt.flags.window(upstreams); got != tt.want {
			t.Errorf("%s: %d questions in flight, want %d", tt.name, got, tt.want)
		}
	}
}
