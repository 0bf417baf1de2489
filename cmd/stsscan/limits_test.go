package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"stsscan/internal/pipeline"
	"stsscan/internal/starttls"
)

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		limits  limits
		probing bool
		proxied bool
		surveys int // of 256
		parts   int
		says    string // "": nothing
	}{
		{limits{}, true, true, 256, 0, ""},
		{limits{descriptors: 1 << 20, ports: 28232}, true, true, 256, mostParts, ""},
		{limits{descriptors: 1024, ports: 40}, false, false, 256, 64, ""},
		{limits{descriptors: 1024, ports: 40}, true, false, 64, 64, "surveys=64 descriptors=1024"},
		{limits{descriptors: 256}, false, false, 128, 16, "surveys=128 descriptors=256"},
		{limits{descriptors: 64}, true, false, 4, 4, "surveys=4 descriptors=64"},
		{limits{ports: 40}, false, true, 20, 0, "surveys=20 ports=40"},
		{limits{ports: 1}, false, true, 1, 0, "surveys=1 ports=1"},
	} {
		config := pipeline.Config{Surveys: 256}
		if tt.probing {
			config.Mail.Prober = starttls.New(starttls.Config{})
		}
		var log bytes.Buffer
		tt.limits.fit(&config, tt.proxied, slog.New(slog.NewTextHandler(&log, nil)))
		said := (tt.says == "") == (log.Len() == 0) && strings.Contains(log.String(), tt.says)
		if config.Surveys != tt.surveys || config.MostParts != tt.parts || !said {
			t.Errorf("%+v: %d surveys, %d parts, says %q; want %d, %d, %q",
				tt.limits, config.Surveys, config.MostParts, log.String(), tt.surveys, tt.parts, tt.says)
		}
	}
	if here := systemLimits(); here.descriptors < 0 || here.ports < 0 {
		t.Errorf("this machine: %+v", here)
	}
}
