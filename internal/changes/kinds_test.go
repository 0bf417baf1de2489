package changes

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the kinds into analysis and docs/answers.md")

// TestKindsElsewhere holds the lists of kinds in SQL and in the documentation, and the remedies of the report, against
// the table here.
func TestKindsElsewhere(t *testing.T) {
	losses := map[Loss]string{
		LossNever: "no", LossAlways: "yes", LossEnforced: "if the policy was valid, in mode enforce",
		LossAsked: "if the policy was valid, in mode enforce or testing",
	}
	var sql, rows, remedies []string
	for i, k := range Kinds() {
		sql = append(sql, fmt.Sprintf("    (%d, '%s', '%s', '%s')", i+1, k.Word, k.About, k.Loss))
		if k.Remedy != "" {
			remedies = append(remedies, fmt.Sprintf("  %q: %q", k.Word, k.Remedy))
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s |\n", k.Word, losses[k.Loss], k.Meaning))
	}
	for _, list := range []struct{ path, begin, text, end string }{
		{
			"../../analysis/history.sql", "CREATE OR REPLACE TEMP TABLE kinds AS\nFROM (VALUES\n",
			strings.Join(sql, ",\n") + "\n", ") AS kinds(place, kind, about, loss);\n",
		},
		{
			"../../docs/answers.md", "| kind | is a regression | means |\n| --- | --- | --- |\n",
			strings.Join(rows, ""), "\n### What is compared\n",
		},
		{"../../analysis/changeremedies.json", "{\n", strings.Join(remedies, ",\n") + "\n", "}\n"},
	} {
		data, err := os.ReadFile(list.path)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, ok := strings.Cut(string(data), list.begin)
		_, after, okEnd := strings.Cut(rest, list.end)
		if !ok || !okEnd {
			t.Errorf("%s has no list of kinds", list.path)
			continue
		}
		text := before + list.begin + list.text + list.end + after
		if text == string(data) {
			continue
		}
		if !*update {
			t.Errorf("%s is not what the table says: go generate ./internal/changes", list.path)
			continue
		}
		if err := os.WriteFile(list.path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
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
