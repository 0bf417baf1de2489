package main

import (
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
	"stsscan/internal/rundir"
	"stsscan/internal/terminal"
)

// resumedRecord is the record of a run of 400 names in four parts. Earlier processes have written two of them; a row is
// provisional.
func resumedRecord(dir string) *rundir.Record {
	plan := &domains.Plan{Parts: 4, Chunks: []domains.ChunkInfo{{Names: 100}, {Names: 100}, {Names: 100}, {Names: 100}}}
	info := func(k int, pending int64) output.PartInfo {
		return output.PartInfo{Part: k, Pending: pending, Counts: output.Counts{
			Rows:    100,
			Record:  map[codes.Record]int64{codes.RecordValid: 20, codes.RecordInvalid: 5, codes.RecordUnknown: 5, codes.RecordAbsent: 70},
			Policy:  map[codes.Policy]int64{codes.PolicyValid: 12, codes.PolicyMissing: 7, codes.PolicyUnknown: 1, codes.PolicyNotFetched: 80},
			Pending: map[codes.Pending]int64{codes.PendingTransient: pending},
		}}
	}
	parts := map[int]output.PartInfo{0: info(0, 1), 2: info(2, 0)}
	record := rundir.NewRecord(dir, plan, func(int) bool { return true }, parts)
	record.Manifest, record.Excluded = new(output.Manifest), new(domains.ExclusionFile)
	return record
}

// A run that goes on counts from what is there, and a provisional row is not done.
func TestPasses(t *testing.T) {
	record := resumedRecord(t.TempDir())
	task := passes(record)
	now := time.Unix(1_000_000, 0)
	rest := pipeline.Left{Waiting: 11, First: now.Add(time.Minute), Last: now.Add(time.Minute)}
	for _, tt := range []struct {
		name             string
		counts           pipeline.Counts
		left             pipeline.Left
		done, asked, due int64
		unknown, present int64
		waits, pause     bool
	}{
		{name: "nothing is asked yet", counts: pipeline.Counts{Transient: 1}, done: 199, due: 200, unknown: 10, present: 50},
		{name: "the first pass", counts: pipeline.Counts{Present: 30, Absent: 60, Unknown: 10, Transient: 11},
			done: 289, asked: 100, due: 100, unknown: 20, present: 80},
		{name: "a name opted out meanwhile", counts: pipeline.Counts{Absent: 60, Excluded: 1, Transient: 1},
			done: 260, asked: 61, due: 139, unknown: 10, present: 50},
		{name: "all are asked, and some wait for a host", counts: pipeline.Counts{Absent: 200, Transient: 1, Manners: 3},
			done: 396, asked: 200, due: 4, unknown: 10, present: 50},
		{name: "between the passes", counts: pipeline.Counts{Absent: 190, Unknown: 10, Transient: 11}, left: rest,
			done: 389, asked: 200, due: 11, unknown: 20, present: 50, waits: true, pause: true},
		{name: "a tail", counts: pipeline.Counts{Absent: 150, Transient: 1}, left: pipeline.Left{Tail: true, Lookups: 20, Surveys: 30},
			done: 349, asked: 150, due: 50, unknown: 10, present: 50, waits: true},
		{name: "surveys wait for their turn: no tail", counts: pipeline.Counts{Absent: 150, Transient: 1},
			left: pipeline.Left{Tail: true, Surveys: 50}, done: 349, asked: 150, due: 50, unknown: 10, present: 50},
	} {
		p := task.progress(now, tt.counts, tt.left, egress.MannersCounts{}, 40)
		if p.Done != tt.done || p.Total != 400 || p.Asked != tt.asked || p.Due != tt.due ||
			(p.Waits != "") != tt.waits || p.Pause != tt.pause {
			t.Errorf("%s: %+v", tt.name, p)
		}
		if unknown, present := figure(p, "unknown"), figure(p, "present"); unknown != tt.unknown || present != tt.present {
			t.Errorf("%s: %d unknown, %d present", tt.name, unknown, present)
		}
	}

	// In a later pass the classes are those of the rows as they are now.
	mended := record.Waiting()[0]
	mended.Counts.Record = map[codes.Record]int64{codes.RecordValid: 26, codes.RecordUnknown: 4, codes.RecordAbsent: 70}
	mended.Counts.Pending, mended.Pending = nil, 0
	record.Wrote(mended)
	p := task.progress(now, pipeline.Counts{Absent: 200, AskedAgain: 1}, pipeline.Left{}, egress.MannersCounts{}, 40)
	if p.Done != 400 || p.Asked != 201 || figure(p, "unknown") != 9 || figure(p, "present") != 51 {
		t.Errorf("a later pass: %+v", p)
	}
	if done, of := task.kept(); done != 200 || of.unknown != 9 || of.valid != 24 || of.broken != 14 {
		t.Errorf("in the end: %d, %+v", done, of)
	}
}

// figure is a count by its key.
func figure(p terminal.Progress, key string) int64 {
	for _, count := range p.Counts {
		if count.Key == key || count.Key == "" && count.Text == key {
			return count.N
		}
	}
	return -1
}

// A cross-check has figures of its own.
func TestCrossChecked(t *testing.T) {
	stats := new(pipeline.Stats)
	stats.CrossChecked()
	task := crossChecked(resumedRecord(t.TempDir()), 50, stats)
	p := task.progress(time.Now(), stats.Counts(), pipeline.Left{}, egress.MannersCounts{}, 40)
	if p.Done != 1 || p.Total != 50 || p.Asked != 1 || p.Due != 49 || figure(p, "present") != 50 {
		t.Errorf("%+v", p)
	}
	if done, _ := task.kept(); done != 1 {
		t.Errorf("in the end: %d", done)
	}
}
