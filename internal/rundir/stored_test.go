package rundir_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stsscan/internal/domains"
	"stsscan/internal/output"
	"stsscan/internal/queue"
	"stsscan/internal/rundir"
	"stsscan/internal/store"
)

// A task is a process that scans the first of two shards, up to its first question.
type task struct {
	t      *testing.T
	store  store.Store
	list   string
	record *rundir.Record
	end    func() // of the last one
}

// begin ends the last task, as if it had been interrupted, and begins one in a directory.
func (task *task) begin(dir string, pending bool) {
	t := task.t
	t.Helper()
	task.end()
	d := rundir.Open(dir, queue.Shard{Index: 0, Of: 2}, "devel", slog.New(slog.DiscardHandler))
	d.KeepIn(task.store)
	_, release, err := d.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	task.end = release
	if err := d.Bring(t.Context()); err != nil {
		t.Fatal(err)
	}
	excluded, err := domains.OpenExclusions("")
	if err != nil {
		t.Fatal(err)
	}
	config := domains.PrepareConfig{Lists: []domains.List{{Path: task.list}}, PartSize: 2}
	task.record, err = d.Prepare(t.Context(), config, rundir.Scan{}, excluded)
	if err != nil {
		t.Fatal(err)
	}
	d.Upload(t.Context(), task.record)
	if pending {
		task.record.Wrote(task.part())
	}
	if err := task.record.Write(output.StatusRunning, nil); err != nil {
		t.Fatal(err)
	}
	if err := task.record.Stored(); err != nil {
		t.Fatal(err)
	}
}

// part writes part 0, with a provisional row.
func (task *task) part() output.PartInfo {
	task.t.Helper()
	part, err := task.record.Dataset.Create(0, 1, 2)
	if err != nil {
		task.t.Fatal(err)
	}
	at := time.Date(2026, 12, 1, 2, 0, 0, 0, time.UTC)
	for rank := int64(1); rank <= 2; rank++ {
		row := output.Row{
			Domain: fmt.Sprintf("name%d.example.com", rank-1), Rank: rank, List: "names.txt", TLD: "com", Record: "valid",
			Policy: "unknown", Pending: "local", ObservedAt: at, Pass: 1,
		}
		if err := part.Write([]output.Row{row}); err != nil {
			task.t.Fatal(err)
		}
	}
	info, err := part.Commit()
	if err != nil {
		task.t.Fatal(err)
	}
	return info
}

// lost reports whether each policy of a part counts as asked for.
func (task *task) lost(k int, base string) bool {
	task.t.Helper()
	log, err := task.record.Dataset.Log(k, base, time.Now())
	if err != nil {
		task.t.Fatal(err)
	}
	_, lost := log.Lost(1)
	if err := log.Close(); err != nil {
		task.t.Fatal(err)
	}
	return lost
}

func newTask(t *testing.T) *task {
	t.Helper()
	var list strings.Builder
	for i := range 10 {
		fmt.Fprintf(&list, "name%d.example.com\n", i)
	}
	path := filepath.Join(t.TempDir(), "names.txt")
	if err := os.WriteFile(path, []byte(list.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return &task{t: t, store: store.NewDir(t.TempDir()), list: path, end: func() {}}
}

// Whoever goes on with a shard that was begun on another machine does not know which policies were asked for there: all
// of its unfinished parts count as asked. In the directory of the last process the logs say it.
func TestTakenOver(t *testing.T) {
	task := newTask(t)
	first := t.TempDir()
	task.begin(first, false)
	if task.lost(0, "") || task.lost(2, "") {
		t.Error("a shard that was never begun counts as asked")
	}
	task.begin(first, false)
	if task.lost(0, "") || task.lost(2, "") {
		t.Error("in the same directory, all counts as asked")
	}
	second := t.TempDir()
	task.begin(second, true)
	if !task.lost(0, "") || !task.lost(2, "") {
		t.Error("on another machine, nothing counts as asked")
	}
	task.begin(t.TempDir(), false)
	waiting := task.record.Waiting()
	if len(waiting) != 1 || waiting[0].Pending != 2 {
		t.Fatalf("waiting are %+v", waiting)
	}
	if !task.lost(0, waiting[0].SHA256) || !task.lost(4, "") {
		t.Error("the provisional rows of another machine do not count as asked")
	}
	task.begin(first, false) // which has not seen the part
	if !task.lost(0, waiting[0].SHA256) || !task.lost(2, "") {
		t.Error("in the directory of an earlier process, nothing counts as asked")
	}
}

// A process that was killed after it brought the manifest, and before it noted what follows, does so the next time.
func TestTakenOverKilled(t *testing.T) {
	task := newTask(t)
	task.begin(t.TempDir(), false)
	task.end()
	dir := t.TempDir()
	d := rundir.Open(dir, queue.Shard{Index: 0, Of: 2}, "devel", slog.New(slog.DiscardHandler))
	d.KeepIn(task.store)
	_, release, err := d.Lock(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	late := output.PartName(2) // of a process that had the claim before
	if _, err := task.store.Put(t.Context(), late, []byte("rows"), store.Absent); err != nil {
		t.Fatal(err)
	}
	if err := d.Bring(t.Context()); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, late)); err != nil || string(text) != "rows" {
		t.Errorf("%q, %v", text, err)
	}
	task.end = release
	task.begin(dir, false)
	if !task.lost(0, "") {
		t.Error("nothing counts as asked")
	}
	task.begin(dir, false)
	if left, err := filepath.Glob(filepath.Join(dir, ".*.taken-over")); err != nil || left != nil {
		t.Errorf("left are %q, %v", left, err)
	}
}
