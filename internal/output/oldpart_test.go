package output

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// without writes a part anew as a program would have that did not know a column, or a
// field of an MX host.
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
	row := structWithout(reflect.TypeFor[Row](), "", column)
	schema := parquet.SchemaOf(reflect.New(row).Interface())
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

// structWithout is a structure without the field of a column, the names of its columns
// beginning with prefix.
func structWithout(of reflect.Type, prefix, column string) reflect.Type {
	var fields []reflect.StructField
	for field := range of.Fields() {
		name, _ := columnTag(field)
		if prefix+name == column {
			continue
		}
		if field.Type == reflect.TypeFor[[]MXHost]() {
			field.Type = reflect.SliceOf(structWithout(field.Type.Elem(), name+".", column))
		}
		fields = append(fields, field)
	}
	return reflect.StructOf(fields)
}

// Rows are taken over from a part of a program that did not have all columns.
func TestKeepOfFewerColumns(t *testing.T) {
	for _, column := range []string{"tlsrpt_txt_count", "mx_kind", "mx.first_starttls"} {
		final, waits := negative("a.example", 1), pending("b.example", 2, "transient", 0)
		if column == "mx.first_starttls" {
			final.MX = []MXHost{{Host: "mx.example", STARTTLS: new("ok")}, {Host: "mx2.example"}}
		}
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
