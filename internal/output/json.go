package output

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"time"

	"stsscan/internal/jsontext"
)

// timeLayout is RFC 3339 with microseconds, the precision of the table.
const timeLayout = "2006-01-02T15:04:05.000000Z07:00"

// A JSONWriter writes rows as JSON lines. A line is one object whose keys are the column names in the order of
// the schema; a column that counts the labels of a name has the name instead, under what it is called. NULL is null;
// binary is text where it is valid UTF-8, and {"base64": "..."} where it is not; times are RFC 3339 in UTC with
// microseconds. Whatever is not printable is escaped, so that a line is safe to show on a terminal.
type JSONWriter struct {
	w    io.Writer
	row  []jsonField
	host []jsonField // of an [MXHost]
	line []byte
}

type jsonField struct {
	index    int    // of the field
	key      string // quoted, with its colon
	nullable bool
	name     func(*Row) string // gives the value, "" for NULL; nil: it is that of the field
}

// NewJSONWriter returns a JSONWriter that writes each row to w at once.
func NewJSONWriter(w io.Writer) *JSONWriter {
	return &JSONWriter{w: w, row: jsonFields(reflect.TypeFor[Row]()), host: jsonFields(reflect.TypeFor[MXHost]())}
}

func jsonFields(of reflect.Type) []jsonField {
	var fields []jsonField
	taken := make(map[string]bool)
	for i := range of.NumField() {
		key, nullable := columnTag(of.Field(i))
		if name := of.Field(i).Tag.Get("name"); name != "" {
			key = name
		}
		if taken[key] {
			continue
		}
		taken[key] = true
		fields = append(fields, jsonField{index: i, key: strconv.Quote(key) + ":", nullable: nullable, name: nameOf(key)})
	}
	return fields
}

// WriteJSON writes one row to w as [JSONWriter] does.
func WriteJSON(w io.Writer, r *Row) error { return NewJSONWriter(w).Write(r) }

// Write writes one row.
func (j *JSONWriter) Write(r *Row) error {
	j.line = append(j.appendObject(j.line[:0], reflect.ValueOf(r).Elem(), j.row), '\n')
	if _, err := j.w.Write(j.line); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// Value gives what appends the value of a column to b, nil where there is no such column. The names are those of
// [Columns], whose numbers of labels are numbers here, and registered_domain.
func (j *JSONWriter) Value(column string) func(b []byte, r *Row) []byte {
	for i := range reflect.TypeFor[Row]().NumField() {
		tag := reflect.TypeFor[Row]().Field(i)
		name, nullable := columnTag(tag)
		if name == column || column != "" && tag.Tag.Get("name") == column {
			field := jsonField{index: i, nullable: nullable, name: nameOf(column)}
			return func(b []byte, r *Row) []byte { return j.appendField(b, reflect.ValueOf(r).Elem(), field) }
		}
	}
	return nil
}

// appendObject appends a structure, whose keys are the names of columns.
func (j *JSONWriter) appendObject(b []byte, v reflect.Value, fields []jsonField) []byte {
	separator := byte('{')
	for _, field := range fields {
		b = append(append(b, separator), field.key...)
		separator = ','
		b = j.appendField(b, v, field)
	}
	return append(b, '}')
}

// appendField appends the value of a field of a structure.
func (j *JSONWriter) appendField(b []byte, v reflect.Value, field jsonField) []byte {
	value := v.Field(field.index)
	if field.name != nil {
		value = reflect.ValueOf(field.name(v.Addr().Interface().(*Row)))
	}
	if field.nullable && value.IsZero() {
		return append(b, "null"...)
	}
	return j.appendJSON(b, value)
}

// appendJSON appends a value of one of the types that the fields of a Row have.
func (j *JSONWriter) appendJSON(b []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Pointer:
		return j.appendJSON(b, v.Elem())
	case reflect.String:
		return jsontext.Append(b, v.String())
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool())
	case reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10)
	case reflect.Map:
		return jsontext.AppendTags(b, v.Interface().(map[string]string))
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return jsontext.AppendBytes(b, v.Bytes())
		}
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = j.appendJSON(b, v.Index(i))
		}
		return append(b, ']')
	}
	if v.Type() == reflect.TypeFor[MXHost]() {
		return j.appendObject(b, v, j.host)
	}
	b = append(b, '"')
	b = v.Interface().(time.Time).UTC().AppendFormat(b, timeLayout)
	return append(b, '"')
}
