package main

import (
	"fmt"
	"log/slog"
	"slices"

	"stsscan/internal/output"
)

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
