package main

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"stsscan/internal/output"
	"stsscan/internal/queue"
)

// A scanJob is one call of scan: its flags, checked, and its lists.
type scanJob struct {
	flags    scanFlags
	lists    []string
	std      streams
	lineage  *output.Lineage // nil where the names are those of lists
	settings map[string]string
	previous *output.Manifest // that a process before left; nil: none
	damage   *damage

	shard    queue.Shard
	progress progressMode
}

// shardOf is the shard as run.json has it; nil where one machine does it all.
func (j *scanJob) shardOf() *output.Shard {
	if j.shard.Whole() {
		return nil
	}
	return &output.Shard{Index: j.shard.Index, Of: j.shard.Of}
}

func (j *scanJob) path(name string) string { return filepath.Join(j.flags.output, name) }

// A damage is what was found damaged or gone in a run directory, in words.
type damage struct {
	log   *slog.Logger
	found []string
}

// mostDamaged bounds the list of it in run.json.
const mostDamaged = 200

// note notes what is wrong, and what becomes of it.
func (d *damage) note(err error, then string) {
	d.log.Warn("damaged, or gone: "+then, "error", err)
	d.found = append(d.found, fmt.Sprintf("%v: %s", err, then))
}

// list is what was found by the processes before, and by this one.
func (d *damage) list(earlier *output.Manifest) []string {
	list := d.found
	if earlier != nil {
		list = slices.Concat(earlier.Damaged, d.found)
	}
	return list[:min(len(list), mostDamaged)]
}
