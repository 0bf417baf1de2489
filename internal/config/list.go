package config

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ListText is the value of a flag that is a list, as run.json has it: a record of CSV in brackets.
func ListText(values []string) string {
	var record strings.Builder
	w := csv.NewWriter(&record)
	_ = w.Write(values) // a Builder takes everything
	w.Flush()
	return "[" + strings.TrimSuffix(record.String(), "\n") + "]"
}

// ParseList reads what [ListText] writes, and the empty text as no values.
func ParseList(text string) ([]string, error) {
	record := strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	values, err := csv.NewReader(strings.NewReader(record)).Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%q is no list: %w", text, err)
	}
	return values, nil
}
