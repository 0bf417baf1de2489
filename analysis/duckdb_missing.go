//go:build !cgo

package main

// noDatabase says why this program has no DuckDB.
const noDatabase = "built without cgo, so without DuckDB: install a C compiler and libstdc++ " +
	"(Debian: apt-get install g++) and build again with CGO_ENABLED=1"

// tagsOf makes no tags: no value comes from DuckDB.
func tagsOf(any) (Tags, bool) { return nil, false }
