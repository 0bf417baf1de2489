package explain

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// The report reads the meanings from a file, since its module imports none of this one.
func TestMeaningsFile(t *testing.T) {
	path := filepath.Join("..", "..", "analysis", "meanings.json")
	want, err := json.MarshalIndent(Meanings(), "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is not what Meanings says: run go generate ./internal/explain", path)
	}
}
