package output

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

// anyDenial is a denial whose own columns are anything that they may be.
func anyDenial(rt *rapid.T, rank int64) *Row {
	name := rapid.SampledFrom([]string{"a.example.com", "b.example.com", "c.example.com", "d.example.org", "\u00fc"})
	word := func(label string) string {
		return rapid.SampledFrom([]string{"", "", "x", "y", "z", "äöü"}).Draw(rt, label)
	}
	return &Row{
		Domain: name.Draw(rt, "domain"), Rank: rank, List: "l" + word("list"), TLD: "t" + word("tld"),
		ListRank: rapid.Ptr(rapid.Int64(), true).Draw(rt, "list rank"), RegisteredLabels: rapid.Ptr(rapid.Int32(), true).Draw(rt, "registered"),
		Record: "r" + word("record"), RecordReason: word("reason"), Error: word("error"),
		TXTCount: rapid.Ptr(rapid.Int32(), true).Draw(rt, "txt count"), Zone: word("zone") + word("zone"), ZoneLabels: rapid.Ptr(rapid.Int32(), true).Draw(rt, "labels"), Rcode: rapid.String().Draw(rt, "rcode"),
		Authenticated: rapid.Ptr(rapid.Bool(), true).Draw(rt, "authenticated"), EDE: rapid.SampledFrom([][]int32{nil, nil, {}, {1}, {2, 3}}).Draw(rt, "ede"),
		Resolver: word("resolver"), Attempts: rapid.Int32().Draw(rt, "attempts"), LookupMS: rapid.Int32().Draw(rt, "lookup"),
		TCP: rapid.Bool().Draw(rt, "tcp"), Policy: "not_fetched", Verdict: word("verdict"), Pass: rapid.Int32().Draw(rt, "pass"),
		Vantage:    word("vantage"),
		ObservedAt: time.UnixMicro(rapid.Int64Range(-1<<50, 1<<50).Draw(rt, "observed")).UTC(),
	}
}

// A row with anything in a column that denials do not have is none.
func TestIsDenial(t *testing.T) {
	own := make(map[string]bool)
	for name := range new(denialColumns).byName() {
		own[name] = true
	}
	if !isDenial(least("example.com", 1)) || !isDenial(negative("example.com", 1)) {
		t.Error("a row without a record is no denial")
	}
	for _, full := range []*Row{every("example.com", 1), hollow("example.com", 1)} {
		for i := range reflect.TypeFor[Row]().NumField() {
			name, _ := columnTag(reflect.TypeFor[Row]().Field(i))
			r := least("example.com", 1)
			value := reflect.ValueOf(full).Elem().Field(i)
			reflect.ValueOf(r).Elem().Field(i).Set(value)
			if got, want := isDenial(r), own[name] || value.IsZero(); got != want {
				t.Errorf("with %s the row is a denial: %v, want %v", name, got, want)
			}
		}
	}
}

// Pages and row groups end within batches. What Write was given is the
// caller's again when it returns: the rows, and what their texts point to.
func TestWriteKeepsNothing(t *testing.T) {
	const n, perBatch = 2*rowsPerPage + 1234, 999
	d := open(t, t.TempDir(), identity())
	d.maxRows = rowsPerPage + 500
	p, err := d.Create(0, 1, n)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	row := func(rank int64) *Row {
		name := fmt.Sprintf("%x.example.com", uint64(rank)*0x9e3779b97f4a7c15)
		switch r := negative(name, rank); rank % 101 {
		case 1:
			return valid(name, rank)
		case 2:
			return least(name, rank)
		case 3:
			r.EDE, r.Authenticated = []int32{int32(rank), 19}, nil
			return r
		case 4:
			r.Zone, r.ZoneLabels, r.Resolver, r.ListRank = "com"+name, nil, name, new(rank*7)
			return r
		default:
			return r
		}
	}
	var want []*Row
	batch, arena := make([]Row, perBatch), []byte(nil)
	for _, i := range random.Perm(n) {
		want = append(want, row(int64(i+1)))
	}
	for start := 0; start < n; start += perBatch {
		batch = batch[:min(perBatch, n-start)]
		arena = arena[:0]
		lent := func(text *string) { arena = append(arena, *text...) }
		for i := range batch {
			batch[i] = *row(want[start+i].Rank)
			lent(&batch[i].Domain)
			lent(&batch[i].Zone)
			lent(&batch[i].Resolver)
			lent(&batch[i].Server)
		}
		rest := arena
		lent = func(text *string) {
			*text = unsafe.String(unsafe.SliceData(rest), len(*text))
			rest = rest[len(*text):]
		}
		for i := range batch {
			lent(&batch[i].Domain)
			lent(&batch[i].Zone)
			lent(&batch[i].Resolver)
			lent(&batch[i].Server)
		}
		if err := p.Write(batch); err != nil {
			t.Fatal(err)
		}
		for i := range batch {
			clear(batch[i].EDE)
		}
		clear(batch)
		for i := range arena {
			arena[i] = '#'
		}
	}
	info, err := p.Commit()
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, filepath.Join(d.dir, info.Name))
	byRank := make([]*Row, n)
	for _, r := range want {
		byRank[r.Rank-1] = r
	}
	wantRows(t, got, byRank)
	if counts := count(want...); info.Counts.Diff(&counts) != nil {
		t.Error(info.Counts.Diff(&counts))
	}
}

// A denial that a reader would refuse is refused with the column's name.
func TestWriteRefusesDenials(t *testing.T) {
	for column, change := range map[string]func(*Row){
		"domain": func(r *Row) { r.Domain = "a\xff" },
		"zone":   func(r *Row) { r.Zone = "a\xff" },
		"rcode":  func(r *Row) { r.Rcode = "a\xff" },
		"policy": func(r *Row) { r.Policy = "" },
	} {
		d := open(t, t.TempDir(), identity())
		p, err := d.Create(0, 1, 8)
		if err != nil {
			t.Fatal(err)
		}
		bad := negative("example.com", 1)
		change(bad)
		err = p.Write(values(negative("b.example.com", 2), bad))
		if got, ok := err.(*RowError); !ok || got.Column != column {
			t.Errorf("%s: %v", column, err)
		}
		if _, err := p.Commit(); err == nil {
			t.Errorf("%s: committed", column)
		}
	}
}

// A Denial and its Row say the same.
func TestDenialRow(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		want := anyDenial(rt, 1)
		if l := denialOf(want); !reflect.DeepEqual(l.Row(), want) {
			rt.Errorf("%+v, want %+v", l.Row(), want)
		}
	})
}

// Pages whose columns are all equal, nearly, or not at all come back, also
// where a column has more different terms than an octet can tell apart.
func TestEqualColumns(t *testing.T) {
	const n = 3 * rowsPerPage
	d := open(t, t.TempDir(), identity())
	p, err := d.Create(0, 1, n)
	if err != nil {
		t.Fatal(err)
	}
	var want []*Row
	for rank := int64(1); rank <= n; rank++ {
		r := negative(fmt.Sprintf("name%d.com", rank), rank)
		r.TLD = "t2"
		switch page := (rank - 1) / rowsPerPage; {
		case page == 0: // another term for each row
			r.TLD, r.Attempts, r.ListRank = fmt.Sprint("t", rank%300), int32(rank%7), &rank
		case page == 2 && rank == n-5: // one row apart from the others
			r.RegisteredLabels, r.TXTCount, r.TCP, r.EDE = nil, nil, !r.TCP, []int32{22}
		}
		want = append(want, r)
		l := denialOf(r)
		if err := p.WriteDenial(&l); err != nil {
			t.Fatal(err)
		}
	}
	info, err := p.Commit()
	if err != nil {
		t.Fatal(err)
	}
	wantRows(t, read(t, filepath.Join(d.dir, info.Name)), want)
}
