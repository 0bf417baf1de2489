package domains

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stsscan/internal/durable"
)

// A run directory goes on with its own input, and with no other.
func TestReuse(t *testing.T) {
	const text = "domain,x\na.com,1\nb.com,2\n"
	list := writeList(t, "list", text)
	base := PrepareConfig{Dir: t.TempDir(), Lists: []List{{list}}, Tags: []string{"x"}}
	plan, err := Prepare(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	before := files(t, base.Dir)
	changed := writeList(t, "changed", text+"c.com,3\n")
	tests := []struct {
		name   string
		change func(*PrepareConfig)
		want   string // in the error; "": the plan is taken up again
	}{
		{"the same", func(c *PrepareConfig) {}, ""},
		{"another name", func(c *PrepareConfig) { c.Lists = []List{{writeList(t, "other", text)}} }, ""},
		{"standard input", func(c *PrepareConfig) { c.Lists = []List{{"-"}}; c.Stdin = strings.NewReader(text) }, ""},
		{"another budget", func(c *PrepareConfig) { c.MemoryBudget = 1 }, ""},
		{"names as given", func(c *PrepareConfig) { c.Names = NamesAsGiven }, ""},
		{"the same part size", func(c *PrepareConfig) { c.PartSize = 64 }, ""},
		{"another list", func(c *PrepareConfig) { c.Lists = []List{{changed}} }, "list " + changed + " has SHA-256 "},
		{"two lists", func(c *PrepareConfig) { c.Lists = []List{{list}, {list}} }, "number of lists: now 2, then 1"},
		{"format", func(c *PrepareConfig) { c.Format = FormatCSV }, "format: now csv, then auto"},
		{"column", func(c *PrepareConfig) { c.DomainColumn = "1" }, "domain column: now 1, then none"},
		{"tags", func(c *PrepareConfig) { c.Tags = nil }, `tags: now none, then "x"`},
		{"limit", func(c *PrepareConfig) { c.Limit = 1 }, "limit: now 1, then 0"},
		{"special use", func(c *PrepareConfig) { c.AllowSpecialUse = true }, "special-use names: now true, then false"},
		{"strict names", func(c *PrepareConfig) { c.StrictNames = true }, "strict names: now true, then false"},
		{"registered", func(c *PrepareConfig) { c.Names = NamesRegistered }, "registered domains: now true, then false"},
		{"part size", func(c *PrepareConfig) { c.PartSize = 65 }, "part size: now 65, then 64"},
	}
	for _, tt := range tests {
		cfg := base
		tt.change(&cfg)
		again, err := Prepare(t.Context(), cfg)
		if tt.want == "" {
			if err != nil || again.SHA256() != plan.SHA256() {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		prefix := "run directory " + base.Dir + " belongs to another input: "
		if !errors.Is(err, ErrOtherInput) || !strings.HasPrefix(err.Error(), prefix+tt.want) {
			t.Errorf("%s: got %v, want %s%s", tt.name, err, prefix, tt.want)
		}
		// A new directory has another identity.
		cfg.Dir = t.TempDir()
		if fresh, err := Prepare(t.Context(), cfg); err == nil && fresh.SHA256() == plan.SHA256() {
			t.Errorf("%s: the same identity", tt.name)
		}
	}
	if after := files(t, base.Dir); !slices.Equal(after, before) {
		t.Errorf("files %q, were %q", after, before)
	}
}

// Several processes of one run may start at the same moment.
func TestPreparedElsewhere(t *testing.T) {
	list := writeList(t, "list", "a.com\n")
	cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{list}}}
	lock, err := durable.Lock(filepath.Join(cfg.Dir, lockFile))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := Prepare(ctx, cfg); !errors.Is(err, durable.ErrLocked) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while it is locked: %v", err)
	}
	type result struct {
		plan *Plan
		err  error
	}
	results := make(chan result)
	for range 3 {
		go func() {
			p, err := Prepare(t.Context(), cfg)
			results <- result{p, err}
		}()
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
	for range 3 {
		if r := <-results; r.err != nil || r.plan.Names != 1 {
			t.Errorf("prepare: %+v", r)
		}
	}
}
