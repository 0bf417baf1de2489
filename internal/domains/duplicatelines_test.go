package domains

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestReadDuplicates(t *testing.T) {
	const first = `{"domain":"a.example","list":"p.csv","line":17,"tags":{"owner":"b"},` +
		`"first":{"list":"q.csv","line":3}}` + "\n"
	want := DuplicateLine{"a.example", "p.csv", 17, map[string]string{"owner": "b"}, Place{"q.csv", 3}}
	for text, says := range map[string]string{
		"":                                  "",
		first:                               "",
		first + first:                       "",
		first + first[:50]:                  "line 2: unexpected EOF",
		first + "{}\n":                      "line 2: there is no domain",
		first + "x\n":                       "line 2: invalid character 'x'",
		first + `{"domain":7}` + "\n":       "line 2: json: cannot unmarshal",
		strings.Replace(first, "1", "x", 1): "line 1: invalid character 'x'",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, DuplicatesFile)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		read, failed := 0, ""
		for d, err := range ReadDuplicates(dir) {
			if err != nil {
				failed = err.Error()
				continue
			}
			if read++; !reflect.DeepEqual(*d, want) {
				t.Errorf("%q: %+v", text, d)
			}
		}
		if says != "" {
			says = path + ": " + says
		}
		if read > strings.Count(text, "\n") || (failed == "") != (says == "") || !strings.HasPrefix(failed, says) {
			t.Errorf("%q: %d lines and %q, want %q", text, read, failed, says)
		}
	}
	for range ReadDuplicates(t.TempDir()) {
		t.Error("a run without the file has duplicates")
	}
}
