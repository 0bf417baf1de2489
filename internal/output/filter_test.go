package output

import (
	"strings"
	"testing"
)

func TestConditionOf(t *testing.T) {
	d := open(t, t.TempDir(), identity())
	row := every("example.com", 1)
	row.Record, row.Policy, row.Pending = "unknown", "unreachable", "manners"
	write(t, d, 0, row)
	tests := []struct {
		class string
		want  bool
		says  string // part of the error
	}{
		{"unknown", true, ""}, // of the record, whatever other columns have the word
		{"absent", false, ""},
		{"unreachable", true, ""},
		{"manners", true, ""},
		{"policy=unreachable", true, ""},
		{"policy=unknown", false, ""},
		{"tls_error=expired", true, ""},
		{"findings=policy_extension", true, ""},
		{"findings=policy_html", false, ""},
		{"nonsense", false, "say COLUMN=WORD"},
		{"domain=example.com", false, "no column whose words"},
		{"mx.tls_error=expired", false, "cannot be chosen by the column"},
		{"policy=expired", false, "no word of the column policy"},
		{"", false, "say COLUMN=WORD"},
	}
	for _, tt := range tests {
		only, err := ConditionOf(tt.class)
		if (err != nil) != (tt.says != "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q: %v", tt.class, err)
			continue
		}
		if err == nil && (selected(t, Selection{Only: []Condition{only}}, d.dir) != nil) != tt.want {
			t.Errorf("%q: %v", tt.class, !tt.want)
		}
	}
}
