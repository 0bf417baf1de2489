package main

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// writeDenial writes the short row of a denial, and what it has to do with Row.
func writeDenial(b *bytes.Buffer, row []column) {
	b.WriteString(`// A Denial is a [Row] that says nothing but what the lookup of a record that is
// not there can say, as more than 99 rows in 100 do: its other columns are all NULL. It is a quarter of the size.
type Denial struct {
`)
	var copies, others []string
	for _, c := range row {
		if c.denial {
			fmt.Fprintf(b, "%s %s\n", c.field, c.kind)
			copies = append(copies, c.field)
		} else {
			others = append(others, "r."+c.field+" == "+zero(c.kind))
		}
	}
	b.WriteString("}\n\n// Row is the whole row.\nfunc (l *Denial) Row() *Row {\nreturn &Row{\n")
	writeLines(b, keyed(copies, "l"), ", ", ",")
	b.WriteString("}\n}\n\n// denialOf is what a denial says.\nfunc denialOf(r *Row) Denial {\nreturn Denial{\n")
	writeLines(b, keyed(copies, "r"), ", ", ",")
	b.WriteString("}\n}\n\n// isDenial says that the columns of [Denial] are all that are not NULL in r.\n")
	b.WriteString("func isDenial(r *Row) bool {\nreturn ")
	writeLines(b, others, " && ", "")
	b.WriteString("}\n")
}

// writeDenialColumns writes what encodes the columns of denials.
func writeDenialColumns(b *bytes.Buffer, row []column) {
	var fields, names, adds []string
	for _, c := range row {
		if !c.denial {
			continue
		}
		fields = append(fields, c.field+" "+columnType(c))
		names = append(names, strconv.Quote(c.name)+": &c."+c.field)
		adds = append(adds, addition(c))
	}
	b.WriteString("\n// denialColumns are the columns of denials.\ntype denialColumns struct {\n")
	b.WriteString(strings.Join(fields, "\n") + "\n}\n\n")
	b.WriteString("func (c *denialColumns) byName() map[string]parquetcol.Column {\n")
	b.WriteString("return map[string]parquetcol.Column{\n")
	writeLines(b, names, ", ", ",")
	b.WriteString("}\n}\n\n// add reports whether all texts are valid UTF-8.\n")
	b.WriteString("func (c *denialColumns) add(r *Denial) bool {\nok := true\n")
	b.WriteString(strings.Join(adds, "\n") + "\nreturn ok\n}\n")
}

// columnType is the type that encodes a column of denials.
func columnType(c column) string {
	switch {
	case c.dict && c.kind == "string":
		return "parquetcol.DictColumn"
	case c.kind == "string":
		return "parquetcol.TextColumn"
	case c.kind == "bool", c.kind == "*bool":
		return "parquetcol.BoolColumn"
	case c.kind == "[]int32":
		return "parquetcol.IntListColumn"
	}
	return "parquetcol.IntColumn"
}

// addition is the statement that adds a value to a column of denials.
func addition(c column) string {
	value := "r." + c.field
	switch c.kind {
	case "string":
		return "ok = c." + c.field + ".Add(" + value + ") && ok"
	case "*int32", "*int64":
		return "parquetcol.AddOptional(&c." + c.field + ", " + value + ")"
	case "*bool", "[]int32":
		return "c." + c.field + ".Add(" + value + ")"
	case "bool":
		return "c." + c.field + ".Add(&" + value + ")"
	case "time.Time":
		return "c." + c.field + ".Add(" + value + ".UnixMicro())"
	default:
		return "c." + c.field + ".Add(int64(" + value + "))"
	}
}

// keyed are elements of a composite literal that copy fields of a variable.
func keyed(fields []string, from string) []string {
	elements := make([]string, len(fields))
	for i, field := range fields {
		elements[i] = field + ": " + from + "." + field
	}
	return elements
}

// zero is the zero value of a type whose NULL it is.
func zero(kind string) string {
	if kind == "string" {
		return `""`
	}
	return "nil"
}
