package output

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// without writes a part anew as a program would have that did not know a column.
func without(t *testing.T, path, column string) {
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
	var fields []reflect.StructField
	for field := range reflect.TypeFor[Row]().Fields() {
		if name, _ := columnTag(field); name != column {
			fields = append(fields, field)
		}
	}
	schema := parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Interface())
	conversion, err := parquet.Convert(schema, file.Schema())
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.Create(path + ".old")
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	w := parquet.NewWriter(old, schema)
	for _, pair := range file.Metadata().KeyValueMetadata {
		if pair.Key != keyChecksum {
			w.SetKeyValueMetadata(pair.Key, pair.Value)
		}
	}
	for _, group := range file.RowGroups() {
		rows := parquet.ConvertRowGroup(group, conversion).Rows()
		if _, err := parquet.CopyRows(w, rows); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".old", path); err != nil {
		t.Fatal(err)
	}
}

// Rows are taken over from a part of a program that did not have all columns.
func TestKeepOfFewerColumns(t *testing.T) {
	for _, column := range []string{"tlsrpt_txt_count", "mx_kind"} {
		final, waits := negative("a.example", 1), pending("b.example", 2, "transient", 0)
		d := open(t, t.TempDir(), identity())
		info := write(t, d, 0, final, waits)
		without(t, filepath.Join(d.dir, info.Name), column)
		old, ok, err := d.Whole(0)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		p, err := d.Create(0, old.FirstRank, old.LastRank)
		if err != nil {
			t.Fatal(err)
		}
		waits.Pending = ""
		if err := p.Write(values(waits)); err != nil {
			t.Fatal(err)
		}
		if err := p.Keep(d, old, func(r *Row) bool { return r.Rank != 2 }); err != nil {
			t.Fatal(err)
		}
		now, err := p.Commit()
		if err != nil {
			t.Fatal(err)
		}
		wantRows(t, read(t, filepath.Join(d.dir, now.Name)), []*Row{final, waits})
		if counts := count(final, waits); now.Counts.Diff(&counts) != nil || now.Pending != 0 {
			t.Errorf("%s: %v, and %d wait", column, now.Counts.Diff(&counts), now.Pending)
		}
	}
}
