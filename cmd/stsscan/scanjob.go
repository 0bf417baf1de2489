package main

import (
	"path/filepath"

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
