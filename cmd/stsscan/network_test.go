package main

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
)

// A --deadline that is given holds for lookup and the last pass too, whatever it is, and
// run.json tells the two cases apart.
func TestDeadline(t *testing.T) {
	for _, tt := range []struct {
		args        []string
		quick, last time.Duration // last 0: the default
	}{
		{nil, 20 * time.Second, 0},
		{[]string{"--deadline=20s"}, 20 * time.Second, 20 * time.Second},
		{[]string{"--deadline=3s"}, 3 * time.Second, 3 * time.Second},
		{[]string{"--deadline=2m"}, 2 * time.Minute, 2 * time.Minute},
	} {
		var f networkFlags
		flags := pflag.NewFlagSet("", pflag.ContinueOnError)
		f.register(flags)
		if err := flags.Parse(tt.args); err != nil {
			t.Fatal(err)
		}
		said := settings(flags)["deadline"]
		last := f.lastDeadline()
		if f.deadline != tt.quick || last != tt.last || strings.Contains(said, "(1m in the last") != (tt.last == 0) {
			t.Errorf("%q: %v, and at last %v; run.json says %q; want %+v", tt.args, f.deadline, last, said, tt)
		}
	}
}

func TestWindow(t *testing.T) {
	for _, tt := range []struct {
		name      string
		flags     networkFlags
		upstreams []string
		want      int
	}{
		{"the system's, elsewhere", networkFlags{}, []string{"192.0.2.1:53"}, sharedInFlight},
		{"the system's, one of them elsewhere", networkFlags{}, []string{"127.0.0.53:53", "192.0.2.1:53"}, sharedInFlight},
		{"the system's, on this machine", networkFlags{}, []string{"127.0.0.53:53", "[::1]:53"}, ownInFlight},
		{"named", networkFlags{resolvers: "192.0.2.1"}, []string{"192.0.2.1:53"}, ownInFlight},
		{"said", networkFlags{inFlight: 7}, []string{"192.0.2.1:53"}, 7},
	} {
		var upstreams []netip.AddrPort
		for _, u := range tt.upstreams {
			upstreams = append(upstreams, netip.MustParseAddrPort(u))
		}
		if got := tt.flags.mostInFlight(upstreams); got != tt.want {
			t.Errorf("%s: %d questions in flight, want %d", tt.name, got, tt.want)
		}
	}
}
