package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"testing"
)

// testDiffs holds "stsscan diff" and the table "changed" equal for each pair of the runs.
func testDiffs(t *testing.T, runs []string) {
	for i, old := range runs {
		for _, new := range runs[i+1:] {
			holdDiff(t, openRuns(t, old, new), old, new)
		}
	}
}

// holdDiff holds what "stsscan diff" says of two runs against the table "changed" of a store of these two.
func holdDiff(t *testing.T, store *Store, old, new string) {
	t.Helper()
	out, err := exec.Command(shared.scanner, "diff", "--format", "json", old, new).Output()
	if err != nil {
		t.Fatalf("diff %s %s: %v", old, new, err)
	}
	var diff struct {
		Groups []struct {
			Changes []struct {
				Domain, Kind, Before, After string
				Regression                  bool
			}
		}
	}
	if err := json.Unmarshal(out, &diff); err != nil {
		t.Fatal(err)
	}
	line := func(domain, kind, before, after string, regression bool) string {
		return fmt.Sprintf("%s: %s, %q to %q, regression %v", domain, kind, before, after, regression)
	}
	var got, want []string
	for _, group := range diff.Groups {
		for _, c := range group.Changes {
			got = append(got, line(c.Domain, c.Kind, c.Before, c.After, c.Regression))
		}
	}
	const query = "SELECT domain, kind, coalesce(before, ''), coalesce(after, ''), regression FROM changed WHERE night = 2"
	each(t, store.db, query, func(scan func(...any)) {
		var domain, kind, before, after string
		var regression bool
		scan(&domain, &kind, &before, &after, &regression)
		want = append(want, line(domain, kind, before, after, regression))
	})
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s to %s: %d changes, and %d in SQL: diff alone has %q, SQL alone %q",
			old, new, len(got), len(want), less(got, want), less(want, got))
	}
}
