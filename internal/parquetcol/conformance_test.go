package parquetcol

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
	"pgregory.net/rapid"
)

// corpusDir is where TestConformance leaves its files for other readers: each as .parquet and, row by row, as
// .jsonl.
var corpusDir = flag.String("corpus", "", "directory for the files of TestConformance")

// The library reads every encoding, NULL pattern and page boundary as it was written, and what the footer says of a
// column is so. The module analysis has arrow-go and DuckDB read the same files.
func TestConformance(t *testing.T) {
	for _, file := range corpus() {
		t.Run(file.name, func(t *testing.T) {
			data := file.encode(t)
			wantRows(t, data, file.rows())
			wantStatistics(t, data, file)
			wantPages(t, data)
			wantFilters(t, data, file)
			if *corpusDir == "" {
				return
			}
			var lines bytes.Buffer
			encoder := json.NewEncoder(&lines)
			for _, r := range file.rows() {
				if err := encoder.Encode(r); err != nil {
					t.Fatal(err)
				}
			}
			for ending, content := range map[string][]byte{".parquet": data, ".jsonl": lines.Bytes()} {
				if err := os.WriteFile(filepath.Join(*corpusDir, file.name+ending), content, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// Any rows come back from any pages and row groups.
func TestConformanceProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		file := corpusFile{sorted: rapid.Bool().Draw(rt, "sorted")}
		rank := int64(0)
		anyRow := rapid.Custom(func(rt *rapid.T) corpusRow {
			rank += rapid.Int64Range(1, 1<<rapid.IntRange(0, 40).Draw(rt, "gap")).Draw(rt, "rank")
			text := rapid.OneOf(rapid.Just(""), rapid.SampledFrom([]string{"a", "ab", "abc"}), rapid.String())
			r := corpusRow{
				Rank: rank, Name: text.Draw(rt, "name"), Word: text.Draw(rt, "word"),
				Small: rapid.Int32().Draw(rt, "small"), MaybeSmall: rapid.Ptr(rapid.Int32(), true).Draw(rt, "maybe small"),
				Large: rapid.Int64().Draw(rt, "large"), MaybeLarge: rapid.Ptr(rapid.Int64(), true).Draw(rt, "maybe large"),
				Flag: rapid.Bool().Draw(rt, "flag"), MaybeFlag: rapid.Ptr(rapid.Bool(), true).Draw(rt, "maybe flag"),
				List: rapid.SampledFrom([][]int32{nil, {}, {1}, {2, 3}}).Draw(rt, "list"),
			}
			for _, optional := range []**string{&r.Text, &r.MaybeWord} {
				if text := rapid.OneOf(rapid.Just(r.Name), text).Draw(rt, "optional"); text != "" {
					*optional = &text
				}
			}
			return r
		})
		for range rapid.IntRange(1, 3).Draw(rt, "groups") {
			var pages [][]corpusRow
			for range rapid.IntRange(1, 3).Draw(rt, "pages") {
				pages = append(pages, rapid.SliceOfN(anyRow, 1, 20).Draw(rt, "page"))
			}
			file.groups = append(file.groups, pages)
		}
		data := file.encode(t)
		wantRows(t, data, file.rows())
		wantStatistics(t, data, file)
	})
}

func wantRows(t *testing.T, data []byte, want []corpusRow) {
	t.Helper()
	got, err := parquet.Read[corpusRow](bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			g, _ := json.Marshal(got[i])
			w, _ := json.Marshal(want[i])
			t.Fatalf("row %d is\n%s, want\n%s", i, g, w)
		}
	}
}

// wantStatistics holds the bounds and the number of NULLs of each column against its values: readers leave out row
// groups by them.
func wantStatistics(t *testing.T, data []byte, file corpusFile) {
	t.Helper()
	opened, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for i, group := range opened.Metadata().RowGroups {
		rows := file.group(i)
		for _, column := range group.Columns {
			name, is := column.MetaData.PathInSchema[0], column.MetaData.Statistics
			values, compare := corpusValues(name, rows)
			if name == "list" {
				continue // no bounds, and an empty list counts as NULL
			}
			var low, high []byte
			if len(values) > 0 {
				low, high = slices.MinFunc(values, compare), slices.MaxFunc(values, compare)
			}
			n, nulls := int64(len(rows)), int64(len(rows)-len(values))
			if is.NullCount != nulls || column.MetaData.NumValues != n {
				t.Errorf("group %d, %s: %d of %d NULL, want %d of %d", i, name, is.NullCount, column.MetaData.NumValues, nulls, n)
			}
			if !bytes.Equal(is.MinValue, low) || !bytes.Equal(is.MaxValue, high) {
				t.Errorf("group %d, %s: %q to %q, want %q to %q", i, name, is.MinValue, is.MaxValue, low, high)
			}
		}
	}
}

// wantPages looks for pages of the right type where the footer has them, one chunk behind the other.
func wantPages(t *testing.T, data []byte) {
	t.Helper()
	opened, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for i, group := range opened.Metadata().RowGroups {
		end := group.FileOffset
		for _, column := range group.Columns {
			meta, start := &column.MetaData, column.MetaData.DataPageOffset
			for offset, want := range map[int64]format.PageType{
				meta.DictionaryPageOffset: format.DictionaryPage, meta.DataPageOffset: format.DataPageV2,
			} {
				var header format.PageHeader
				if offset == 0 {
					continue // no dictionary
				}
				start = min(start, offset)
				from := new(thrift.CompactProtocol).NewReader(bytes.NewReader(data[offset:]))
				err := thrift.NewDecoder(from).Decode(&header)
				if err != nil || header.Type != want {
					t.Errorf("group %d, %s: at %d is a page of type %s, want %s; %v",
						i, meta.PathInSchema, offset, header.Type, want, err)
				}
			}
			if start != end {
				t.Errorf("group %d, %s begins at %d, want %d", i, meta.PathInSchema, start, end)
			}
			end = start + meta.TotalCompressedSize
		}
	}
}

// corpusValues are the values of a column as statistics have them, without NULLs, and their order.
func corpusValues(column string, rows []corpusRow) (values [][]byte, compare func(a, b []byte) int) {
	compare = bytes.Compare
	index := fieldOf(column)
	for i := range rows {
		field := reflect.ValueOf(&rows[i]).Elem().Field(index)
		if field.Kind() == reflect.Pointer {
			field = field.Elem()
		}
		if !field.IsValid() || (field.Kind() == reflect.Slice || field.Kind() == reflect.Map) && field.IsNil() {
			continue
		}
		switch v := field.Interface().(type) {
		case string:
			values = append(values, []byte(v))
		case bool:
			values = append(values, []byte{definition(v)})
		case int32:
			values = append(values, binary.LittleEndian.AppendUint32(nil, uint32(v)))
			compare = func(a, b []byte) int {
				return cmp.Compare(int32(binary.LittleEndian.Uint32(a)), int32(binary.LittleEndian.Uint32(b)))
			}
		case int64:
			values = append(values, binary.LittleEndian.AppendUint64(nil, uint64(v)))
			compare = func(a, b []byte) int {
				return cmp.Compare(int64(binary.LittleEndian.Uint64(a)), int64(binary.LittleEndian.Uint64(b)))
			}
		}
	}
	return values, compare
}

func fieldOf(column string) int {
	for i := range reflect.TypeFor[corpusRow]().NumField() {
		if reflect.TypeFor[corpusRow]().Field(i).Tag.Get("json") == column {
			return i
		}
	}
	return -1
}

// wantFilters holds that the filter of a row group knows all its texts, and few others.
func wantFilters(t *testing.T, data []byte, file corpusFile) {
	t.Helper()
	opened, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	passed, strangers := 0, 0
	for i, group := range opened.RowGroups() {
		for _, column := range []string{"name", "text"} {
			leaf, _ := group.Schema().Lookup(column)
			filter := group.ColumnChunks()[leaf.ColumnIndex].BloomFilter()
			texts, _ := corpusValues(column, file.group(i))
			if len(texts) == 0 {
				if filter != nil {
					t.Errorf("group %d: column %s has a filter of nothing", i, column)
				}
				continue
			}
			for _, text := range texts {
				if ok, err := filter.Check(parquet.ValueOf(string(text))); !ok || err != nil {
					t.Errorf("group %d: the filter of %s does not know %q: %v", i, column, text, err)
				}
				if ok, _ := filter.Check(parquet.ValueOf("x" + string(text) + "x")); ok {
					passed++
				}
				strangers++
			}
		}
	}
	if strangers > 1000 && passed > strangers/25 {
		t.Errorf("%d of %d texts that are not there pass the filters", passed, strangers)
	}
}

// A schema that does not fit the columns is refused before the first row.
func TestNewRowGroupRefuses(t *testing.T) {
	type row struct {
		Always int32   `parquet:"always"`
		Text   string  `parquet:"text,optional"`
		Number int64   `parquet:"number,optional"`
		Lists  []int32 `parquet:"lists,optional,list"`
		Flags  []bool  `parquet:"flags,optional,list"`
		Pair   struct {
			A, B int32
		} `parquet:"pair,optional"`
		Deep struct {
			A *int32 `parquet:"a,optional"`
		} `parquet:"deep,optional"`
	}
	for _, tt := range []struct {
		why     string
		columns map[string]Column
		fits    bool
	}{
		{"all others are optional", map[string]Column{"always": new(IntColumn)}, true},
		{"each as it should be", map[string]Column{
			"always": new(IntColumn), "text": new(DictColumn), "number": new(IntColumn), "lists": new(IntListColumn),
		}, true},
		{"a required column is left out", map[string]Column{"number": new(IntColumn)}, false},
		{"no such column", map[string]Column{"always": new(IntColumn), "none": new(IntColumn)}, false},
		{"integers for texts", map[string]Column{"always": new(IntColumn), "text": new(IntColumn)}, false},
		{"texts for integers", map[string]Column{"always": new(IntColumn), "number": new(TextColumn)}, false},
		{"words for integers", map[string]Column{"always": new(DictColumn)}, false},
		{"booleans for a list", map[string]Column{"always": new(IntColumn), "flags": new(BoolColumn)}, false},
		{"a list of integers for one of booleans", map[string]Column{"always": new(IntColumn), "flags": new(IntListColumn)}, false},
		{"a list for one integer", map[string]Column{"always": new(IntListColumn)}, false},
		{"an optional field of an optional structure", map[string]Column{"always": new(IntColumn), "deep": new(IntColumn)}, false},
		{"two columns of one name", map[string]Column{"always": new(IntColumn), "pair": new(IntColumn)}, false},
	} {
		schema, err := NewSchema(parquet.SchemaOf(row{}), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := schema.NewRowGroup(tt.columns, nil); (err == nil) != tt.fits {
			t.Errorf("%s: %v", tt.why, err)
		}
	}
	required, err := NewSchema(parquet.SchemaOf(struct {
		List []int32 `parquet:"list,list"`
	}{}), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Column{new(IntListColumn), new(IntColumn)} {
		if _, err := required.NewRowGroup(map[string]Column{"list": c}, nil); err == nil {
			t.Errorf("a %T takes a list that is not optional", c)
		}
	}
}
