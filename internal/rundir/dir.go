// Package rundir works on the directory of a run: it locks it for a shard, prepares the names, takes over the parts
// that earlier processes left, and records what becomes of the run in run.json, or in one such file for each shard.
package rundir

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"stsscan/internal/durable"
	"stsscan/internal/mirror"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
	"stsscan/internal/queue"
)

// ErrInUse says that another process scans the same shard of the run.
var ErrInUse = errors.New("in use by another process")

// ErrStopped is the end of a scan before its first question.
var ErrStopped = fmt.Errorf("%w: run the same command again to go on", pipeline.ErrInterrupted)

// A Dir is the directory of a run, as a process that scans a shard of it sees it. It is not for concurrent use.
type Dir struct {
	path    string
	shard   queue.Shard
	version string // of the program
	log     *slog.Logger
	damage  damage
	mirror  *mirror.Mirror // of the directory in a store; nil: there is no store
	disk    durable.Disk   // under all that is written; its Permit asks the claim of the shard

	preparing bool // for a number of shards that is asked for, and that no scan changes

	runID    string           // output.Identity.Run; Lock sets it
	previous *output.Manifest // left by an earlier process; nil: none
	reopened bool             // previous was finished, and parts were found to be gone
}

// Open is the directory at path for a shard and a version of the program. [Dir.Lock] makes it where it is not there.
func Open(path string, shard queue.Shard, version string, log *slog.Logger) *Dir {
	return &Dir{path: path, shard: shard, version: version, log: log, damage: damage{log: log}}
}

// Shard is the shard as run.json has it; nil if there is only one.
func (d *Dir) Shard() *output.Shard {
	if d.shard.Whole() {
		return nil
	}
	return &output.Shard{Index: d.shard.Index, Of: d.shard.Of}
}

// Path is the path of a file in the directory.
func (d *Dir) Path(name string) string { return filepath.Join(d.path, name) }

// NoteDamage logs that a file is damaged, or gone, and what follows; run.json will have it.
func (d *Dir) NoteDamage(err error, then string) { d.damage.note(err, then) }

// A damage lists what was found damaged or missing in a run directory.
type damage struct {
	log   *slog.Logger
	found []string
}

// mostDamaged bounds the list in run.json.
const mostDamaged = 200

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
