package main

import (
	"context"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
	"stsscan/internal/rundir"
	"stsscan/internal/terminal"
)

// A task is what is watched, in names.
type task struct {
	total int64
	done  func(pipeline.Counts) int64 // nothing more is asked about them
	asked func(pipeline.Counts) int64 // grows with each name that was asked, whatever came of it
	due   func(pipeline.Counts) int64 // what this pass has still to ask

	// With rows of earlier processes. And in the end: what a later process goes on with.
	classes func(pipeline.Counts) classes
	kept    func() (done int64, of classes)
}

// passes is the task of all passes: the names of this shard, and what earlier processes have done of them.
func passes(r *rundir.Record) task {
	total, before := r.Names(func(int) bool { return true }), r.Names(r.Whole)
	earlier := classesOf(r.Counts())
	return task{
		total: total,
		done:  func(c pipeline.Counts) int64 { return before + c.Done() - c.Waiting() },
		asked: func(c pipeline.Counts) int64 { return c.Done() + c.AskedAgain },
		due: func(c pipeline.Counts) int64 {
			if first := total - before - c.Done(); first > 0 {
				return first
			}
			return c.Waiting()
		},
		classes: func(c pipeline.Counts) classes {
			if written := r.Written(); c.AskedAgain > 0 && written != nil { // Counts have each row as it was at first
				return classesOf(*written)
			}
			return classes{
				present: earlier.present + c.Present, absent: earlier.absent + c.Absent, unknown: earlier.unknown + c.Unknown,
				valid: earlier.valid + c.PolicyValid, broken: earlier.broken + c.PolicyBroken,
			}
		},
		kept: func() (int64, classes) {
			counts := r.Counts()
			return r.Names(r.Whole) - counts.Provisional(), classesOf(counts)
		},
	}
}

// crossChecked is the task of a cross-check of about so many names.
func crossChecked(r *rundir.Record, total int64, stats *pipeline.Stats) task {
	rows := classesOf(r.Counts())
	crossed := func(c pipeline.Counts) int64 { return c.Crossed }
	return task{
		total: total, done: crossed, asked: crossed,
		due:     func(c pipeline.Counts) int64 { return total - c.Crossed },
		classes: func(pipeline.Counts) classes { return rows },
		kept:    func() (int64, classes) { return stats.Counts().Crossed, rows },
	}
}

// classes count domains by class of record, and policies.
type classes struct{ present, absent, unknown, valid, broken int64 }

// classesOf are the classes of rows.
func classesOf(c output.Counts) classes {
	absent, unknown := c.Record[codes.RecordAbsent], c.Record[codes.RecordUnknown]
	valid := c.Policy[codes.PolicyValid]
	return classes{
		present: c.Rows - absent - unknown, absent: absent, unknown: unknown,
		valid: valid, broken: c.Rows - valid - c.Policy[codes.PolicyUnknown] - c.Policy[codes.PolicyNotFetched],
	}
}

// progress is how far the task is now. While surveys wait for their turn, since there may be so many at a time, the run
// does more than wait.
func (t task) progress(
	now time.Time, c pipeline.Counts, left pipeline.Left, manners egress.MannersCounts, surveys int,
) terminal.Progress {
	p := terminal.Progress{
		Done: t.done(c), Total: t.total, Asked: t.asked(c), Due: t.due(c), Pause: left.Waiting > 0,
		Counts: figures(t.classes(c), c, manners),
	}
	if p.Pause || left.Surveys <= int64(surveys) {
		p.Waits, p.Brief = left.Words(now), left.Brief(now)
	}
	return p
}

// figures are the counts of a run, those that matter most first.
func figures(of classes, c pipeline.Counts, manners egress.MannersCounts) []terminal.Count {
	return []terminal.Count{
		{Text: "records", Key: "present", N: of.present},
		{Key: "absent", N: of.absent},
		{Text: "unknown", N: of.unknown},
		{Text: "valid policies", Key: "policies_valid", N: of.valid},
		{Key: "policies_broken", N: of.broken},
		{Key: "surveying", N: c.Surveying},
		{Text: "to ask again", Key: "again", N: c.Waiting()},
		{Key: "manners", N: c.Manners},
		{Text: "waiting for hosts", Key: "waiting_for_hosts", N: manners.Waiting},
		{Key: "put_off", N: manners.PutOff},
	}
}

// watch shows the progress of a task until stop is called, and says what follows an interrupt.
func (j *scanJob) watch(ctx context.Context, n *network, stats *pipeline.Stats, t task) (stop func()) {
	unwatch := func() bool { return false }
	if ctx.Err() == nil { // else the interrupt was logged before
		unwatch = context.AfterFunc(ctx, func() {
			if context.Cause(ctx) != context.Canceled {
				return // the error of the command will say so
			}
			j.log.Warn("interrupted: finishing what is in flight, for half a minute at most; interrupt again to stop at once")
		})
	}
	if j.progress == terminal.ModeOff || t.total == 0 {
		return func() { unwatch() }
	}
	reporter := terminal.NewReporter(j.console, j.log, j.progress, time.Now())
	stopTicks := terminal.Tick(j.progress.Interval(), func(now time.Time) {
		p := t.progress(now, stats.Counts(), stats.Left(), n.transport.Manners(), n.transport.Connections().Limit)
		if ctx.Err() != nil {
			p.Waits, p.Brief, p.Pause = "finishing what is in flight", "stopping", true
		}
		reporter.Report(now, p)
	})
	return func() {
		unwatch()
		stopTicks()
		done, of := t.kept()
		reporter.End(terminal.Progress{
			Done: done, Total: t.total, Counts: figures(of, pipeline.Counts{}, egress.MannersCounts{}),
		})
	}
}
