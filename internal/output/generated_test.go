package output

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is generated from the columns")

// What is said elsewhere about the columns is what their tags and comments say.
func TestGeneratedFiles(t *testing.T) {
	for _, file := range []struct{ path, head, text string }{ // from the head to an empty line, or the end
		{"../../docs/columns.md", "| column |", dictionary()},
		{"../../analysis/view.sql", "CREATE OR REPLACE TEMP VIEW nullable_columns ", nullableColumns()},
	} {
		is, err := os.ReadFile(file.path)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, ok := strings.Cut(string(is), file.head)
		if !ok {
			t.Errorf("%s has nothing that begins with %q", file.path, file.head)
			continue
		}
		want := []byte(before + file.text)
		if _, after, ok := strings.Cut(rest, "\n\n"); ok {
			want = append(want, "\n"+after...)
		}
		if bytes.Equal(is, want) {
			continue
		}
		if !*update {
			t.Errorf("%s is not what the columns of row.go and mxhost.go say: go generate ./internal/output", file.path)
		} else if err := os.WriteFile(file.path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// dictionary is the data dictionary as a Markdown table.
func dictionary() string {
	var b strings.Builder
	b.WriteString("| column | type | NULL | RFC | meaning |\n| --- | --- | --- | --- | --- |\n")
	for _, c := range Flat(Columns()) {
		null := "never"
		if c.Nullable {
			null = "possible"
		}
		doc := c.Doc
		if c.Values != nil {
			doc += ": `" + strings.Join(c.Values, "` `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", c.Name, c.Type, null, c.Section, doc)
	}
	return b.String()
}

// nullableColumns is a view of DuckDB that has the columns that can be NULL, those of version 1 of the table too, and
// no rows.
func nullableColumns() string {
	var columns []string
	for _, c := range Columns() {
		if c.LabelsOf != "" && c.LabelsOf != "zone" {
			columns = append(columns, "    NULL::VARCHAR AS "+c.LabelsOf)
		}
		if c.Nullable {
			columns = append(columns, "    NULL::"+duckType(c)+" AS "+c.Name)
		}
	}
	return "CREATE OR REPLACE TEMP VIEW nullable_columns AS\nSELECT\n" + strings.Join(columns, ",\n") + "\nLIMIT 0;\n"
}

// duckType is the type of a column in DuckDB.
func duckType(c Column) string {
	if c.Fields != nil {
		var fields []string
		for _, field := range c.Fields {
			fields = append(fields, field.Name+" "+duckType(field))
		}
		return "STRUCT(" + strings.Join(fields, ", ") + ")[]"
	}
	element, list := strings.CutPrefix(c.Type, "list of ")
	name := map[string]string{
		"string": "VARCHAR", "boolean": "BOOLEAN", "int32": "INTEGER", "int64": "BIGINT", "binary": "BLOB",
		"timestamp": "TIMESTAMPTZ", "map of string to string": "MAP(VARCHAR, VARCHAR)",
	}[element]
	if list {
		name += "[]"
	}
	return name
}
