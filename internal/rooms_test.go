package internal_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRooms holds the size of each package, without its tests. simnet stays
// whole, since a world and the truth about it are one thing.
func TestRooms(t *testing.T) {
	const most = 4500 // lines
	for pkg := range packageImports(t) {
		if pkg == "internal/simnet" {
			continue
		}
		files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(pkg), "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		lines := 0
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			lines += bytes.Count(text, []byte("\n"))
		}
		if lines > most {
			t.Errorf("%s has %d lines, more than %d", pkg, lines, most)
		}
	}
}
