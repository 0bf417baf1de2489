package explain

import (
	"slices"
	"testing"

	"stsscan/internal/output"
)

// Advice never adds to a policy what it cannot list.
func TestCoverageAdvice(t *testing.T) {
	const (
		add    = "Add to the policy: mx: mx.example.com (section 4.1). Then change the id of the record."
		rename = "Rename mx_1.example.com: an mx cannot have an underscore (section 3.2)."
		pseudo = "Remove the MX records that name no host (RFC 5321, section 5.1)."
	)
	for _, tt := range []struct {
		hosts []string
		want  []string
	}{
		{[]string{"mx.example.com"}, []string{add}},
		{[]string{"localhost"}, []string{pseudo}},
		{[]string{"192.0.2.1", `e\027[31m.example.com`}, []string{pseudo}},
		{[]string{"mx_1.example.com"}, []string{rename}},
		{[]string{"mx.example.com", "mx_1.example.com", "localhost"}, []string{add + " " + rename, pseudo}},
	} {
		row := &output.Row{Domain: "example.com", Record: "valid", Policy: "valid", MXMatch: "none"}
		for _, host := range tt.hosts {
			row.MX = append(row.MX, output.MXHost{Host: host, Matched: new(false)})
		}
		if tt.want[len(tt.want)-1] == pseudo {
			row.Findings = []string{"mx_host_pseudo"}
		}
		if got := advice(row, nil); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.hosts, got, tt.want)
		}
	}
}
