package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the shards of a run say of their cross-checks becomes one figure.
func TestCrossCheck(t *testing.T) {
	dir := t.TempDir()
	for shard, check := range []string{
		`{"resolvers": ["192.0.2.9:53"], "negatives": {"checked": 4000, "agree": 3998, "disagree": 1, "unanswered": 1}, "positives": {"checked": 100, "agree": 99, "disagree": 1, "unanswered": 0}}`,
		`{"resolvers": ["192.0.2.9:53"], "negatives": {"checked": 4000, "agree": 4000, "disagree": 0, "unanswered": 0}, "positives": {"checked": 100, "agree": 100, "disagree": 0, "unanswered": 0}}`,
		`null`,
	} {
		text := fmt.Sprintf(`{"schema_version": "1", "status": "complete", "shard": {"index": %d, "of": 3}, `+
			`"trust": {"cross_check": %s}}`, shard, check)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("run-%d-of-3.json", shard)), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run, err := ReadRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	said := func(run Run) string {
		for _, fact := range (&Report{Runs: []Run{run}}).facts() {
			if fact.Label == "Cross-check" {
				return fact.Value
			}
		}
		return ""
	}
	const want = "192.0.2.9:53: of 7,999 domains without a record, a sample, 1 disagree (0.0125 %), " +
		"1 more had no answer; of 200 domains with a record, 1 disagree (0.500 %)"
	if got := said(run); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	run.CrossCheck = nil
	if got := said(run); got != "" {
		t.Errorf("without a cross-check: %q", got)
	}
}

// The sample of a cross-check can be told in SQL, as docs/crosscheck.md says.
func TestCrossCheckSample(t *testing.T) {
	const sampled = `left(sha256(domain), 8) < '028f5c29'`
	doc, err := os.ReadFile(filepath.Join("..", "docs", "crosscheck.md"))
	if err != nil || !strings.Contains(strings.Join(strings.Fields(string(doc)), " "), sampled) {
		t.Errorf("docs/crosscheck.md does not say %s: %v", sampled, err)
	}
	in := 0
	each(t, open(t), "SELECT domain, "+sampled+" FROM rows", func(scan func(...any)) {
		var domain string
		var got bool
		scan(&domain, &got)
		sum := sha256.Sum256([]byte(domain))
		if want := hex.EncodeToString(sum[:4]) < "028f5c29"; got != want {
			t.Errorf("%s: %v, want %v", domain, got, want)
		}
		if got {
			in++
		}
	})
	if in == 0 || in > domains/20 {
		t.Errorf("%d of %d domains are in the sample", in, domains)
	}
}
