package output

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"
)

// NULL, empty and zero are three things, and each comes back as what it was.
func TestRoundTrip(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	rows := []*Row{
		every("a.example.com", 1), least("b.example.com", 2), hollow("c.example.com", 3),
		valid("d.example.com", 4), negative("e.example.com", 5),
	}
	info := write(t, d, 0, rows...)
	wantRows(t, read(t, filepath.Join(d.dir, "part-000000.parquet")), rows)

	var counts Counts
	for _, r := range rows {
		counts.Add(r)
	}
	if diff := info.Counts.Diff(&counts); diff != nil {
		t.Error(diff)
	}
	again, ok, err := d.Whole(0)
	if err != nil || !ok || !reflect.DeepEqual(again, info) {
		t.Errorf("whole: %v, %v\n%+v, want\n%+v", ok, err, again, info)
	}
	var domains []string
	for domain, err := range ReadDomains(filepath.Join(d.dir, info.Name)) {
		if err != nil {
			t.Fatal(err)
		}
		domains = append(domains, domain)
	}
	slices.Sort(domains)
	if len(domains) != len(rows) || domains[4] != "e.example.com" {
		t.Errorf("domains %q", domains)
	}
}

// Batches of any rows, all in one part and in many row groups, come back as
// they were, wherever a batch, a page or a row group ends, or is ended.
func TestRoundTripProperty(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	d.maxRows = 50
	p, err := d.Create(0, 1, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	var want []*Row
	texts := rapid.SliceOfN(rapid.String(), 0, 3)
	rapid.Check(t, func(rt *rapid.T) {
		batch := make([]*Row, rapid.IntRange(0, 40).Draw(rt, "rows"))
		for i := range batch {
			rank := int64(len(want) + len(batch) - i)
			if rapid.Bool().Draw(rt, "denial") {
				batch[i] = anyDenial(rt, rank)
				continue
			}
			shape := rapid.SampledFrom([]func(string, int64) *Row{every, least, hollow, valid, negative}).Draw(rt, "shape")
			r := shape("example.com", rank)
			r.Server = rapid.String().Draw(rt, "server")
			r.Zone = rapid.SampledFrom([]string{"", "", "", "com"}).Draw(rt, "zone")
			r.MXPatterns = texts.Draw(rt, "mx")
			r.TXT = rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 20), 0, 3).Draw(rt, "txt")
			r.PolicyText = rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(rt, "policy")
			r.Tags = rapid.MapOfN(rapid.String(), rapid.String(), 0, 3).Draw(rt, "tags")
			r.MaxAge = rapid.Ptr(rapid.Int64(), true).Draw(rt, "max age")
			r.LookupMS = rapid.Int32().Draw(rt, "lookup")
			batch[i] = r
		}
		if err := p.Write(values(batch...)); err != nil {
			rt.Fatal(err)
		}
		if rapid.IntRange(0, 9).Draw(rt, "end") == 0 {
			if err := p.EndGroups(); err != nil {
				rt.Fatal(err)
			}
		}
		slices.Reverse(batch)
		want = append(want, batch...)
	})
	info, err := p.Commit()
	if err != nil {
		t.Fatal(err)
	}
	wantRows(t, read(t, filepath.Join(d.dir, info.Name)), want)
	counts := count(want...)
	if diff := info.Counts.Diff(&counts); diff != nil {
		t.Error(diff)
	}
}

func TestManyRowGroups(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	d.maxRows = 500
	p, err := d.Create(3, 1, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	const n = 2*500 + 5
	batch := make([]*Row, 0, 128)
	for rank := int64(n); rank > 0; rank-- {
		batch = append(batch, negative(fmt.Sprintf("name%d.com", rank), rank))
		if len(batch) == cap(batch) || rank == 1 {
			if err := p.Write(values(batch...)); err != nil {
				t.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	if _, err := p.Commit(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(d.dir, "part-000003.parquet")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	file, info, err := openPart(f)
	if err != nil {
		t.Fatal(err)
	}
	if info.Rows != n || len(file.RowGroups()) != 3 {
		t.Errorf("%d rows in %d groups", info.Rows, len(file.RowGroups()))
	}
	for i, group := range file.RowGroups() {
		filter := group.ColumnChunks()[0].BloomFilter()
		if filter == nil {
			t.Fatalf("group %d has no filter on domain", i)
		}
		name := fmt.Sprintf("name%d.com", n-i*500) // the first of the group
		if ok, err := filter.Check(parquet.ValueOf(name)); err != nil || !ok {
			t.Errorf("group %d: the filter knows %s: %v, %v", i, name, ok, err)
		}
	}
	if got, want := file.Metadata().CreatedBy, "stsscan version v0.1.0(build )"; got != want {
		t.Errorf("created by %q, want %q", got, want)
	}
	for key, want := range map[string]string{
		keySchema: SchemaVersion, keyInput: identity().Input, keyConfig: "seed 1", keyRun: `{"flags":{}}`, keyPart: "3", keyFirstRank: "1",
		keyLastRank: "1000000", keyRows: "1005", keyPending: "0",
	} {
		if got, ok := file.Lookup(key); !ok || got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	rows := 0
	for _, err := range ReadPart(path) {
		if err != nil {
			t.Fatal(err)
		}
		if rows++; rows == 500+2 {
			break // a reader may stop anywhere
		}
	}
	seen := make(map[int64]bool)
	for _, r := range read(t, path) {
		seen[r.Rank] = true
	}
	if len(seen) != n {
		t.Errorf("%d different rows of %d", len(seen), n)
	}
}

// The rows of a part may all have been rejected, or be duplicates.
func TestEmptyPart(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	if info := write(t, d, 0); info.Rows != 0 || info.SHA256 == "" {
		t.Errorf("%+v", info)
	}
	if _, ok, err := d.Whole(0); !ok || err != nil {
		t.Error(ok, err)
	}
	if rows := read(t, filepath.Join(d.dir, PartName(0))); rows != nil {
		t.Errorf("%d rows", len(rows))
	}
}

func TestPartRefusesRows(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Row)
		says   string
	}{
		{"no UTF-8", func(r *Row) { r.Server = "a\xff" }, `row of rank 5 ("example.com"): column server is not valid UTF-8`},
		{"no class", func(r *Row) { r.Record = "" }, `row of rank 5 ("example.com"): column record is empty`},
		{"rank before the part", func(r *Row) { r.Rank = 4 }, `row of rank 4 ("example.com"): column rank is not of part 2`},
		{"rank behind the part", func(r *Row) { r.Rank = 9 }, `row of rank 9 ("example.com"): column rank is not of part 2`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t, t.TempDir(), identity())
			p, err := d.Create(2, 5, 8)
			if err != nil {
				t.Fatal(err)
			}
			bad := every("example.com", 5)
			tt.change(bad)
			if err := p.Write(values(least("b.example.com", 6), bad)); err == nil || err.Error() != tt.says {
				t.Errorf("%v, want %s", err, tt.says)
			}
			if err := p.Write(values(least("b.example.com", 6))); err == nil {
				t.Error("a write after an error succeeded")
			}
			if _, err := p.Commit(); err == nil {
				t.Error("a part with a bad row was committed")
			}
			wantFiles(t, d.dir)
		})
	}
}

func TestAbort(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	info := write(t, d, 0, least("example.com", 1))
	p, err := d.Create(0, 1, 8)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Write(values(every("example.com", 1))); err != nil {
		t.Fatal(err)
	}
	if err := p.Abort(); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, d.dir, PartName(0))
	if still, ok, err := d.Whole(0); err != nil || !ok || still.SHA256 != info.SHA256 {
		t.Errorf("the part that was there before: %v, %v", ok, err)
	}
}

func TestCommitTwice(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	p, err := d.Create(0, 1, 8)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := p.Abort(); err != nil {
		t.Error(err)
	}
	if _, err := p.Commit(); err == nil {
		t.Error("committed twice")
	}
	if err := p.Write(values(least("example.com", 1))); err == nil {
		t.Error("written after commit")
	}
	wantFiles(t, d.dir, PartName(0))
}
