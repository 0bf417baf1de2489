package main

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Table is the answer to a question.
type Table struct {
	Query   Query
	Columns []Column
	Rows    [][]any // nil, bool, int64, float64, string, time.Time, or Tags
	Took    time.Duration
	Fixed   map[place]bool // cells whose share the selection of the run fixed, so that it was left out
}

// fixedWords stand where a share was left out.
const fixedWords = "fixed by the selection"

// A Column is one of a table. Its kind says how people read it.
type Column struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
}

// A Kind is how the values of a column are meant.
type Kind string

// The kinds of columns.
const (
	KindText   Kind = "text"
	KindCount  Kind = "count"
	KindShare  Kind = "share"  // 0 to 1
	KindNumber Kind = "number" // neither a count nor a share
	KindFlag   Kind = "flag"
	KindTime   Kind = "time"
	KindDate   Kind = "date" // a string, as in 2026-11-29
	KindTags   Kind = "tags"
)

// Tags are the columns of the list that were carried into the table.
type Tags map[string]string

// newColumn tells the kind of a column from its type and name.
func newColumn(name, databaseType string) Column {
	kind := KindText
	switch {
	case strings.HasPrefix(databaseType, "MAP"):
		kind = KindTags
	case databaseType == "BOOLEAN":
		kind = KindFlag
	case databaseType == "DATE":
		kind = KindDate
	case strings.HasPrefix(databaseType, "TIMESTAMP"):
		kind = KindTime
	case databaseType == "DOUBLE" || databaseType == "FLOAT":
		kind = KindShare
		if name == "points" || name == "days" {
			kind = KindNumber
		}
	case strings.HasSuffix(databaseType, "INT") || databaseType == "INTEGER":
		kind = KindCount
		switch name {
		case "http_status", "status", "night", "pass", "urgency", "messages", "max_age":
			kind = KindNumber
		}
	}
	return Column{Name: name, Kind: kind}
}

// plain makes one of the few types of a table out of a value of DuckDB.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int64, float64, string, time.Time:
		return v, nil
	case int8:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case int32:
		return int64(v), nil
	case uint64:
		return int64(v), nil
	case *big.Int:
		if !v.IsInt64() {
			return nil, fmt.Errorf("%v is too large", v)
		}
		return v.Int64(), nil
	}
	if tags, ok := tagsOf(v); ok {
		return tags, nil
	}
	return nil, fmt.Errorf("no table has values of type %T", v)
}

// Column is the index of a column by its name, or -1.
func (t *Table) Column(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// Value is the value in a row of the column of that name; nil where there is no
// such column.
func (t *Table) Value(row int, name string) any {
	if i := t.Column(name); i >= 0 {
		return t.Rows[row][i]
	}
	return nil
}

// totalColumn is the column of every list that a LIMIT cuts: how many rows it
// would have without.
const totalColumn = "total_rows"

// Total is how many rows the answer has, with those that its LIMIT cut off.
func (t *Table) Total() int64 {
	if len(t.Rows) > 0 {
		if total, ok := t.Value(0, totalColumn).(int64); ok {
			return total
		}
	}
	return int64(len(t.Rows))
}

// isCut reports whether a LIMIT cut rows off.
func (t *Table) isCut() bool { return t.Total() > int64(len(t.Rows)) }

// rowsInWords says how many rows are shown, if no more than most are, out of those
// that there are.
func (t *Table) rowsInWords(most int) string {
	shown, listed, total := int64(min(len(t.Rows), most)), int64(len(t.Rows)), t.Total()
	switch {
	case total == 1:
		return "1 row"
	case shown == total:
		return thousands(total) + " rows"
	}
	text := fmt.Sprintf("the first %s of %s rows", thousands(shown), thousands(total))
	switch {
	case shown == listed:
		return text
	case listed == total:
		return text + "; the files of --csv and --json have them all"
	}
	return text + "; the files of --csv and --json have the first " + thousands(listed)
}

// Find is the first row in which the column says the text, or -1.
func (t *Table) Find(column, text string) int {
	i := t.Column(column)
	if i < 0 {
		return -1
	}
	return slices.IndexFunc(t.Rows, func(row []any) bool { return row[i] == text })
}

// Format writes a value for people: counts with separators, shares in percent, and
// strings of strangers with everything that does not print spelled out.
func Format(kind Kind, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case int64:
		if kind == KindCount {
			return thousands(v)
		}
		return strconv.FormatInt(v, 10)
	case float64:
		if kind == KindShare {
			return percent(v)
		}
		return strconv.FormatFloat(round(v, 2), 'f', -1, 64)
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04 UTC")
	case Tags:
		var words []string
		for _, key := range sortedKeys(v) {
			words = append(words, printable(key)+": "+printable(v[key]))
		}
		return strings.Join(words, "; ")
	case string:
		return printable(v)
	}
	return printable(fmt.Sprint(v))
}

func sortedKeys[V any](tags map[string]V) []string {
	keys := make([]string, 0, len(tags))
	for key := range tags {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// percent keeps three digits that matter, as adoption is often below a percent.
func percent(share float64) string {
	if math.IsNaN(share) || math.IsInf(share, 0) {
		return ""
	}
	p := 100 * share
	digits := 1
	if a := math.Abs(p); a > 0 && a < 10 {
		digits = 2 - int(math.Floor(math.Log10(a)))
	}
	return strconv.FormatFloat(p, 'f', min(digits, 6), 64) + " %"
}

func round(v float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(v*scale) / scale
}

func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, text = "-", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}
