package durable_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"stsscan/internal/durable"
	"stsscan/internal/output"
)

// A job is a run in small: parts in which some rows are provisional, a later
// pass over these, and the manifest before, between and after.
type job struct {
	dir   string
	disk  durable.Disk
	ended map[int]output.PartInfo // parts whose Commit said that it was done
}

const (
	jobParts = 2
	jobRanks = 3
)

// run does what is not done yet.
func (j *job) run() error {
	d, err := output.Open(j.dir, output.Identity{Input: "test"})
	if err != nil {
		return err
	}
	d.Disk = j.disk
	if err := j.disk.Sweep(j.dir, nil); err != nil {
		return err
	}
	m := &output.Manifest{Status: output.StatusRunning, Plan: output.Plan{PartSize: jobRanks, Parts: jobParts}}
	if err := m.WriteOn(j.disk, j.dir); err != nil {
		return err
	}
	for _, pass := range []int32{1, 2} {
		for k := range jobParts {
			old, whole, err := d.Whole(k)
			if err != nil {
				return err
			}
			if pass == 1 && whole || pass == 2 && old.Pending == 0 {
				continue
			}
			info, err := j.write(d, k, pass, old)
			if err != nil {
				return err
			}
			j.ended[k] = info
		}
	}
	m.Status = output.StatusComplete
	for k := range jobParts {
		info, _, err := d.Whole(k)
		if err != nil {
			return err
		}
		m.Parts = append(m.Parts, info)
		m.Counts.Merge(info.Counts)
	}
	return m.WriteOn(j.disk, j.dir)
}

// write writes a part in one pass.
func (j *job) write(d *output.Dataset, k int, pass int32, old output.PartInfo) (output.PartInfo, error) {
	first, last := int64(k*jobRanks+1), int64(k+1)*jobRanks
	p, err := d.Create(k, first, last)
	if err != nil {
		return output.PartInfo{}, err
	}
	for rank := first; rank <= last; rank++ {
		if row := jobRow(rank, pass); row != nil {
			if err := p.Write([]output.Row{*row}); err != nil {
				return output.PartInfo{}, errors.Join(err, p.Abort())
			}
		}
	}
	if pass > 1 {
		err := p.Keep(d, old, func(r *output.Row) bool { return jobRow(r.Rank, pass) == nil })
		if err != nil {
			return output.PartInfo{}, errors.Join(err, p.Abort())
		}
	}
	return p.Commit()
}

// jobRow is the row of a rank in a pass; nil: it has none.
func jobRow(rank int64, pass int32) *output.Row {
	row := &output.Row{
		Domain: fmt.Sprintf("name%d.example.com", rank), Rank: rank, List: "names", TLD: "com",
		Record: "absent", Policy: "not_fetched", ObservedAt: time.Unix(1795440000, 0).UTC(), Pass: pass,
	}
	switch {
	case rank%3 != 0 && pass == 1:
		return row
	case rank%3 != 0:
		return nil
	case pass == 1:
		row.Record, row.Pending = "unknown", "transient"
		return row
	}
	row.Record, row.FirstRecord = "valid", "unknown"
	return row
}

// check checks what a process left: files with the name of a part are whole, and all parts that were reported are
// there.
func (j *job) check(t *testing.T) {
	t.Helper()
	d, err := output.Open(j.dir, output.Identity{Input: "test"})
	if err != nil {
		t.Fatal(err)
	}
	for k := range jobParts {
		info, whole, err := d.Whole(k)
		if err != nil {
			t.Fatalf("part %d: %v", k, err)
		}
		if ended, ok := j.ended[k]; ok && (!whole || info.Pending > ended.Pending) {
			t.Fatalf("part %d was written with %d rows that wait, and is there: %v, with %d", k, ended.Pending, whole,
				info.Pending)
		}
	}
	if _, err := output.ReadManifest(filepath.Join(j.dir, "run.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

// checkEnd checks a finished run.
func (j *job) checkEnd(t *testing.T) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(j.dir, "*"))
	hidden, _ := filepath.Glob(filepath.Join(j.dir, ".*"))
	if err != nil || len(names) != jobParts+1 || len(hidden) != 0 {
		t.Fatalf("files %v, %v, %v", names, hidden, err)
	}
	m, err := output.ReadManifest(filepath.Join(j.dir, "run.json"))
	if err != nil || m.Status != output.StatusComplete || m.Counts.Rows != jobParts*jobRanks ||
		m.Counts.Provisional() != 0 {
		t.Fatalf("manifest %+v, %v", m, err)
	}
	found := make(map[int64]*output.Row)
	for k := range jobParts {
		for row, err := range output.ReadPart(filepath.Join(j.dir, output.PartName(k))) {
			if err != nil {
				t.Fatal(err)
			}
			if found[row.Rank] != nil {
				t.Fatalf("rank %d has two rows", row.Rank)
			}
			found[row.Rank] = row
		}
	}
	for rank := int64(1); rank <= jobParts*jobRanks; rank++ {
		want := jobRow(rank, 2)
		if want == nil {
			want = jobRow(rank, 1)
		}
		if !reflect.DeepEqual(found[rank], want) {
			t.Fatalf("rank %d: %+v, want %+v", rank, found[rank], want)
		}
	}
}

// Every step of writing parts and manifest fails once, twice over: it was not done, and it was done and reported
// as failed. The run says so, what it leaves is whole, and the next one ends with every row once.
func TestEveryStepFails(t *testing.T) {
	root := t.TempDir()
	j := &job{ended: make(map[int]output.PartInfo)}
	for _, done := range []bool{false, true} {
		for step := 1; ; step++ {
			j.dir = filepath.Join(root, fmt.Sprint(done, step))
			if err := os.Mkdir(j.dir, 0o755); err != nil {
				t.Fatal(err)
			}
			clear(j.ended)
			disk := &faultDisk{fail: step, done: done}
			j.disk.FS = disk
			err := j.run()
			if disk.steps < step { // there are no more
				if err != nil {
					t.Fatal(err)
				}
				j.checkEnd(t)
				t.Logf("%d steps, done %v", step-1, done)
				break
			}
			if !errors.Is(err, errStep) {
				t.Fatalf("step %d, done %v: %v", step, done, err)
			}
			j.check(t)
			j.disk.FS = durable.OS{}
			if err := j.run(); err != nil {
				t.Fatalf("step %d, done %v: the run after it: %v", step, done, err)
			}
			j.checkEnd(t)
		}
	}
}

// The power fails again and again, at any step. What was written and synced is there, what is there is whole, and
// in the end every row is there once.
func TestPowerLossOfParts(t *testing.T) {
	seeds := seeds(t, 10)
	root := t.TempDir()
	j := &job{ended: make(map[int]output.PartInfo)}
	crashes := 0
	for seed := range seeds {
		random := rand.New(rand.NewPCG(7, uint64(seed)))
		j.dir = filepath.Join(root, fmt.Sprint(seed))
		if err := os.Mkdir(j.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		clear(j.ended)
		for {
			disk, err := newPowerLossDisk(j.dir, random)
			if err != nil {
				t.Fatal(err)
			}
			disk.last = 1 + random.IntN(100)
			j.disk.FS = disk
			if err = j.run(); err == nil {
				break
			}
			if !errors.Is(err, errPower) {
				t.Fatalf("seed %d: %v", seed, err)
			}
			crashes++
			if err := disk.crash(); err != nil {
				t.Fatal(err)
			}
			j.check(t)
		}
		j.checkEnd(t)
		if err := os.RemoveAll(j.dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d seeds, %d losses of power", seeds, crashes)
}
