package output

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the data dictionary into README.md")

// The README holds the data dictionary, from the head of its table to the next
// empty line.
func TestReadmeHasTheDictionary(t *testing.T) {
	const path = "../../README.md"
	readme, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := DictionaryMarkdown()
	head, _, _ := strings.Cut(want, "\n")
	before, rest, ok := strings.Cut(string(readme), head+"\n")
	if !ok {
		t.Fatalf("README.md has no table that begins with %s", head)
	}
	table, after, _ := strings.Cut(rest, "\n\n")
	if head+"\n"+table+"\n" == want {
		return
	}
	if !*update {
		t.Fatal("the table of columns in README.md is not that of row.go: go test ./internal/output -run Readme -update")
	}
	if err := os.WriteFile(path, []byte(before+want+"\n"+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
