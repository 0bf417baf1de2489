//go:build cgo

package main

import (
	"fmt"

	"github.com/duckdb/duckdb-go/v2"
)

// noDatabase says why this program has no DuckDB; empty: it has.
const noDatabase = ""

// tagsOf makes tags of a MAP of DuckDB.
func tagsOf(v any) (Tags, bool) {
	columns, ok := v.(duckdb.OrderedMap)
	if !ok {
		return nil, false
	}
	tags := make(Tags)
	for i, key := range columns.Keys() {
		tags[fmt.Sprint(key)] = fmt.Sprint(columns.Values()[i])
	}
	return tags, true
}
