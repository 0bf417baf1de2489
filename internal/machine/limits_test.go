package machine

import (
	"bytes"
	"log/slog"
	"math"
	"strings"
	"testing"
)

// What is asked for is lowered in words; what stands for 0 fits from the beginning.
func TestLimits(t *testing.T) {
	const gib = 1 << 30
	for _, tt := range []struct {
		limits  Limits
		proxied bool
		asked   int
		surveys int
		parts   int
		says    string // "": nothing
	}{
		{Limits{}, true, 256, 256, 0, ""},
		{Limits{Descriptors: 1 << 20, Ports: 28232, Memory: 1 << 20}, true, 9999, 9999, mostParts, ""},
		{Limits{Descriptors: 1024, Ports: 40}, false, 256, 256, 64, ""},
		{Limits{Descriptors: 256}, false, 256, 128, 16, "connections=128 descriptors=256"},
		{Limits{Descriptors: 64}, false, 33, 32, 4, "connections=32 descriptors=64"},
		{Limits{Ports: 40}, true, 256, 20, 0, "connections=20 ports=40"},
		{Limits{Ports: 1}, true, 256, 1, 0, "connections=1 ports=1"},

		{Limits{}, true, 0, 1024, 0, ""},
		{Limits{Descriptors: 1 << 20, Ports: 28232, Memory: 16 * gib}, true, 0, 1024, mostParts, ""},
		{Limits{Descriptors: 1024, Memory: 16 * gib}, false, 0, 512, 64, ""},
		{Limits{Descriptors: 1 << 20, Memory: gib}, false, 0, 512, mostParts, ""},
		{Limits{Descriptors: 1 << 20, Memory: gib / 4}, false, 0, 128, mostParts, ""},
		{Limits{Descriptors: 64, Memory: gib / 4}, false, 0, 32, 4, ""},
		{Limits{Memory: 1 << 20}, false, 0, 1, 0, ""},
		{Limits{Descriptors: 1024, Ports: 40, Memory: gib}, true, 0, 20, 64, ""},
	} {
		var log bytes.Buffer
		surveys := tt.limits.Connections(tt.asked, tt.proxied, slog.New(slog.NewTextHandler(&log, nil)))
		said := (tt.says == "") == (log.Len() == 0) && strings.Contains(log.String(), tt.says)
		if parts := tt.limits.Parts(); surveys != tt.surveys || parts != tt.parts || !said {
			t.Errorf("%+v, asked for %d: %d connections, %d parts, says %q; want %d, %d, %q",
				tt.limits, tt.asked, surveys, parts, log.String(), tt.surveys, tt.parts, tt.says)
		}
	}
	if here := Now(); here.Descriptors < 0 || here.Ports < 0 || here.Memory < 0 {
		t.Errorf("this machine: %+v", here)
	}
}

func TestSocketLimit(t *testing.T) {
	for _, tt := range []struct {
		descriptors, ports, resolvers, want int
		refused                             string // "": it is not
	}{
		{0, 0, 1000, 0, ""},
		{64, 28232, 1, 10, ""},
		{64, 28232, 8, 16, ""},
		{64, 28232, 9, 0, "64 files open, too few for 9 resolvers: raise the limit (ulimit -n) to 72 at least"},
		{1024, 28232, 8, 170, ""},
		{1024, 28232, 100, 200, ""},
		{math.MaxInt32, 0, 8, math.MaxInt32 / 6, ""},
		{math.MaxInt32, 28232, 8, 14116, ""},
		{1024, 40, 1, 20, ""},
		{1024, 40, 20, 40, ""},
		{1024, 40, 21, 0, "40 ports, too few for 21 resolvers: widen net.ipv4.ip_local_port_range to 84 at least"},
		{0, 40, 1, 20, ""},
		{0, 2, 1, 2, ""},
	} {
		got, err := Limits{Descriptors: tt.descriptors, Ports: tt.ports}.Sockets(tt.resolvers)
		if got != tt.want || (err != nil) != (tt.refused != "") || err != nil && !strings.Contains(err.Error(), tt.refused) {
			t.Errorf("%d descriptors, %d ports, %d resolvers: %d, %v, want %d, %q",
				tt.descriptors, tt.ports, tt.resolvers, got, err, tt.want, tt.refused)
		}
	}
}
