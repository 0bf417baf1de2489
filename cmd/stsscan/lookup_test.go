package main

import (
	"os"
	"strings"
	"testing"
)

// The exit status says what was wrong with any of the domains, and each of the others is looked up.
func TestLookupStatus(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("optout", []byte("asked.example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		domains string
		status  int
		shown   int
	}{
		{"example.com", exitDone, 1},
		{"example.com example.net", exitDone, 2},
		{"not_a_name", exitUsage, 0},
		{"not_a_name example.com", exitUsage, 1},
		{"example.com not_a_name localhost example.net", exitUsage, 2},
		{"asked.example.com", exitFailed, 0},
		{"asked.example.com not_a_name example.com", exitFailed, 1},
	} {
		var out, said strings.Builder
		std := streams{in: strings.NewReader(""), out: &out, err: &said}
		args := append([]string{"lookup", "--short", "--sim", "zones", "--exclude", "optout"}, strings.Fields(tt.domains)...)
		status := run(t.Context(), std, args)
		if shown := strings.Count(out.String(), "\n"); status != tt.status || shown != tt.shown {
			t.Errorf("%s: status %d, %d lines, want %d, %d: %s", tt.domains, status, shown, tt.status, tt.shown, said.String())
		}
		if refused := len(strings.Fields(tt.domains)) - tt.shown; strings.Count(said.String(), "stsscan: ") < refused {
			t.Errorf("%s: %d are refused, and it says %q", tt.domains, refused, said.String())
		}
	}
}
