package changes

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the kinds into analysis/history.sql")

// TestKindsInSQL holds the kinds in analysis/history.sql against the table here.
func TestKindsInSQL(t *testing.T) {
	const (
		path  = "../../analysis/history.sql"
		begin = "CREATE OR REPLACE TEMP TABLE kinds AS\nFROM (VALUES\n"
		end   = ") AS kinds(place, kind, about, loss);\n"
	)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, okEnd := strings.Cut(rest, end)
	if !ok || !okEnd {
		t.Fatalf("%s has no table of kinds", path)
	}
	var rows []string
	for i, k := range Kinds() {
		rows = append(rows, fmt.Sprintf("    (%d, '%s', '%s', '%s')", i+1, k.Word, k.About, k.Loss))
	}
	text := before + begin + strings.Join(rows, ",\n") + "\n" + end + after
	if text == string(data) {
		return
	}
	if !*update {
		t.Fatalf("%s is not what the table says: go generate ./internal/changes", path)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestKinds holds the order of kinds, and that each has all it needs.
func TestKinds(t *testing.T) {
	seen := make(map[string]bool)
	lossless := false
	for _, k := range Kinds() {
		switch {
		case seen[k.Word]:
			t.Errorf("%q stands twice", k.Word)
		case k.Word == "" || k.Meaning == "" || k.About == "" || k.Loss == "" || k.found == nil:
			t.Errorf("%q lacks something", k.Word)
		case lossless && k.Loss != LossNever:
			t.Errorf("%q can be a regression, and stands below one that cannot", k.Word)
		case k.Gain && k.Loss != LossNever:
			t.Errorf("%q is a gain and a loss", k.Word)
		}
		seen[k.Word] = true
		lossless = k.Loss == LossNever
	}
}
