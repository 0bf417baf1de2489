package output

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"stsscan/internal/codes"
)

func count(rows ...*Row) Counts {
	var c Counts
	for _, r := range rows {
		c.Add(r)
	}
	return c
}

func TestCounts(t *testing.T) {
	failed := every("c.example.com", 3)
	failed.Policy = "unreachable"
	failed.Findings = []string{"policy_html", "policy_html"} // a row counts once
	c := count(negative("a.example.com", 1), valid("b.example.com", 2), failed, least("d.example.com", 4))
	want := map[string]int64{
		"rows":          4,
		"record.absent": 1, "record.valid": 2, "record.unknown": 1,
		"record_reason.nxdomain": 1, "record_reason.other_txt": 1,
		"error.ErrNoRecord": 1, "error.ErrPolicyFetch": 1,
		"policy.not_fetched": 2, "policy.valid": 1, "policy.unreachable": 1, "pending.transient": 2,
		"policy_reason.tls.expired": 1, "tls_error.expired": 1,
		"mode.enforce":  1,
		"mx_match.some": 1, "verdict.enforce_partial": 2, "verdict.no_sts": 1,
		"findings.policy_extension": 1, "findings.record_extension": 1, "findings.policy_html": 1,
		"resolver.192.0.2.53:53": 1, "resolver.[2001:db8::53]:53": 2,
	}
	if got := maps.Collect(c.All()); !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}

	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var again Counts
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again, c) {
		t.Errorf("%s came back as %+v", data, again)
	}
}

func TestCountsJSON(t *testing.T) {
	r := every("a.example.com", 1)
	r.Findings = nil
	const want = `{"rows":1,"record":{"valid":1},"record_reason":{"other_txt":1},"error":{"ErrPolicyFetch":1},` +
		`"policy":{"valid":1},"mode":{"enforce":1},` +
		`"mx_match":{"some":1},"mismatch":{"typo":1},"verdict":{"enforce_partial":1},` +
		`"resolver":{"[2001:db8::53]:53":1},"pending":{"transient":1}}`
	if got, err := json.Marshal(count(r)); err != nil || string(got) != want {
		t.Errorf("%s, %v\nwant %s", got, err, want)
	}
	if got, err := json.Marshal(Counts{}); err != nil || string(got) != `{"rows":0}` {
		t.Errorf("%s, %v", got, err)
	}
}

// What is counted of policies is counted of those that it is about: modes and matches of valid ones, reasons of those
// that failed, and apart from them reasons of unknown ones.
func TestCountsOfPolicies(t *testing.T) {
	for policy, want := range map[codes.Policy]map[string]int64{
		codes.PolicyValid:       {"mode.testing": 1, "mx_match.none": 1, "mismatch.typo": 1},
		codes.PolicyInvalid:     {"policy_reason.tls.expired": 1, "tls_error.expired": 1},
		codes.PolicyMissing:     {"policy_reason.tls.expired": 1, "tls_error.expired": 1},
		codes.PolicyUnreachable: {"policy_reason.tls.expired": 1, "tls_error.expired": 1},
		codes.PolicyForbidden:   {"policy_reason.tls.expired": 1, "tls_error.expired": 1},
		codes.PolicyUnknown:     {"policy_unknown.tls.expired": 1},
	} {
		r := &Row{Policy: string(policy), PolicyStage: "tls", PolicyReason: "expired", TLSError: "expired",
			Mode: "testing", MXMatch: "none", Mismatch: "typo"}
		c := count(r)
		got := maps.Collect(c.All())
		delete(got, "rows")
		delete(got, "policy."+string(policy))
		if !maps.Equal(got, want) {
			t.Errorf("%s: %v, want %v", policy, got, want)
		}
		if c.remove(count(r)); len(maps.Collect(c.All())) != 1 {
			t.Errorf("%s: without the row: %v", policy, maps.Collect(c.All()))
		}
	}
}

// However rows are divided among counters, merging these is counting all.
func TestCountsMerge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rows := rapid.SliceOf(rapid.Custom(func(rt *rapid.T) *Row {
			return &Row{
				Record:       rapid.SampledFrom([]string{"valid", "absent"}).Draw(rt, "record"),
				Policy:       rapid.SampledFrom([]string{"valid", "missing", "unknown"}).Draw(rt, "policy"),
				PolicyStage:  rapid.SampledFrom([]string{"", "tls", "dns"}).Draw(rt, "stage"),
				PolicyReason: rapid.SampledFrom([]string{"", "timeout", "other"}).Draw(rt, "reason"),
				Findings:     rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b"}), 0, 2).Draw(rt, "findings"),
			}
		})).Draw(rt, "rows")
		cut := rapid.IntRange(0, len(rows)).Draw(rt, "cut")
		all, left, right := count(rows...), count(rows[:cut]...), count(rows[cut:]...)
		before := maps.Collect(right.All())
		var merged Counts
		merged.Merge(left)
		merged.Merge(right)
		if !reflect.DeepEqual(merged, all) {
			rt.Errorf("merged %+v, want %+v", merged, all)
		}
		merged.Merge(left)
		if !maps.Equal(before, maps.Collect(right.All())) {
			rt.Errorf("merging changed what was merged")
		}
	})
}

func TestCountsDiff(t *testing.T) {
	a, b := count(least("a.example.com", 1)), count(negative("a.example.com", 1))
	if diff := a.Diff(&a); diff != nil {
		t.Error(diff)
	}
	want := []string{
		"record.unknown: 1, not 0",
		"error.ErrNoRecord: 0, not 1",
		"record.absent: 0, not 1",
		"record_reason.nxdomain: 0, not 1",
		"resolver.192.0.2.53:53: 0, not 1",
		"verdict.no_sts: 0, not 1",
	}
	if diff := a.Diff(&b); !slices.Equal(diff, want) {
		t.Errorf("%q", diff)
	}
}

func TestAdoption(t *testing.T) {
	tests := []struct {
		name   string
		record map[codes.Record]int64
		want   Adoption
	}{
		{"nothing is known of no domains", nil, Adoption{High: 1}},
		{"all unknown", map[codes.Record]int64{"unknown": 4}, Adoption{Domains: 4, Unknown: 4, High: 1}},
		{"a record that is wrong is there", map[codes.Record]int64{"valid": 1, "invalid": 1, "multiple": 1, "absent": 4, "unknown": 1},
			Adoption{Domains: 8, Present: 3, Unknown: 1, Low: 0.375, High: 0.5}},
	}
	for _, tt := range tests {
		c := Counts{Record: tt.record}
		for _, n := range tt.record {
			c.Rows += n
		}
		if got := c.Adoption(); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 12345678: "12,345,678"} {
		if got := Grouped(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
