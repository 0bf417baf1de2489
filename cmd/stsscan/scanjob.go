package main

import (
	"log/slog"
	"path/filepath"

	"stsscan/internal/metrics"
	"stsscan/internal/output"
	"stsscan/internal/queue"
	"stsscan/internal/rundir"
	"stsscan/internal/store"
	"stsscan/internal/terminal"
)

// A scanJob is one call of scan.
type scanJob struct {
	flags    scanFlags
	lists    []string
	std      streams
	lineage  *output.Lineage // with --from; else nil
	settings map[string]string
	dir      *rundir.Dir
	store    store.Store // nil: the run is in the directory alone
	console  *terminal.Console
	log      *slog.Logger
	metrics  *metrics.Metrics

	shard    queue.Shard
	progress terminal.Mode
}

func (j *scanJob) path(name string) string { return filepath.Join(j.flags.output, name) }
