package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// What is asked for is lowered in words; what stands for 0 fits from the beginning.
func TestLimits(t *testing.T) {
	const gib = 1 << 30
	for _, tt := range []struct {
		limits  limits
		proxied bool
		asked   int
		surveys int
		parts   int
		says    string // "": nothing
	}{
		{limits{}, true, 256, 256, 0, ""},
		{limits{descriptors: 1 << 20, ports: 28232, memory: 1 << 20}, true, 9999, 9999, mostParts, ""},
		{limits{descriptors: 1024, ports: 40}, false, 256, 256, 64, ""},
		{limits{descriptors: 256}, false, 256, 128, 16, "connections=128 descriptors=256"},
		{limits{descriptors: 64}, false, 33, 32, 4, "connections=32 descriptors=64"},
		{limits{ports: 40}, true, 256, 20, 0, "connections=20 ports=40"},
		{limits{ports: 1}, true, 256, 1, 0, "connections=1 ports=1"},

		{limits{}, true, 0, 1024, 0, ""},
		{limits{descriptors: 1 << 20, ports: 28232, memory: 16 * gib}, true, 0, 1024, mostParts, ""},
		{limits{descriptors: 1024, memory: 16 * gib}, false, 0, 512, 64, ""},
		{limits{descriptors: 1 << 20, memory: gib}, false, 0, 512, mostParts, ""},
		{limits{descriptors: 1 << 20, memory: gib / 4}, false, 0, 128, mostParts, ""},
		{limits{descriptors: 64, memory: gib / 4}, false, 0, 32, 4, ""},
		{limits{memory: 1 << 20}, false, 0, 1, 0, ""},
		{limits{descriptors: 1024, ports: 40, memory: gib}, true, 0, 20, 64, ""},
	} {
		var log bytes.Buffer
		surveys := tt.limits.connections(tt.asked, tt.proxied, slog.New(slog.NewTextHandler(&log, nil)))
		said := (tt.says == "") == (log.Len() == 0) && strings.Contains(log.String(), tt.says)
		if parts := tt.limits.parts(); surveys != tt.surveys || parts != tt.parts || !said {
			t.Errorf("%+v, asked for %d: %d connections, %d parts, says %q; want %d, %d, %q",
				tt.limits, tt.asked, surveys, parts, log.String(), tt.surveys, tt.parts, tt.says)
		}
	}
	if here := systemLimits(); here.descriptors < 0 || here.ports < 0 || here.memory < 0 {
		t.Errorf("this machine: %+v", here)
	}
}
