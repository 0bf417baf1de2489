package output

import (
	"fmt"
	"reflect"
	"unicode/utf8"
)

// A RowError says that a row cannot be stored: some reader would refuse the whole file for it. It is a fault of
// this program, not of the domain: what strangers send is made valid where it enters.
type RowError struct {
	Domain string
	Rank   int64
	Column string
	Reason string
}

func (e *RowError) Error() string {
	return fmt.Sprintf("row of rank %d (%+q): column %s %s", e.Rank, e.Domain, e.Column, e.Reason)
}

// absent is a set of those columns of r that are NULL, among the ones for
// which the Parquet library decides by the zero value.
func absent(r *Row) (set uint64) {
	columns := texts(r)
	for i := range columns {
		if columns[i] == "" {
			set |= 1 << i
		}
	}
	if r.Tags == nil {
		set |= 1 << len(columns)
	}
	for i, octets := range binaries(r) {
		if octets == nil {
			set |= 1 << (63 - i)
		}
	}
	return set
}

// checkRow looks for what Parquet writers accept and readers choke on, and for
// columns that may not be empty and are.
func checkRow(r *Row) error {
	if err := checkNotEmpty(r); err != nil {
		return err
	}
	if column := invalidText(r); column != "" {
		return &RowError{r.Domain, r.Rank, column, "is not valid UTF-8"}
	}
	return nil
}

func checkNotEmpty(r *Row) error {
	switch "" {
	case r.Domain:
		return &RowError{r.Domain, r.Rank, "domain", "is empty"}
	case r.List:
		return &RowError{r.Domain, r.Rank, "list", "is empty"}
	case r.TLD:
		return &RowError{r.Domain, r.Rank, "tld", "is empty"}
	case r.Record:
		return &RowError{r.Domain, r.Rank, "record", "is empty"}
	case r.Policy:
		return &RowError{r.Domain, r.Rank, "policy", "is empty"}
	}
	return nil
}

// invalidText names a text column that is not valid UTF-8; "" when all is well.
func invalidText(r *Row) string {
	columns := texts(r)
	for i := range columns {
		if !utf8.ValidString(columns[i]) {
			return columnOfType[string](i)
		}
	}
	for i, list := range lists(r) {
		for _, text := range list {
			if !utf8.ValidString(text) {
				return columnOfType[[]string](i)
			}
		}
	}
	for i := range r.MX {
		for _, text := range r.MX[i].texts() {
			if !utf8.ValidString(text) {
				return "mx"
			}
		}
	}
	for name, value := range r.Tags {
		if !utf8.ValidString(name) || !utf8.ValidString(value) {
			return "tags"
		}
	}
	return ""
}

// columnOfType names the i-th column that has the type T in [Row].
func columnOfType[T any](i int) string {
	row := reflect.TypeFor[Row]()
	for f := range row.NumField() {
		if row.Field(f).Type != reflect.TypeFor[T]() {
			continue
		}
		if i == 0 {
			name, _ := columnTag(row.Field(f))
			return name
		}
		i--
	}
	return ""
}
