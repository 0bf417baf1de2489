package domains

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each reason has its first entry, those that opted out are none, and a damaged line takes no other along.
func TestFirstRejects(t *testing.T) {
	dir := t.TempDir()
	if got := FirstRejects(dir); got != nil {
		t.Errorf("without a file: %v", got)
	}
	const text = `{"file":"a.csv","line":3,"rank":1,"reason":"excluded","text":"a.example.com"}
{"file":"a.csv","line":4,"rank":2,"reason":"hyphen","text":"-b.example.com"}
{"file":"a.csv","line"
{"file":"a.csv","line":6,"rank":4,"reason":"hyphen","text":"-c.example.com"}
{"file":"b.csv","line":1,"rank":5,"reason":"single_label","text":"localhost"}
`
	if err := os.WriteFile(filepath.Join(dir, RejectsFile), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	got := FirstRejects(dir)
	if len(got) != 2 || got[0].Reason != ReasonHyphen || got[0].Line != 4 || got[1].File != "b.csv" {
		t.Errorf("%+v", got)
	}

	late := strings.Repeat(`{"reason":"hyphen"}`+"\n", mostExamined) + text
	if err := os.WriteFile(filepath.Join(dir, RejectsFile), []byte(late), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := FirstRejects(dir); len(got) != 1 {
		t.Errorf("after %d lines: %+v", mostExamined, got)
	}
}
