package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// performanceMetrics say how fast a run was, and what it waited for: what run.json
// has under performance.
func performanceMetrics(run *output.Manifest) (collectors []prometheus.Collector) {
	gauge := func(name, help string, value float64) {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
		g.Set(value)
		collectors = append(collectors, g)
	}
	vector := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
		collectors = append(collectors, v)
		return v
	}
	windows := vector("stsscan_window",
		"Questions that a resolver was allowed in flight, while there were more to ask.", "resolver", "of")
	for _, r := range run.Resolvers { // a line of each process: the last one counts
		windows.WithLabelValues(r.Addr, "least").Set(float64(r.WindowLeast))
		windows.WithLabelValues(r.Addr, "median").Set(float64(r.WindowMedian))
	}
	p := run.Performance
	if p == nil {
		return collectors
	}
	gauge("stsscan_rows_per_second", "Rows a second, over the time in which domains were asked.", p.RowsPerSecond)
	gauge("stsscan_rows_per_second_peak", "Rows a second, over the best ten seconds.", p.PeakPerSecond)
	gauge("stsscan_asking_seconds", "Time in which domains were asked.", p.AskingSeconds)
	gauge("stsscan_tail_seconds", "Part of it after the last name of a pass was admitted.", p.TailSeconds)
	gauge("stsscan_between_seconds",
		"Time in which all domains that were left waited for their next pass or turn.", p.BetweenSeconds)
	stood := vector("stsscan_standstill_seconds",
		"Time in which no names were admitted, by what that waited for.", "cause")
	for _, why := range codes.Standstills() {
		stood.WithLabelValues(string(why)).Set(p.Standstill[why])
	}
	connections := vector("stsscan_connections",
		"Connections at a time: as many as may be, and the most that were.", "of")
	connections.WithLabelValues("limit").Set(float64(p.Connections.Limit))
	connections.WithLabelValues("most").Set(float64(p.Connections.Most))
	gauge("stsscan_connections_waited_seconds",
		"Time in which surveys waited since all connections were in use.", p.Connections.WaitedSeconds)
	return collectors
}
