package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// A spread is the median, least and largest of some values.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

func spreadOf(values []float64) spread {
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	return spread{(values[(n-1)/2] + values[n/2]) / 2, values[0], values[n-1]}
}

// A row is the cost of one client with one number of names, over all rounds.
type row struct {
	Client    string            `json:"client"`
	Names     int               `json:"names"`
	Rounds    int               `json:"rounds"`
	CPU       spread            `json:"cpu_us_per_domain"`
	Rate      spread            `json:"domains_per_second"`
	PeakMiB   spread            `json:"peak_mib"`
	Questions spread            `json:"questions_per_domain"`
	Unknown   spread            `json:"unknown"`
	Bytes     spread            `json:"bytes_per_domain"`
	Ratios    map[string]spread `json:"cpu_ratio_to"` // to the peers, within each round
	samples   []sample
}

// A table is one scenario.
type table struct {
	Scenario string `json:"scenario"`
	Rows     []*row `json:"rows"`
}

// peers are the clients that the others are compared with.
func peers() []string { return []string{"dnsperf", "dnsx", "dnsx-library", "http"} }

func readSamples(files []string) (samples []sample, err error) {
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			var s sample
			if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			samples = append(samples, s)
		}
		if err := lines.Err(); err != nil {
			return nil, err
		}
	}
	return samples, nil
}

// tabulate groups samples by scenario, client and number of names, in order of first appearance.
func tabulate(samples []sample) (tables []*table) {
	for _, s := range samples {
		i := slices.IndexFunc(tables, func(t *table) bool { return t.Scenario == s.Scenario })
		if i < 0 {
			i = len(tables)
			tables = append(tables, &table{Scenario: s.Scenario})
		}
		t := tables[i]
		j := slices.IndexFunc(t.Rows, func(r *row) bool { return r.Client == s.Client && r.Names == s.Names })
		if j < 0 {
			j = len(t.Rows)
			t.Rows = append(t.Rows, &row{Client: s.Client, Names: s.Names, Ratios: make(map[string]spread)})
		}
		t.Rows[j].samples = append(t.Rows[j].samples, s)
	}
	for _, t := range tables {
		for _, r := range t.Rows {
			r.sum()
			for _, peer := range peers() {
				if ratios := t.ratios(r, peer); len(ratios) > 0 {
					r.Ratios[peer] = spreadOf(ratios)
				}
			}
		}
	}
	return tables
}

func (r *row) sum() {
	r.Rounds = len(r.samples)
	of := func(value func(s *sample) float64) spread {
		values := make([]float64, len(r.samples))
		for i := range r.samples {
			values[i] = value(&r.samples[i])
		}
		return spreadOf(values)
	}
	r.CPU = of((*sample).perName)
	r.Rate = of((*sample).rate)
	r.PeakMiB = of(func(s *sample) float64 { return s.PeakMiB })
	r.Questions = of((*sample).questions)
	r.Unknown = of(func(s *sample) float64 { return float64(s.Unknown) })
	r.Bytes = of(func(s *sample) float64 { return float64(s.Bytes) / float64(s.Names) })
}

// ratios are those of the CPU time for each name to that of a peer, in each round that has both. The peer may have had
// fewer names.
func (t *table) ratios(r *row, peer string) (ratios []float64) {
	for _, s := range r.samples {
		for _, other := range t.Rows {
			for _, p := range other.samples {
				if other.Client == peer && r.Client != peer && p.Round == s.Round {
					ratios = append(ratios, s.perName()/p.perName())
				}
			}
		}
	}
	return ratios
}

// printMarkdown prints each scenario as a table. A dash stands for a value that is not known.
func printMarkdown(tables []*table) string {
	var b strings.Builder
	for _, t := range tables {
		fmt.Fprintf(&b, "### %s\n\n", t.Scenario)
		b.WriteString("| client | names | rounds | CPU us/domain | domains/s | peak MiB | questions/domain | unknown |")
		b.WriteString(" bytes/domain |")
		rule := "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
		for _, peer := range peers() {
			fmt.Fprintf(&b, " CPU to %s |", peer)
			rule += " ---: |"
		}
		b.WriteString("\n" + rule + "\n")
		for _, r := range t.Rows {
			fmt.Fprintf(&b, "| %s | %d | %d | %s | %s | %s | %.4f | %s | %s |", r.Client, r.Names, r.Rounds,
				r.CPU.text("%.2f"), r.Rate.text("%.0f"), r.PeakMiB.text("%.0f"), r.Questions.Median,
				known(r.Unknown.Max >= 0, "%.0f", r.Unknown.Median), known(r.Bytes.Max > 0, "%.1f", r.Bytes.Median))
			for _, peer := range peers() {
				ratio, ok := r.Ratios[peer]
				if !ok {
					b.WriteString(" - |")
					continue
				}
				fmt.Fprintf(&b, " %s |", ratio.text("%.3f"))
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func (s spread) text(format string) string {
	return fmt.Sprintf(format+" ["+format+".."+format+"]", s.Median, s.Min, s.Max)
}

func known(ok bool, format string, value float64) string {
	if !ok {
		return "-"
	}
	return fmt.Sprintf(format, value)
}
