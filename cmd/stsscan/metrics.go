package main

import (
	"bytes"
	"os"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"stsscan/internal/codes"
	"stsscan/internal/durable"
	"stsscan/internal/output"
)

// metrics are what a monitoring system wants to know of a nightly job.
type metrics struct {
	registry *prometheus.Registry
	surveys  *prometheus.HistogramVec
	requests *prometheus.HistogramVec
}

func newMetrics() *metrics {
	seconds := []float64{0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 60}
	m := &metrics{
		registry: prometheus.NewRegistry(),
		surveys: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "stsscan_survey_duration_seconds",
			Help:    "Time from the question for the record to the end of the policy's retrieval, by result.",
			Buckets: seconds,
		}, []string{"result"}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "stsscan_http_request_duration_seconds",
			Help: "Time of a request for a policy, from the addresses of its host to the end of the response's header, " +
				"by method and by class of status or the stage that failed.",
			Buckets: seconds,
		}, []string{"method", "result"}),
	}
	m.registry.MustRegister(m.surveys, m.requests)
	return m
}

// observeRequest records one request: see [egress.RequestResults].
func (m *metrics) observeRequest(method, result string, d time.Duration) {
	m.requests.WithLabelValues(method, result).Observe(d.Seconds())
}

// observe records the duration of one survey: ok, lookuperror or fetcherror.
func (m *metrics) observe(result string, d time.Duration) {
	m.surveys.WithLabelValues(result).Observe(d.Seconds())
}

// write writes the metrics to a path that the user named, a file whole or not at all, in the format of
// node_exporter's textfile collector.
func (m *metrics) write(path string, run *output.Manifest) error {
	domains := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "stsscan_domains", Help: "Domains by class of record."}, []string{"record"})
	for class, n := range run.Counts.Record {
		domains.WithLabelValues(string(class)).Set(float64(n))
	}
	policies := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "stsscan_policies", Help: "Domains by class of policy."}, []string{"policy"})
	for class, n := range run.Counts.Policy {
		policies.WithLabelValues(string(class)).Set(float64(n))
	}
	complete := prometheus.NewGauge(prometheus.GaugeOpts{Name: "stsscan_run_complete", Help: "1 when each name of the run has a row."})
	if run.Status.Finished() {
		complete.Set(1)
	}
	ended := prometheus.NewGauge(prometheus.GaugeOpts{Name: "stsscan_run_end_timestamp_seconds", Help: "When the run ended."})
	if run.EndedAt != nil {
		ended.Set(float64(run.EndedAt.Unix()))
	}
	waiting := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "stsscan_waiting", Help: "Domains whose rows are provisional."}, []string{"pending"})
	for why, n := range run.Counts.Pending {
		waiting.WithLabelValues(string(why)).Set(float64(n))
	}
	goroutines := prometheus.NewGauge(prometheus.GaugeOpts{Name: "stsscan_goroutines", Help: "Goroutines when the run ended: as many after a long run as after a short one."})
	goroutines.Set(float64(runtime.NumGoroutine()))
	m.registry.MustRegister(domains, policies, complete, ended, waiting, goroutines)
	if n, ok := openDescriptors(); ok {
		descriptors := prometheus.NewGauge(prometheus.GaugeOpts{Name: "stsscan_descriptors", Help: "Open descriptors when the run ended: as many after a long run as after a short one."})
		descriptors.Set(float64(n))
		m.registry.MustRegister(descriptors)
	}
	crossed := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "stsscan_cross_check", Help: "Domains that independent resolvers were asked for, by whether they have a record and what came of it.",
	}, []string{"rows", "outcome"})
	if check := crossCheckOf(run); check != nil {
		for rows, n := range map[string]output.CrossCount{"negatives": check.Negatives, "positives": check.Positives} {
			crossed.WithLabelValues(rows, "agree").Set(float64(n.Agree))
			crossed.WithLabelValues(rows, "disagree").Set(float64(n.Disagree))
			crossed.WithLabelValues(rows, "unanswered").Set(float64(n.Unanswered))
		}
	}
	m.registry.MustRegister(crossed)
	m.registry.MustRegister(performanceMetrics(run)...)
	families, err := m.registry.Gather()
	if err != nil {
		return err
	}
	var text bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return err
		}
	}
	return durable.WriteOutput(path, text.Bytes())
}

// openDescriptors is how many descriptors this process has open, where the system tells.
func openDescriptors() (n int, ok bool) {
	open, err := os.ReadDir("/proc/self/fd")
	return len(open), err == nil
}

// performanceMetrics say how fast a run was, and what it waited for: what run.json has under performance.
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
