package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"github.com/spf13/pflag"

	"stsscan/internal/durable"
	"stsscan/internal/metrics"
)

// metricsFlags say where the metrics of a scan go.
type metricsFlags struct{ file, addr string }

func (f *metricsFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.file, "metrics-file", "", "`FILE`: write metrics for Prometheus here at the end")
	flags.StringVar(&f.addr, "metrics-addr", "",
		"`HOST:PORT`: serve metrics for Prometheus at http://HOST:PORT/metrics while the scan lasts")
}

// check refuses a path that cannot be written to, and what is no address.
func (f *metricsFlags) check() error {
	if f.file != "" {
		if err := durable.CheckOutput(f.file); err != nil {
			return fmt.Errorf("--metrics-file: %w", err)
		}
	}
	if f.addr != "" {
		if _, _, err := net.SplitHostPort(f.addr); err != nil {
			return usage(fmt.Errorf("--metrics-addr: %w: must be HOST:PORT, as in 127.0.0.1:9464", err))
		}
	}
	return nil
}

// serve serves the metrics, if that was asked for, until stop is called.
func (f *metricsFlags) serve(ctx context.Context, m *metrics.Metrics, log *slog.Logger) (stop func(), err error) {
	if f.addr == "" {
		return func() {}, nil
	}
	at, stop, err := m.Serve(ctx, f.addr)
	if err != nil {
		return nil, fmt.Errorf("--metrics-addr: %w", err)
	}
	log.Info("metrics are served", "url", fmt.Sprintf("http://%s/metrics", at))
	return stop, nil
}
