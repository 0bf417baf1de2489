package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// A tag with a value of its own for each domain hides no other, whatever they are called.
func TestTagOfEachDomain(t *testing.T) {
	run := t.TempDir()
	const rows = 12000
	execute(t, open(t), fmt.Sprintf(`COPY (
		SELECT one.* REPLACE ('d' || i || '.example' AS domain, MAP {'id': 'id ' || i, 'owner': 'team ' || i %% 3} AS tags)
		FROM (FROM read_parquet(%s) LIMIT 1) AS one CROSS JOIN range(%d) AS numbers(i)
	) TO %s (FORMAT parquet)`,
		quote(filepath.Join(shared.dir, "part-*.parquet")), rows, quote(filepath.Join(run, "part-000000.parquet"))))
	writeManifest(t, run, rows, time.Now())
	queries, err := Queries()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(queries, func(q Query) bool { return q.Name == "tags" })
	tags, err := openRuns(t, run).Answer(t.Context(), queries[i])
	if err != nil {
		t.Fatal(err)
	}
	if got := tags.Find("tag", "owner"); got != 0 || tags.Total() != rows+3 {
		t.Errorf("the tag owner begins in line %d of %d, want 0 of %d", got, tags.Total(), rows+3)
	}
}
