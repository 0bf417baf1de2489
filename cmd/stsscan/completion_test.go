package main

import (
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
)

// Values of flags are completed from the sets that the flags take.
func TestCompletion(t *testing.T) {
	const noFiles, files, dirs = ":4", ":0", ":16"
	for _, tt := range []struct {
		args      string // before the word that is typed, which may be empty
		typed     string
		want      string // words that are offered
		directive string
	}{
		{"scan --fail-on", "", "refused broken any suspect", noFiles},
		{"scan --log-format", "", "text json", noFiles},
		{"scan --names", "", "as_given registered", noFiles},
		{"list --format", "", "table csv json", noFiles},
		{"list --columns", "domain,mx.h", "domain,mx.host domain,reason domain,tags", noFiles},
		{"list --verdict", "broken,enf", "broken,enforce_refused", noFiles},
		{"diff --format", "", "text markdown json", noFiles},
		{"diff --fail-on", "", "regression", noFiles},
		{"scan --only", "", "enforce_refused transient record=valid tls_error=expired findings=mx_unicode", noFiles},
		{"scan --progress", "", "auto on off", noFiles},
		{"scan --format", "", "auto plain csv zone", noFiles},
		{"scan --mx", "", "record all none", noFiles},
		{"scan --udp", "", "auto segment batch portable", noFiles},
		{"scan --sim", "", "zones top errors", files},
		{"scan --output", "", "", dirs},
		{"scan --from", "", "", dirs},
		{"scan", "", "", files}, // lists
		{"lookup", "", "", noFiles},
		{"verify", "", "", dirs},
		{"verify --truth", "", "zones top errors", files},
		{"simnet --model", "", "zones top errors", noFiles},
	} {
		lines := strings.Fields(helpOf(t, append(append([]string{"__complete"}, strings.Fields(tt.args)...), tt.typed)...))
		for _, word := range append(strings.Fields(tt.want), tt.directive) {
			if !slices.Contains(lines, word) {
				t.Errorf("%s %s: %q is not among %q", tt.args, tt.typed, word, lines)
			}
		}
	}
}

// Of a list, the last word is completed.
func TestCompletionOfLists(t *testing.T) {
	offered, _ := someOf(codes.Modes()...)(nil, nil, "enforce,t")
	if !slices.Contains(offered, "enforce,testing") {
		t.Errorf("%q", offered)
	}
	if offered, _ = someOf(codes.Modes()...)(nil, nil, "en"); !slices.Contains(offered, "enforce") {
		t.Errorf("%q", offered)
	}
}
