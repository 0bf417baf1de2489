package output

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// What the footer says of each column of a row group of denials is so:
// readers leave out row groups by it.
func TestStatistics(t *testing.T) {
	const n, groupRows = 70_000, 2*rowsPerPage + 10
	d := open(t, t.TempDir(), identity())
	d.maxRows = groupRows
	p, err := d.Create(0, 1, n)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(5, 6))
	var groups [][]*Row
	for rank := range int64(n) {
		begins := []string{"000000000", "", "zzzzzzzzz"}[random.IntN(3)]
		r := negative(fmt.Sprintf("%s%x.com", begins, random.Uint32()), rank+1)
		r.TLD, r.LookupMS, r.TCP = fmt.Sprint("t", random.IntN(300)), int32(random.Uint32()), rank >= groupRows
		if random.IntN(3) == 0 {
			r.Zone, r.ListRank, r.Authenticated = r.Domain, new(random.Int64()-1<<62), nil
		}
		if rank%groupRows == 0 {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], r)
		if err := p.Write(values(r)); err != nil {
			t.Fatal(err)
		}
	}
	info, err := p.Commit()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(d.dir, info.Name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	file, _, err := openPart(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(file.RowGroups()) != len(groups) {
		t.Fatalf("%d row groups, want %d", len(file.RowGroups()), len(groups))
	}
	for i, rows := range groups {
		wantStatistics(t, file, i, "domain", rows, func(r *Row) []byte { return []byte(r.Domain) }, bytes.Compare)
		wantStatistics(t, file, i, "tld", rows, func(r *Row) []byte { return []byte(r.TLD) }, bytes.Compare)
		wantStatistics(t, file, i, "zone", rows, func(r *Row) []byte { return []byte(r.Zone) }, bytes.Compare)
		wantStatistics(t, file, i, "mode", rows, func(r *Row) []byte { return nil }, bytes.Compare)
		wantStatistics(t, file, i, "rank", rows, func(r *Row) []byte { return octets(r.Rank) }, compareInt64)
		observed := func(r *Row) []byte { return octets(r.ObservedAt.UnixMicro()) }
		wantStatistics(t, file, i, "observed_at", rows, observed, compareInt64)
		lookup := func(r *Row) []byte { return octets(int64(r.LookupMS))[:4] }
		wantStatistics(t, file, i, "lookup_ms", rows, lookup, func(a, b []byte) int {
			return cmp.Compare(int32(binary.LittleEndian.Uint32(a)), int32(binary.LittleEndian.Uint32(b)))
		})
		wantStatistics(t, file, i, "list_rank", rows, func(r *Row) []byte {
			if r.ListRank == nil {
				return nil
			}
			return octets(*r.ListRank)
		}, compareInt64)
		wantStatistics(t, file, i, "tcp", rows, func(r *Row) []byte {
			if r.TCP {
				return []byte{1}
			}
			return []byte{0}
		}, bytes.Compare)
		wantFilter(t, file, i, groups)
	}
}

func octets(v int64) []byte { return binary.LittleEndian.AppendUint64(nil, uint64(v)) }

func compareInt64(a, b []byte) int {
	return cmp.Compare(int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b)))
}

// wantStatistics holds the statistics of a column against its values; an empty
// one is NULL.
func wantStatistics(
	t *testing.T, file *parquet.File, group int, column string, rows []*Row,
	value func(*Row) []byte, compare func(a, b []byte) int,
) {
	t.Helper()
	var values [][]byte
	for _, r := range rows {
		if v := value(r); len(v) > 0 {
			values = append(values, v)
		}
	}
	var low, high []byte
	if len(values) > 0 {
		low, high = slices.MinFunc(values, compare), slices.MaxFunc(values, compare)
	}
	for _, c := range file.Metadata().RowGroups[group].Columns {
		if c.MetaData.PathInSchema[0] != column {
			continue
		}
		got := c.MetaData.Statistics
		if nulls := int64(len(rows) - len(values)); got.NullCount != nulls || c.MetaData.NumValues != int64(len(rows)) {
			t.Errorf("group %d, %s: %d of %d NULL, want %d of %d",
				group, column, got.NullCount, c.MetaData.NumValues, nulls, len(rows))
		}
		if !bytes.Equal(got.MinValue, low) || !bytes.Equal(got.MaxValue, high) {
			t.Errorf("group %d, %s: %q to %q, want %q to %q", group, column, got.MinValue, got.MaxValue, low, high)
		}
		return
	}
	t.Errorf("no column %s", column)
}

// wantFilter asks the filter of a row group for the names of all: it knows its
// own, and few of the others.
func wantFilter(t *testing.T, file *parquet.File, group int, groups [][]*Row) {
	t.Helper()
	filter := file.RowGroups()[group].ColumnChunks()[0].BloomFilter()
	for i, rows := range groups {
		known := 0
		for _, r := range rows {
			ok, err := filter.Check(parquet.ValueOf(r.Domain))
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				known++
			}
		}
		if i == group && known != len(rows) || i != group && known > len(rows)/25 {
			t.Errorf("the filter of group %d knows %d of %d names of group %d", group, known, len(rows), i)
		}
	}
}
