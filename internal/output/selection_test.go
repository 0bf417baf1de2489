package output

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/format"
)

// manyRows makes rows of every kind, in row groups of ten and parts of a hundred.
func manyRows(t *testing.T) (dir string) {
	t.Helper()
	d := open(t, t.TempDir(), identity())
	d.maxRows = 10
	shapes := []func(string, int64) *Row{negative, every, negative, least, hollow, negative, valid, negative}
	for k := range 3 {
		var rows []*Row
		for i := range int64(100) {
			r := shapes[int(i)%len(shapes)](fmt.Sprintf("name%d.example.com", i), 100*int64(k)+i+1)
			if r.Pending = ""; i%31 == 7 {
				r.Verdict = "testing_would_fail"
			}
			if i%13 == 0 && r.Record == "valid" {
				r.Findings = append(r.Findings, "max_age_short")
			}
			rows = append(rows, r)
		}
		write(t, d, k, rows...)
	}
	write(t, d, 3, least("a.example", 1001), least("b.example", 1002))   // pages of NULL
	write(t, d, 4, hollow("c.example", 1003), hollow("d.example", 1004)) // pages of empty lists
	return d.dir
}

// all are the rows of a run.
func all(t testing.TB, dir string) (rows []*Row) {
	t.Helper()
	paths, err := PartPaths(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		rows = append(rows, read(t, path)...)
	}
	return rows
}

// selected are the rows that a selection gives.
func selected(t testing.TB, s Selection, dir string) (rows []*Row) {
	t.Helper()
	for r, err := range s.Rows(dir) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

// Each column alone, and all together, are what ReadPart gives, in both versions of the table.
func TestSelectionColumns(t *testing.T) {
	for _, dir := range []string{manyRows(t), filepath.Join("testdata", "version1")} {
		whole := all(t, dir)
		var every []string
		for _, c := range Columns() {
			every = append(every, c.Name)
			got := selected(t, Selection{Columns: []string{c.Name}}, dir)
			if len(got) != len(whole) {
				t.Fatalf("%s: %d rows, want %d", c.Name, len(got), len(whole))
			}
			for i, r := range whole {
				value := func(r *Row) any { return reflect.ValueOf(r).Elem().FieldByIndex(fieldOf(t, c.Name)).Interface() }
				if !reflect.DeepEqual(value(got[i]), value(r)) || got[i].Domain != r.Domain || got[i].Rank != r.Rank {
					t.Fatalf("%s: row %d is %#v, want %#v", c.Name, i, value(got[i]), value(r))
				}
			}
			if c.LabelsOf == "" {
				continue
			}
			for i, r := range selected(t, Selection{Columns: []string{c.LabelsOf}}, dir) {
				if give := nameOf(c.LabelsOf); give(r) != give(whole[i]) {
					t.Fatalf("%s: row %d has %q, want %q", c.LabelsOf, i, give(r), give(whole[i]))
				}
			}
		}
		if got := selected(t, Selection{Columns: every}, dir); !reflect.DeepEqual(got, whole) {
			t.Error("rows with all columns differ")
		}
	}
}

func fieldOf(t *testing.T, column string) []int {
	t.Helper()
	for field := range reflect.TypeFor[Row]().Fields() {
		if name, _ := columnTag(field); name == column {
			return field.Index
		}
	}
	t.Fatalf("no column %s", column)
	return nil
}

// A selection chooses the rows that a look at each row chooses.
func TestSelectionOnly(t *testing.T) {
	for _, dir := range []string{manyRows(t), filepath.Join("testdata", "version1")} {
		whole := all(t, dir)
		for column, give := range map[string]func(*Row) []string{
			"verdict":       func(r *Row) []string { return []string{r.Verdict} },
			"record":        func(r *Row) []string { return []string{r.Record} },
			"record_reason": func(r *Row) []string { return []string{r.RecordReason} },
			"mode":          func(r *Row) []string { return []string{r.Mode} },
			"findings":      func(r *Row) []string { return r.Findings },
			"domain":        func(r *Row) []string { return []string{r.Domain} },
		} {
			words := append(closedSet(column), whole[3].Domain, whole[50].Domain)
			for some := range slices.Chunk(words, max(2, len(words)/8)) {
				var want, got []int64
				for _, r := range whole {
					if slices.ContainsFunc(give(r), func(w string) bool { return slices.Contains(some, w) }) {
						want = append(want, r.Rank)
					}
				}
				for _, r := range selected(t, Selection{Only: []Condition{{Column: column, Words: some}}}, dir) {
					got = append(got, r.Rank)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s %q: ranks %d, want %d", column, some, got, want)
				}
			}
		}
	}
}

// Several conditions have to be met, one of which may be a function.
func TestSelectionConditions(t *testing.T) {
	dir := manyRows(t)
	s := Selection{Only: []Condition{
		{Column: "record", Words: []string{"valid", "unknown"}},
		{Column: "domain", Match: func(text []byte) bool { return bytes.HasPrefix(text, []byte("name1")) }},
		{Column: "findings", Words: []string{"max_age_short", "policy_extension"}},
	}}
	var want []*Row
	for _, r := range all(t, dir) {
		if (r.Record == "valid" || r.Record == "unknown") && strings.HasPrefix(r.Domain, "name1") && r.Findings != nil &&
			len(r.Findings) > 0 {
			want = append(want, &Row{Domain: r.Domain, Rank: r.Rank})
		}
	}
	if got := selected(t, s, dir); len(want) == 0 || !reflect.DeepEqual(got, want) {
		t.Errorf("%d rows, want %d", len(got), len(want))
	}
	for range s.Rows(dir) {
		break // which is no error
	}
}

func TestSelectionCheck(t *testing.T) {
	for _, s := range []Selection{
		{Columns: []string{"no such"}},
		{Columns: []string{"mx.host"}},
		{Only: []Condition{{Column: "rank", Words: []string{"1"}}}},
		{Only: []Condition{{Column: "tags", Words: []string{"a"}}}},
		{Only: []Condition{{Column: "txt", Words: []string{"a"}}}},
	} {
		if s.Check() == nil {
			t.Errorf("%+v is accepted", s)
		}
	}
}

// A reads keeps which octets of a file were read.
type reads struct {
	io.ReaderAt
	from, to []int64
}

func (r *reads) ReadAt(b []byte, at int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(b, at)
	r.from, r.to = append(r.from, at), append(r.to, at+int64(n))
	return n, err
}

// columns names the columns of the row groups of which octets were read.
func (r *reads) columns(groups []format.RowGroup) (names []string) {
	for i, group := range groups {
		for _, column := range group.Columns {
			meta := &column.MetaData
			begin := meta.DataPageOffset
			if meta.DictionaryPageOffset > 0 {
				begin = min(begin, meta.DictionaryPageOffset)
			}
			for k := range r.from {
				if r.from[k] < begin+meta.TotalCompressedSize && begin < r.to[k] {
					names = append(names, fmt.Sprintf("%d %s", i, meta.PathInSchema[0]))
					break
				}
			}
		}
	}
	return slices.Compact(names)
}

// Nothing is read of row groups in which no row can pass but dictionaries, and of the others only columns that are
// chosen or decide.
func TestSelectionReads(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	p, err := d.Create(0, 1, 1000)
	if err != nil {
		t.Fatal(err)
	}
	add := func(rows ...*Row) {
		if err := cmp.Or(p.Write(values(rows...)), p.EndGroups()); err != nil {
			t.Fatal(err)
		}
	}
	denial := func(rank int64, verdict string) *Row {
		r := negative(fmt.Sprintf("name%d.com", rank), rank)
		r.Verdict = verdict
		return r
	}
	full := func(rank int64, verdict string) *Row {
		r := valid(fmt.Sprintf("name%d.com", rank), rank)
		r.Verdict = verdict
		return r
	}
	add(denial(1, "no_sts"), denial(2, "no_sts"))         // 0
	add(denial(3, "no_sts"), denial(4, "unknown"))        // 1
	add(full(5, "broken"), full(6, "testing_would_fail")) // 2
	add(full(7, "enforce_ok"), full(8, "unknown"))        // 3
	if _, err := p.Commit(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(d.dir, PartName(0))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, _, err := openPartAt(bytes.NewReader(data), int64(len(data)), path)
	if err != nil {
		t.Fatal(err)
	}
	// What the bounds leave open is decided by the dictionary.
	for group, want := range []bool{true, true, false, true} {
		leaf, _ := leafOf(file.Schema(), "verdict")
		c := Condition{Column: "verdict", Words: []string{"testing_would_fail"}}
		chunk, meta := file.RowGroups()[group].ColumnChunks()[leaf], &file.Metadata().RowGroups[group].Columns[leaf].MetaData
		if got, err := c.excludes(chunk, meta); err != nil || got != want {
			t.Errorf("row group %d is excluded: %v, %v", group, got, err)
		}
	}
	for _, tt := range []struct {
		column, words string
		chosen        []string
		reads         string
		rows          int
	}{
		{"verdict", "broken", []string{"mode"}, "2 domain, 2 rank, 2 mode, 2 verdict", 1},
		// Between the bounds of 1, 2 and 3.
		{"verdict", "testing_would_fail", nil, "1 verdict, 2 domain, 2 rank, 2 verdict, 3 verdict", 1},
		{"verdict", "enforce_refused", nil, "2 verdict, 3 verdict", 0},
		{"verdict", "broken valid_none", nil, "2 domain, 2 rank, 2 verdict", 1},
		{"verdict", "no_sts", nil, "0 domain, 0 rank, 0 verdict, 1 domain, 1 rank, 1 verdict, 2 verdict, 3 verdict", 3},
		// All denials have NULL.
		{"mode", "testing", nil, "", 0},
		{"mode", "enforce", []string{"tags"}, "2 domain, 2 rank, 2 tags, 2 mode, 3 domain, 3 rank, 3 tags, 3 mode", 4},
		{"findings", "policy_extension", nil, "2 domain, 2 rank, 2 findings, 3 domain, 3 rank, 3 findings", 4},
		{"domain", "name9.com", nil, "", 0},
	} {
		r := &reads{ReaderAt: bytes.NewReader(data)}
		rows := 0
		s := Selection{Columns: tt.chosen, Only: []Condition{{Column: tt.column, Words: strings.Fields(tt.words)}}}
		err := s.read(r, int64(len(data)), path, func(*Row) bool { rows++; return true })
		if err != nil || rows != tt.rows {
			t.Errorf("%s %s: %d rows and %v, want %d", tt.column, tt.words, rows, err, tt.rows)
		}
		if got := strings.Join(r.columns(file.Metadata().RowGroups), ", "); got != tt.reads {
			t.Errorf("%s %s: read %s\nwant %s", tt.column, tt.words, got, tt.reads)
		}
	}
}

// Bounds that a writer cut leave out no word that they were cut from.
func TestConditionExcludes(t *testing.T) {
	for _, tt := range []struct {
		low, high, words string
		want             bool
	}{
		{"b", "d", "a e", true},
		{"b", "d", "a c", false},
		{"b", "d", "b", false},
		{"b", "d", "d", false},
		{"b", "testing_would", "testing_would_fail", false},
		{"b", "testing_would", "valid_none", true},
	} {
		meta := format.ColumnMetaData{NumValues: 2}
		meta.Statistics.MinValue, meta.Statistics.MaxValue = []byte(tt.low), []byte(tt.high)
		c := Condition{Column: "verdict", Words: strings.Fields(tt.words)}
		if got, err := c.excludes(nil, &meta); err != nil || got != tt.want {
			t.Errorf("%s between %s and %s: excluded %v, %v", tt.words, tt.low, tt.high, got, err)
		}
	}
}

// A damaged part is an error that names it, and rows of parts before it are given.
func TestSelectionDamaged(t *testing.T) {
	dir := manyRows(t)
	path := filepath.Join(dir, PartName(1))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	attempt := func(data []byte) (rows int, failed error) {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, err := range (Selection{Columns: []string{"tags", "txt", "mx", "verdict", "findings"}}).Rows(dir) {
			if failed = err; err == nil {
				rows++
			}
		}
		return rows, failed
	}
	for _, data := range [][]byte{good[:len(good)/2], nil, bytes.Replace(good, []byte(keySchema), []byte("x"), 1)} {
		rows, err := attempt(data)
		if rows != 100 || !errors.Is(err, ErrDamaged) || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%d octets: %d rows and %v", len(data), rows, err)
		}
	}
	found := 0
	for n := 4; n < len(good); n += 1 + len(good)/100 {
		changed := bytes.Clone(good)
		changed[n] ^= 0x15
		if _, err := attempt(changed); err != nil {
			found++ // the change may not matter, and nothing panics
		}
	}
	if found == 0 {
		t.Error("no change was found")
	}
}
