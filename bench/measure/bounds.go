package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The terms of the bounds of bench/population: see docs/performance.md.
const (
	factor        = 1.25  // times the larger of the time of the healthy names and that of the silent ones
	extra         = 30.0  // seconds on top
	silence       = 30.0  // seconds that one silent name may take
	inFlight      = 10000 // the default of --in-flight with a resolver on this machine
	portfolioMost = 35.0  // seconds
)

// A bound is an upper limit for the wall time of a scan over the whole list.
type bound struct {
	text    string
	seconds float64
}

// A round holds the samples of one round of a scenario, by client: whole and healthy, and for the older program
// before-whole, before-healthy and before-floor.
type round map[string]*sample

// bounds are the bounds of a scenario that the samples of a round allow to compute.
func (r round) bounds(scenario string) (bounds []bound) {
	if whole, healthy := r["whole"], r["healthy"]; healthy != nil {
		silent := float64(whole.Silent) * silence / inFlight
		text := fmt.Sprintf("1.25 x max(healthy list %.1f s, %d silent x 30 s / %d = %.1f s) + 30 s",
			healthy.Wall, whole.Silent, inFlight, silent)
		bounds = append(bounds, bound{text, factor*max(healthy.Wall, silent) + extra})
	}
	if floor := r["before-floor"]; floor != nil && scenario == "zones" {
		bounds = append(bounds, bound{"before, --in-flight-floor 4000", floor.Wall})
	}
	if before := r["before-whole"]; before != nil && scenario == "errors" {
		bounds = append(bounds, bound{fmt.Sprintf("a third of before, %.1f s", before.Wall), before.Wall / 3})
	}
	if scenario == "portfolio" {
		bounds = append(bounds, bound{"35 s", portfolioMost})
	}
	return bounds
}

// boundTables prints the costs of each scenario and whether each round keeps its bounds. hold is true if all do.
func boundTables(samples []sample) (text string, hold bool) {
	var b strings.Builder
	hold = true
	for _, t := range tabulate(samples) {
		fmt.Fprintf(&b, "### %s\n\n| scan | names | silent | rounds | wall s | CPU s | peak MiB | unknown |\n", t.Scenario)
		b.WriteString("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
		rounds := make(map[int]round)
		for _, r := range t.Rows {
			wall, cpu := make([]float64, r.Rounds), make([]float64, r.Rounds)
			for i := range r.samples {
				s := &r.samples[i]
				wall[i], cpu[i] = s.Wall, s.CPU
				if rounds[s.Round] == nil {
					rounds[s.Round] = make(round)
				}
				rounds[s.Round][s.Client] = s
			}
			fmt.Fprintf(&b, "| %s | %d | %d | %d | %s | %s | %s | %.0f |\n", r.Client, r.Names, r.samples[0].Silent, r.Rounds,
				spreadOf(wall).text("%.1f"), spreadOf(cpu).text("%.1f"), r.PeakMiB.text("%.0f"), r.Unknown.Median)
		}
		b.WriteString("\n| round | bound | s | whole list, s | |\n| ---: | --- | ---: | ---: | --- |\n")
		for _, n := range slices.Sorted(maps.Keys(rounds)) {
			lines, holds := rounds[n].verdicts(t.Scenario, n)
			b.WriteString(lines)
			hold = hold && holds
		}
		b.WriteString("\n")
	}
	return b.String(), hold
}

// verdicts prints the lines of a round in the table of bounds.
func (r round) verdicts(scenario string, n int) (lines string, hold bool) {
	whole := r["whole"]
	if whole == nil {
		return fmt.Sprintf("| %d | the whole list | - | - | failed |\n", n), false
	}
	bounds := r.bounds(scenario)
	if len(bounds) == 0 {
		return fmt.Sprintf("| %d | none: the older program was not measured | - | %.1f | - |\n", n, whole.Wall), true
	}
	hold = true
	for _, bound := range bounds {
		verdict := "holds"
		if whole.Wall > bound.seconds {
			verdict, hold = "exceeded", false
		}
		lines += fmt.Sprintf("| %d | %s | %.1f | %.1f | %s |\n", n, bound.text, bound.seconds, whole.Wall, verdict)
	}
	return lines, hold
}
