package domains

import (
	"errors"
	"io/fs"
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
	for _, tt := range []struct {
		text  string
		count int64
		says  string
	}{
		{"", 0, ""},
		{first, 1, ""},
		{first + first, 2, ""},
		{first + first, 3, "line 3: the manifest of the run counts 3 lines"},
		{first + first, 1, "line 2: the manifest of the run counts 1 lines"},
		{first + first[:50], 2, "line 2: unexpected EOF"},
		{first + "{}\n", 2, "line 2: there is no domain"},
		{first + "x\n", 1, "line 2: invalid character 'x'"},
		{first + `{"domain":7}` + "\n", 2, "line 2: json: cannot unmarshal"},
		{strings.Replace(first, "1", "x", 1), 1, "line 1: invalid character 'x'"},
	} {
		text, says := tt.text, tt.says
		dir := t.TempDir()
		path := filepath.Join(dir, DuplicatesFile)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		read, failed := 0, ""
		for d, err := range ReadDuplicates(dir, tt.count) {
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
	for range ReadDuplicates(t.TempDir(), 0) {
		t.Error("a run without the file has duplicates")
	}
	for _, err := range ReadDuplicates(t.TempDir(), 1) {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file is gone: %v", err)
		}
	}
}
