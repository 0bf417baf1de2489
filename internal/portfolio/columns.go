package portfolio

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"stsscan/internal/explain"
	"stsscan/internal/jsontext"
	"stsscan/internal/output"
)

// Columns that are made of others, in words: why a row has its verdict, and the first thing to do about it.
const (
	columnReason = "reason"
	columnRemedy = "remedy"
	columnTags   = "tags" // a column for each tag; in JSON one object
)

// UsualColumns lists those of a [Query] that names none.
func UsualColumns() []string {
	return []string{"domain", "verdict", columnReason, columnTags, columnRemedy}
}

// Columns lists the names of all columns but each tag of a run, which is a column too.
func Columns() []string {
	names := []string{columnReason, columnRemedy, "registered_domain"}
	for _, c := range output.Flat(output.Columns()) {
		names = append(names, c.Name)
	}
	return names
}

// A column is how the cells of a column are made of rows. In JSON they are values, else text without control
// characters.
type column struct {
	name  string
	needs []string // columns of the row
	cell  func(*output.Row) string
}

// columnsOf finds columns by their names.
func columnsOf(names, tags []string, asJSON bool) ([]column, error) {
	if len(names) == 0 {
		names = UsualColumns()
	}
	var columns []column
	values := output.NewJSONWriter(nil)
	for _, name := range names {
		switch {
		case name == columnTags && !asJSON:
			for _, tag := range tags {
				columns = append(columns, tagColumn(tag, asJSON))
			}
		case name == columnReason:
			columns = append(columns, column{name, explain.BriefColumns(), told(explain.Reason, asJSON)})
		case name == columnRemedy:
			columns = append(columns, column{name, explain.BriefColumns(), told(explain.Remedy, asJSON)})
		default:
			c, ok := valueColumn(values, name, asJSON)
			if tag, known := tagNamed(name, tags); !ok && known {
				c, ok = tagColumn(tag, asJSON), true
			}
			if !ok {
				return nil, unknown("column", name, slices.Concat(Columns(), tags),
					"stsscan schema lists them; others are reason, remedy, registered_domain and tags: "+tagList(tags))
			}
			columns = append(columns, c)
		}
	}
	return columns, nil
}

func tagColumn(tag string, asJSON bool) column {
	text := told(func(r *output.Row) string { return r.Tags[tag] }, asJSON)
	return column{tag, nil, func(r *output.Row) string {
		if value, ok := r.Tags[tag]; asJSON && ok && value == "" {
			return `""` // it is there
		}
		return text(r)
	}}
}

// told makes a cell of a text; the empty one is NULL.
func told(give func(*output.Row) string, asJSON bool) func(*output.Row) string {
	if !asJSON {
		return func(r *output.Row) string { return explain.Printable(give(r)) }
	}
	return func(r *output.Row) string {
		text := give(r)
		if text == "" {
			return "null"
		}
		value, err := json.Marshal(text)
		if err != nil {
			return "null" // no text makes it fail
		}
		return string(jsontext.Escaped(value))
	}
}

// valueColumn is a column of the table, or a field of its structures, as in "mx.host".
func valueColumn(values *output.JSONWriter, name string, asJSON bool) (column, bool) {
	of, field, nested := strings.Cut(name, ".")
	value := values.Value(of)
	if value == nil || nested && !slices.Contains(Columns(), name) {
		return column{}, false
	}
	cell := func(r *output.Row) []byte { return value(nil, r) }
	if nested {
		cell = func(r *output.Row) []byte { return fieldOf(value(nil, r), field) }
	}
	if asJSON {
		return column{name, []string{of}, func(r *output.Row) string { return string(cell(r)) }}, true
	}
	return column{name, []string{of}, func(r *output.Row) string { return textOf(cell(r)) }}, true
}

// fieldOf is the list of the values that a list of JSON objects has for a key.
func fieldOf(list []byte, key string) []byte {
	var objects []map[string]json.RawMessage
	if err := json.Unmarshal(list, &objects); err != nil || objects == nil {
		return []byte("null")
	}
	parts := make([][]byte, len(objects))
	for i, object := range objects {
		parts[i] = object[key]
	}
	return slices.Concat([]byte("["), bytes.Join(parts, []byte(",")), []byte("]"))
}

// textOf is a JSON value for people: NULL is empty, and a list its elements with commas.
func textOf(value []byte) string {
	var elements []json.RawMessage
	var text string
	switch {
	case string(value) == "null":
		return ""
	case value[0] == '"' && json.Unmarshal(value, &text) == nil:
		return explain.Printable(text)
	case value[0] == '[' && json.Unmarshal(value, &elements) == nil:
		texts := make([]string, len(elements))
		for i, element := range elements {
			texts[i] = textOf(element)
		}
		return strings.Join(texts, ", ")
	}
	return string(value)
}
