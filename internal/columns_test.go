package internal_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// tableRow matches lines that may be as wide as they must: rows of tables in Go
// (elements of composite literals, fields with tags) and in Markdown, and what
// has a URL.
var tableRow = regexp.MustCompile("^\\s*([{\"`|]|[\\w.\\[\\]]+: )|https?://|`parquet:")

// TestColumns holds lines of Go and of prose to 120 columns.
func TestColumns(t *testing.T) {
	const most = 120
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case !strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".md"):
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			if columns := utf8.RuneCountInString(line); columns > most && !tableRow.MatchString(line) {
				t.Errorf("%s:%d has %d columns", name, i+1, columns)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
