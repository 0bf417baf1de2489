// Package metrics tells a monitoring system how a run goes and what it found, in the formats of Prometheus: as a text
// file at the end, and over HTTP while the run lasts.
package metrics

import (
	"bytes"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"stsscan/internal/durable"
	"stsscan/internal/output"
)

// Metrics are those of one process. Their methods may be called at any time, from several goroutines.
type Metrics struct {
	registry *prometheus.Registry
	surveys  *prometheus.HistogramVec
	requests *prometheus.HistogramVec
	run      atomic.Pointer[samples] // of the run as it was when it was last set; nil: none yet
}

// New returns metrics without a run.
func New() *Metrics {
	seconds := []float64{0.01, 0.05, 0.1, 0.5, 1, 5, 10, 20, 60}
	m := &Metrics{
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
	m.registry.MustRegister(m.surveys, m.requests, &runCollector{&m.run})
	// What a process that leaks has more of after a long run than after a short one.
	m.register("stsscan_goroutines", "Goroutines of the process.", runtime.NumGoroutine)
	if openDescriptors() > 0 {
		m.register("stsscan_descriptors", "Open descriptors of the process.", openDescriptors)
	}
	return m
}

// register adds a gauge whose value is asked for when the metrics are read.
func (m *Metrics) register(name, help string, value func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
		func() float64 { return float64(value()) }))
}

// openDescriptors is how many descriptors the process has; 0: unknown.
func openDescriptors() int {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(open)
}

// ObserveRequest records one request: see [stsscan/internal/egress.RequestResults].
func (m *Metrics) ObserveRequest(method, result string, d time.Duration) {
	m.requests.WithLabelValues(method, result).Observe(d.Seconds())
}

// ObserveSurvey records the duration of one survey: ok, lookuperror or fetcherror.
func (m *Metrics) ObserveSurvey(result string, d time.Duration) {
	m.surveys.WithLabelValues(result).Observe(d.Seconds())
}

// Progress adds how many of so many domains are done, as it is when the metrics are read. It is called once.
func (m *Metrics) Progress(done func() int, of int) {
	m.register("stsscan_domains_done", "Domains that have a row, or opted out.", done)
	m.register("stsscan_domains_planned", "Domains of the run, or of this shard of it.", func() int { return of })
}

// SetRun sets what the metrics say of a run. It keeps nothing of the manifest. The first end of a certificate is that
// of the hosts of valid policies; zero: it is not known.
func (m *Metrics) SetRun(run *output.Manifest, firstCertificateEnd time.Time) {
	s := samplesOf(run)
	if !firstCertificateEnd.IsZero() {
		s.add("stsscan_certificate_end_timestamp_seconds",
			"When the first certificate of a host with a valid policy ends.", unixSeconds(firstCertificateEnd))
	}
	m.run.Store(s)
}

// WriteFile writes the metrics to a path, in the format of node_exporter's textfile collector.
func (m *Metrics) WriteFile(path string) error {
	text, err := m.text()
	if err != nil {
		return err
	}
	return durable.WriteOutput(path, text)
}

// text is the metrics in the text format of Prometheus.
func (m *Metrics) text() ([]byte, error) {
	families, err := m.registry.Gather()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}

func unixSeconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
