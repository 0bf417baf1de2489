package main

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"stsscan/internal/metrics"
	"stsscan/internal/output"
	"stsscan/internal/queue"
	"stsscan/internal/terminal"
)

// A scanJob is one call of scan.
type scanJob struct {
	flags    scanFlags
	lists    []string
	std      streams
	lineage  *output.Lineage // with --from; else nil
	settings map[string]string
	runID    string           // output.Identity.Run
	previous *output.Manifest // left by an earlier process; nil: none
	reopened bool             // previous was finished, and parts were found to be gone
	damage   *damage
	console  *terminal.Console
	log      *slog.Logger
	metrics  *metrics.Metrics

	shard    queue.Shard
	progress terminal.Mode
}

// shardOf is the shard as run.json has it; nil if there is only one.
func (j *scanJob) shardOf() *output.Shard {
	if j.shard.Whole() {
		return nil
	}
	return &output.Shard{Index: j.shard.Index, Of: j.shard.Of}
}

func (j *scanJob) path(name string) string { return filepath.Join(j.flags.output, name) }

// A damage lists what was found damaged or missing in a run directory.
type damage struct {
	log   *slog.Logger
	found []string
}

// mostDamaged bounds the list in run.json.
const mostDamaged = 200

// note logs what is wrong and what follows.
func (d *damage) note(err error, then string) {
	d.log.Warn("damaged, or gone: "+then, "error", err)
	d.found = append(d.found, fmt.Sprintf("%v: %s", err, then))
}

// list is what earlier processes found, and this one.
func (d *damage) list(previous *output.Manifest) []string {
	list := d.found
	if previous != nil {
		list = slices.Concat(previous.Damaged, d.found)
	}
	return list[:min(len(list), mostDamaged)]
}
