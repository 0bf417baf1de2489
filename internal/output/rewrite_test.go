package output

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
)

// pending is a row that waits since at() and some seconds.
func pending(domain string, rank int64, why string, seconds int) *Row {
	r := valid(domain, rank)
	r.Pending, r.ObservedAt = why, at().Add(time.Duration(seconds)*time.Second).Truncate(time.Second)
	return r
}

// Through many rewrites of a part, in which rows go from provisional to
// anything, its rows, counts and metadata are those of the rows it should have.
func TestRewrite(t *testing.T) {
	const n = 1500
	random := rand.New(rand.NewPCG(3, 4))
	shape := func(rank int64) *Row {
		name := fmt.Sprintf("name%d.example.com", rank)
		switch random.IntN(10) {
		case 0:
			return pending(name, rank, "manners", 1000)
		case 1:
			return pending(name, rank, "transient", random.IntN(100))
		case 2:
			return pending(name, rank, "local", random.IntN(100))
		case 3:
			r := valid(name, rank)
			r.Pending = ""
			return r
		case 4:
			return hollow(name, rank)
		}
		return negative(name, rank)
	}
	d := open(t, t.TempDir(), identity())
	d.maxRows = 100
	p, err := d.Create(2, 1, n)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]*Row, n)
	for i := range want {
		want[i] = shape(int64(i + 1))
	}
	if err := p.Write(values(want...)); err != nil {
		t.Fatal(err)
	}
	info, err := p.Commit()
	if err != nil {
		t.Fatal(err)
	}
	for info.Pending > 0 {
		checkPending(t, d, info, want)
		again := make(map[int64]bool)
		var anew []*Row
		for r, err := range d.Provisional(2) {
			if err != nil {
				t.Fatal(err)
			}
			if random.IntN(3) > 0 {
				again[r.Rank] = true
				want[r.Rank-1] = shape(r.Rank)
				anew = append(anew, want[r.Rank-1])
			}
		}
		p, err := d.Create(2, 1, n)
		if err != nil {
			t.Fatal(err)
		}
		for batch := range slices.Chunk(anew, 7) {
			if err := p.Write(values(batch...)); err != nil {
				t.Fatal(err)
			}
		}
		if err := p.Keep(d, info, func(r *Row) bool { return !again[r.Rank] }); err != nil {
			t.Fatal(err)
		}
		if info, err = p.Commit(); err != nil {
			t.Fatal(err)
		}
		wantRows(t, read(t, filepath.Join(d.dir, info.Name)), want)
		counts := count(want...)
		if diff := info.Counts.Diff(&counts); diff != nil {
			t.Fatal(diff)
		}
		wantDomainFilters(t, filepath.Join(d.dir, info.Name), n)
	}
	if info.PendingSince != nil {
		t.Errorf("nothing waits, and it does so since %v", info.PendingSince)
	}
}

// checkPending holds what a part says of its provisional rows against them.
func checkPending(t *testing.T, d *Dataset, info PartInfo, rows []*Row) {
	t.Helper()
	var since time.Time
	ranks := make(map[int64]bool)
	for _, r := range rows {
		if r.Pending != "" {
			ranks[r.Rank] = true
		}
		if r.Pending != "" && r.Pending != "manners" && r.ObservedAt.After(since) {
			since = r.ObservedAt
		}
	}
	again, _, err := d.Whole(2)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []PartInfo{info, again} {
		if i.Pending != int64(len(ranks)) || since.IsZero() != (i.PendingSince == nil) ||
			i.PendingSince != nil && !i.PendingSince.Equal(since) {
			t.Fatalf("%d rows wait since %v, want %d since %v", i.Pending, i.PendingSince, len(ranks), since)
		}
	}
	for r, err := range d.Provisional(2) {
		if err != nil {
			t.Fatal(err)
		}
		if !ranks[r.Rank] {
			t.Fatalf("the row of rank %d comes twice or is final", r.Rank)
		}
		delete(ranks, r.Rank)
	}
	if len(ranks) > 0 {
		t.Fatalf("%d provisional rows were not found", len(ranks))
	}
}

// wantDomainFilters asks the Bloom filters for every domain of the file.
func wantDomainFilters(t *testing.T, path string, n int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	file, _, err := openPart(f)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, group := range file.RowGroups() {
		filter := group.ColumnChunks()[0].BloomFilter()
		err := eachRow(group, func(r *Row) error {
			ok, err := filter.Check(parquet.ValueOf(r.Domain))
			if ok {
				found++
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found != n {
		t.Errorf("%d of %d domains pass the filters of their row groups", found, n)
	}
}

// A part keeps the rows of the file that was written, and of no other.
func TestKeepRefuses(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	old := write(t, d, 0, pending("a.example.com", 1, "transient", 0))
	write(t, d, 0, pending("a.example.com", 1, "transient", 1))
	for _, what := range []string{"another file", "no file"} {
		p, err := d.Create(0, 1, 1_000_000)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Keep(d, old, func(*Row) bool { return false }); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := p.Commit(); err == nil {
			t.Errorf("%s: the part can be committed all the same", what)
		}
		if err := os.Remove(filepath.Join(d.dir, old.Name)); err != nil && what != "no file" {
			t.Fatal(err)
		}
	}
	wantFiles(t, d.dir)
}

// A row that is taken over may change on the way, and counts as what it became; the
// names that were excluded late are those of the part for good.
func TestKeepChanges(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	p, err := d.Create(0, 1, 10)
	if err != nil {
		t.Fatal(err)
	}
	p.ExcludeLate(2)
	p.ExcludeLate(3)
	rows := []*Row{
		pending("a.example.com", 1, "transient", 0), pending("b.example.com", 2, "manners", 0), negative("c.example.com", 3),
	}
	if err := p.Write(values(rows...)); err != nil {
		t.Fatal(err)
	}
	old, err := p.Commit()
	if err != nil {
		t.Fatal(err)
	}
	if p, err = d.Create(0, 1, 10); err != nil {
		t.Fatal(err)
	}
	err = p.Keep(d, old, func(r *Row) bool {
		if r.Rank == 1 {
			r.Pending, r.Findings = "", append(slices.Clip(r.Findings), "excluded_late")
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	now, err := p.Commit()
	if err != nil {
		t.Fatal(err)
	}
	rows[0].Pending, rows[0].Findings = "", append(rows[0].Findings, "excluded_late")
	wantRows(t, read(t, filepath.Join(d.dir, now.Name)), rows)
	counts := count(rows...)
	whole, _, err := d.Whole(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range []PartInfo{now, whole} {
		diff := info.Counts.Diff(&counts)
		if diff != nil || info.Pending != 1 || info.PendingSince != nil || info.ExcludedLate != 5 {
			t.Errorf("%+v, %q", info, diff)
		}
	}
	if empty, _, _ := d.Whole(1); empty.ExcludedLate != 0 {
		t.Errorf("%+v", empty)
	}
}
