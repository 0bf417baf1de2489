package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"time"
)

// WriteTables writes each answer to a file of a directory, which it makes where it is
// not there; "" writes nothing.
func (r *Report) WriteTables(dir string) error {
	if dir == "" {
		return nil
	}
	if err := makeDir(dir); err != nil {
		return err
	}
	for name, t := range r.Tables {
		if err := writeTo(filepath.Join(dir, name+".csv"), nil, t.WriteCSV); err != nil {
			return err
		}
	}
	return nil
}

// WriteCSV writes a table for spreadsheets (RFC 4180): numbers as they are, shares
// as fractions, times in RFC 3339, NULL as nothing. Text is made printable, and
// none of it can be taken for a formula.
func (t *Table) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	record := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		record[i] = c.Name
	}
	if err := out.Write(record); err != nil {
		return fmt.Errorf("%s.csv: %w", t.Query.Name, err)
	}
	for _, row := range t.Rows {
		for i, v := range row {
			record[i] = cell(v)
		}
		if err := out.Write(record); err != nil {
			return fmt.Errorf("%s.csv: %w", t.Query.Name, err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("%s.csv: %w", t.Query.Name, err)
	}
	return nil
}

func cell(v any) string {
	switch v := v.(type) {
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339)
	}
	return defused(Format(KindText, v))
}
