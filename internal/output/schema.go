package output

import (
	_ "embed"
	"reflect"
	"strings"
)

//go:generate go run ./rowgen
//go:generate go test . -run ^TestGeneratedFiles$ -update

// SchemaVersion is the version of the table. It stays the same when a column is added, and changes when one gets
// another meaning or goes.
const SchemaVersion = "2"

// firstVersion is the version of the table that has names where registered_labels and zone_labels are now: see
// readFirstVersion.
const firstVersion = "1"

// readable reports whether this program reads a version of the table.
func readable(version string) bool { return version == SchemaVersion || version == firstVersion }

// source is row.go itself: the comments of its fields are the data dictionary,
// so that the dictionary cannot drift from the schema.
//
//go:embed row.go
var source string

// A Column is one entry of the data dictionary.
type Column struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`                // as in "string", "list of string", "map of string to string"
	Nullable bool     `json:"nullable"`            // NULL stands for what was not observed
	Doc      string   `json:"doc"`                 // one line
	Section  string   `json:"section,omitempty"`   // of RFC 8461, or of the RFC that it names; empty: of none
	LabelsOf string   `json:"labels_of,omitempty"` // the name that it stands for by a number of labels, as in "zone"
	Values   []string `json:"values,omitempty"`    // the closed set that its words are from; nil: an open set
	Fields   []Column `json:"fields,omitempty"`    // of each element of a list of structures
}

// Columns lists the columns of the table, in order.
func Columns() []Column {
	columns := columnsOf(reflect.TypeFor[Row](), "", fieldDocs(source))
	for i := range columns {
		if columns[i].Name == "mx" {
			columns[i].Fields = columnsOf(reflect.TypeFor[MXHost](), "mx.", fieldDocs(mxSource))
		}
	}
	return columns
}

// columnsOf are the fields of a structure, whose names go on a prefix.
func columnsOf(row reflect.Type, prefix string, docs map[string]string) []Column {
	columns := make([]Column, row.NumField())
	for i := range columns {
		field := row.Field(i)
		name, nullable := columnTag(field)
		columns[i] = Column{
			Name:     name,
			Type:     typeName(field.Type),
			Nullable: nullable,
			Doc:      docs[name],
			Section:  field.Tag.Get("rfc"),
			LabelsOf: field.Tag.Get("name"),
			Values:   closedSet(prefix + name),
		}
	}
	return columns
}

// Flat are the columns, those of the elements of a list of structures right behind it, as list.field.
func Flat(columns []Column) []Column {
	var flat []Column
	for _, c := range columns {
		flat = append(flat, c)
		for _, field := range c.Fields {
			field.Name = c.Name + "." + field.Name
			flat = append(flat, field)
		}
	}
	return flat
}

// fieldDocs maps the name of each column to the comment on its line of row.go.
func fieldDocs(source string) map[string]string {
	docs := make(map[string]string)
	for line := range strings.Lines(source) {
		_, rest, ok := strings.Cut(line, "`parquet:\"")
		if !ok {
			continue
		}
		name := rest[:strings.IndexAny(rest, `,"`)]
		_, doc, _ := strings.Cut(rest, "// ")
		docs[name] = strings.TrimSpace(doc)
	}
	return docs
}

// columnTag gives what the tag of a field of Row says.
func columnTag(field reflect.StructField) (name string, nullable bool) {
	name, options, _ := strings.Cut(field.Tag.Get("parquet"), ",")
	first, _, _ := strings.Cut(options, ",")
	return name, first == "optional"
}

// typeName names a type of a column for people.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Map:
		return "map of " + typeName(t.Key()) + " to " + typeName(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "binary"
		}
		return "list of " + typeName(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[MXHost]() {
			return "structure"
		}
		return "timestamp"
	case reflect.Bool:
		return "boolean"
	}
	return t.Name()
}

// words are those of a closed set.
func words[W ~string](ws []W) []string {
	texts := make([]string, len(ws))
	for i, w := range ws {
		texts[i] = string(w)
	}
	return texts
}
