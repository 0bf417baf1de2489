package explain

import (
	"strings"
	"testing"

	"stsscan/internal/domains"
)

// What to do next is said with the flags that it needs.
func TestPreparedWrite(t *testing.T) {
	plan := &domains.Plan{Parts: 4, Counts: domains.Counts{Entries: 3000, Names: 3000}}
	for _, tt := range []struct {
		prepared Prepared
		says     string
	}{
		{Prepared{Dir: "run", Shards: 1}, "scan it with: stsscan scan -o run\n"},
		{Prepared{Dir: "run", Shards: 64}, "in 64 shards, each with stsscan scan -o run --shard I/64, then: stsscan finish run\n"},
		{Prepared{Dir: "run", Shards: 4, Store: "s3://b/p"},
			"each with stsscan scan -o run --store s3://b/p --shard I/4, then: stsscan finish --store s3://b/p run\n"},
	} {
		tt.prepared.Plan, tt.prepared.Width = plan, 500
		var text strings.Builder
		if err := tt.prepared.Write(&text); err != nil {
			t.Fatal(err)
		}
		said := text.String()
		if !strings.HasPrefix(said, "prepared: 3,000 domains in 4 parts; scan it ") || !strings.Contains(said, tt.says) {
			t.Errorf("%s, want %s", said, tt.says)
		}
	}
}
