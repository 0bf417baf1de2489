package metrics

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Samples are values of gauges at one moment.
type samples struct{ list []prometheus.Metric }

// add adds one value; labels are names and values in turn.
func (s *samples) add(name, help string, value float64, labels ...string) {
	var names, values []string
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	desc := prometheus.NewDesc(name, help, names, nil)
	sample, err := prometheus.NewConstMetric(desc, prometheus.GaugeValue, value, values...)
	if err != nil {
		sample = prometheus.NewInvalidMetric(desc, err) // an error of Gather
	}
	s.list = append(s.list, sample)
}

// addEach adds a count for each word, 0 included, so that an alert needs no rule for what is not there.
func addEach[W ~string](s *samples, name, help, label string, words []W, counts map[W]int64) {
	for _, word := range words {
		s.add(name, help, float64(counts[word]), label, string(word))
	}
}

// A runCollector collects the samples that were last set.
type runCollector struct{ run *atomic.Pointer[samples] }

// Describe describes nothing, since a run may have any labels.
func (c *runCollector) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (c *runCollector) Collect(to chan<- prometheus.Metric) {
	if s := c.run.Load(); s != nil {
		for _, sample := range s.list {
			to <- sample
		}
	}
}
