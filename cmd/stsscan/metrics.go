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

// write writes the metrics of a run to a path, in the format of node_exporter's textfile collector.
func (m *metrics) write(path string, run *output.Manifest) error {
	m.setRun(run)
	m.setPerformance(run)
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

func (m *metrics) gauge(name, help string, value float64) {
	m.vector(name, help).WithLabelValues().Set(value)
}

func (m *metrics) vector(name, help string, labels ...string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

// setRun sets what a run found.
func (m *metrics) setRun(run *output.Manifest) {
	setCounts(m.vector("stsscan_domains", "Domains by class of record.", "record"), run.Counts.Record)
	setCounts(m.vector("stsscan_policies", "Domains by class of policy.", "policy"), run.Counts.Policy)
	setCounts(m.vector("stsscan_waiting", "Domains with a provisional row.", "pending"), run.Counts.Pending)
	var complete, ended float64
	if run.Status.Finished() {
		complete = 1
	}
	if run.EndedAt != nil {
		ended = float64(run.EndedAt.Unix())
	}
	m.gauge("stsscan_run_complete", "1 when each name of the run has a row.", complete)
	m.gauge("stsscan_run_end_timestamp_seconds", "When the run ended.", ended)
	m.gauge("stsscan_goroutines", "Goroutines at the end of the run: as many after a long run as after a short one.",
		float64(runtime.NumGoroutine()))
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		m.gauge("stsscan_descriptors",
			"Open descriptors at the end of the run: as many after a long run as after a short one.", float64(len(open)))
	}
	crossCheck := m.vector("stsscan_cross_check",
		"Domains that a cross-check asked for, by whether they have a record, and its outcome.", "rows", "outcome")
	if check := crossCheckOf(run); check != nil {
		for rows, n := range map[string]output.CrossCount{"negatives": check.Negatives, "positives": check.Positives} {
			crossCheck.WithLabelValues(rows, "agree").Set(float64(n.Agree))
			crossCheck.WithLabelValues(rows, "disagree").Set(float64(n.Disagree))
			crossCheck.WithLabelValues(rows, "unanswered").Set(float64(n.Unanswered))
		}
	}
}

func setCounts[Class ~string](v *prometheus.GaugeVec, counts map[Class]int64) {
	for class, n := range counts {
		v.WithLabelValues(string(class)).Set(float64(n))
	}
}

// setPerformance sets how fast a run was and what it waited for, as run.json has it.
func (m *metrics) setPerformance(run *output.Manifest) {
	windows := m.vector("stsscan_window",
		"Questions that a resolver was allowed in flight, while there were more to ask.", "resolver", "of")
	for _, r := range run.Resolvers { // a line of each process: the last one counts
		windows.WithLabelValues(r.Addr, "least").Set(float64(r.WindowLeast))
		windows.WithLabelValues(r.Addr, "median").Set(float64(r.WindowMedian))
	}
	p := run.Performance
	if p == nil {
		return
	}
	m.gauge("stsscan_rows_per_second", "Rows a second while domains were asked.", p.RowsPerSecond)
	m.gauge("stsscan_rows_per_second_peak", "Rows a second over the best ten seconds.", p.PeakPerSecond)
	m.gauge("stsscan_asking_seconds", "Time in which domains were asked.", p.AskingSeconds)
	m.gauge("stsscan_tail_seconds", "Part of it after the last name of a pass was admitted.", p.TailSeconds)
	m.gauge("stsscan_between_seconds", "Time in which all domains left waited for their pass or turn.", p.BetweenSeconds)
	standstill := m.vector("stsscan_standstill_seconds", "Time in which no names were admitted, by cause.", "cause")
	for _, why := range codes.Standstills() {
		standstill.WithLabelValues(string(why)).Set(p.Standstill[why])
	}
	connections := m.vector("stsscan_connections", "Connections at a time: the limit, and the most there were.", "of")
	connections.WithLabelValues("limit").Set(float64(p.Connections.Limit))
	connections.WithLabelValues("most").Set(float64(p.Connections.Most))
	m.gauge("stsscan_connections_waited_seconds",
		"Time in which surveys waited because all connections were in use.", p.Connections.WaitedSeconds)
}

// crossCheckOf is the cross-check of a run; nil if there was none.
func crossCheckOf(m *output.Manifest) *output.CrossCheck {
	if m.Trust == nil {
		return nil
	}
	return m.Trust.CrossCheck
}
