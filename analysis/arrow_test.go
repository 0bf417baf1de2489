package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/parquet/file"
)

// arrow-go reads every column of a run, and of one of the first version, as cat prints it. Of lists and maps it
// compares the values that are there, one behind the other.
func TestRunsByArrow(t *testing.T) {
	times, lists := map[string]bool{"mx.cert_not_after": true}, make(map[string]bool) // columns
	for _, c := range columns(t) {
		times[c.Name], lists[c.Name] = c.Type == "timestamp", strings.HasPrefix(c.Type, "list of ")
	}
	for _, dir := range []string{shared.dir, firstVersion} {
		parts, err := filepath.Glob(filepath.Join(dir, "part-*.parquet"))
		if err != nil || len(parts) == 0 {
			t.Fatal(parts, err)
		}
		filled := make(map[string]bool)
		for _, part := range parts {
			got := arrowColumns(t, part, times)
			want := printedColumns(t, part, lists)
			for column, values := range want {
				if !slices.Equal(got[column], values) {
					t.Errorf("%s: %s differs: %d values, want %d", part, column, len(got[column]), len(values))
				}
				filled[column] = filled[column] || slices.ContainsFunc(values, func(v string) bool { return v != "null" })
				delete(got, column)
			}
			for column, values := range got {
				if len(values) > 0 {
					t.Errorf("%s: %s is not printed", part, column)
				}
			}
		}
		for _, column := range []string{"domain", "registered_domain", "zone", "txt", "tags", "mx.host", "cert_not_after"} {
			if !filled[column] {
				t.Errorf("%s: %s has no value", dir, column)
			}
		}
	}
}

// arrowColumns are the values of each column of a part, as JSON, by the name that cat gives them.
func arrowColumns(t *testing.T, part string, times map[string]bool) map[string][]string {
	t.Helper()
	opened, err := file.OpenParquetFile(part, false)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	all := make(map[string][]any)
	for g := range opened.NumRowGroups() {
		group := opened.RowGroup(g)
		for i := range group.NumColumns() {
			path := opened.MetaData().Schema.Column(i).ColumnPath()
			column, err := group.Column(i)
			if err != nil {
				t.Fatal(err)
			}
			meta, err := group.MetaData().ColumnChunk(i)
			if err != nil {
				t.Fatal(err)
			}
			values, err := arrowValues(column, meta.NumValues())
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			name := path[0]
			switch {
			case len(path) == 4: // list, element, field
				name += "." + path[3]
			case path[len(path)-1] == "key":
				name += " keys"
			}
			for _, value := range values {
				if column.Descriptor().MaxRepetitionLevel() == 0 {
					all[name] = append(all[name], value)
				} else if list, ok := value.([]any); ok {
					all[name] = append(all[name], list...)
				}
			}
		}
	}
	nameByLabels(all)
	texts := make(map[string][]string)
	for name, values := range all {
		for _, value := range values {
			texts[name] = append(texts[name], printed(t, value, times[name]))
		}
	}
	return texts
}

// nameByLabels puts names in place of numbers of labels.
func nameByLabels(columns map[string][]any) {
	labels, ok := columns["registered_labels"]
	if !ok {
		return
	}
	zones := columns["zone_labels"]
	delete(columns, "registered_labels")
	delete(columns, "zone_labels")
	last := func(name string, labels any) any {
		split := strings.Split(name, ".")
		if n := int(labels.(int32)); n > 0 {
			return strings.Join(split[len(split)-n:], ".")
		}
		return "."
	}
	columns["registered_domain"] = make([]any, len(labels))
	for i, domain := range columns["domain"] {
		if labels[i] != nil {
			columns["registered_domain"][i] = last(domain.(string), labels[i])
		}
		if zones[i] != nil {
			columns["zone"][i] = last("_mta-sts."+domain.(string), zones[i])
		}
	}
}

// printed is a value as JSON.
func printed(t *testing.T, value any, isTime bool) string {
	t.Helper()
	switch v := value.(type) {
	case int64:
		if isTime {
			value = time.UnixMicro(v).UTC().Format("2006-01-02T15:04:05.000000Z")
		}
	case string:
		if !utf8.ValidString(v) {
			value = map[string][]byte{"base64": []byte(v)}
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// printedColumns are the values of each column of a part as cat prints them.
func printedColumns(t *testing.T, part string, lists map[string]bool) map[string][]string {
	t.Helper()
	lines, err := exec.Command(shared.scanner, "cat", part).Output()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string][]string)
	add := func(name string, value any) { all[name] = append(all[name], printed(t, value, false)) }
	for line := range bytes.Lines(lines) {
		var row map[string]any
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.UseNumber()
		if err := decoder.Decode(&row); err != nil {
			t.Fatal(err)
		}
		for name, value := range row {
			elements, _ := value.([]any)
			switch {
			case name == "tags":
				tags, _ := value.(map[string]any)
				if len(tags) > 1 {
					t.Fatal("tags have no order")
				}
				for key, tag := range tags {
					add("tags keys", key)
					add("tags", tag)
				}
			case !lists[name]:
				add(name, value)
			case name == "mx":
				for _, host := range elements {
					for field, value := range host.(map[string]any) {
						if value != nil {
							add("mx."+field, value)
						}
					}
				}
			default:
				for _, element := range elements {
					add(name, element)
				}
			}
		}
	}
	return all
}
