package pipeline

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"stsscan/internal/egress"
	"stsscan/internal/explain"
	"stsscan/internal/output"
)

// A run of several processes has made the connections of all of them; the summary
// tells of a family that never had one.
func TestConnections(t *testing.T) {
	first, second := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC), time.Date(2026, 11, 29, 13, 0, 0, 0, time.UTC)
	before := RecordConnections([]egress.Reach{
		{Port: 443, Made: 5, Last: first}, {Port: 443, IPv6: true, OutOfReach: 3}, {Port: 25, OutOfReach: 2},
	}, nil)
	all := RecordConnections([]egress.Reach{
		{Port: 443, Last: first}, {Port: 443, IPv6: true, OutOfReach: 1}, {Port: 25, Made: 1, Last: second},
	}, before)
	want := []output.Connections{
		{Port: 443, Family: "IPv4", Made: 5, Last: &first}, {Port: 443, Family: "IPv6", OutOfReach: 3},
		{Port: 25, Family: "IPv4", Made: 1, Last: &second},
	}
	if !reflect.DeepEqual(all, want) {
		t.Errorf("%+v, want %+v", all, want)
	}
	var text strings.Builder
	if err := (explain.Summary{Manifest: &output.Manifest{Connections: all}, Width: 120}).Write(&text); err != nil {
		t.Fatal(err)
	}
	const want443 = "  out of reach  3  hosts: no IPv6 connection to port 443 was ever made\n"
	if said := text.String(); !strings.Contains(said, want443) || strings.Contains(said, "IPv4") {
		t.Errorf("summary:\n%s", said)
	}
}
