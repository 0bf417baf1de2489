package output

import (
	"strings"
	"testing"
)

func TestFilter(t *testing.T) {
	row := every("example.com", 1)
	row.Record, row.Policy, row.Pending = "unknown", "unreachable", "manners"
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
		{"policy=expired", false, "no word of the column policy"},
		{"", false, "say COLUMN=WORD"},
	}
	for _, tt := range tests {
		chosen, err := Filter(tt.class)
		if (err != nil) != (tt.says != "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q: %v", tt.class, err)
			continue
		}
		if err == nil && chosen(row) != tt.want {
			t.Errorf("%q: %v", tt.class, !tt.want)
		}
	}
}
