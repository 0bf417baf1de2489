package domains

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// names are all names of a plan, each as "rank:domain", chunk by chunk.
func names(t testing.TB, p *Plan) []string {
	t.Helper()
	var out []string
	for k := range p.Parts {
		first, last := p.Ranks(k)
		for n, err := range p.Chunk(k) {
			if err != nil {
				t.Fatal(err)
			}
			if n.Rank < first || n.Rank > last {
				t.Errorf("rank %d in part %d, of ranks %d to %d", n.Rank, k, first, last)
			}
			out = append(out, fmt.Sprintf("%d:%s", n.Rank, n.Domain))
		}
	}
	return out
}

// rejectLines are the lines of rejects.jsonl.
func rejectLines(t testing.TB, dir string) (lines []RejectLine) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, RejectsFile))
	if err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(bytes.NewReader(data)); d.More(); {
		var l RejectLine
		if err := d.Decode(&l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	return lines
}

// files lists the files below a directory, without the locks.
func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != lockFile {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
