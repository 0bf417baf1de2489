package explain

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stsscan/internal/output"
)

// The report reads meanings and remedies from a file, since its module imports none of this one.
func TestMeaningsFile(t *testing.T) {
	path := filepath.Join("..", "..", "analysis", "meanings.json")
	want, err := json.MarshalIndent(map[string]any{"meanings": Meanings(), "remedies": Remedies()}, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s is not what Meanings and Remedies say: run go generate ./internal/explain", path)
	}
}

// A remedy is what lookup advises about a domain, but for its names.
func TestRemedies(t *testing.T) {
	all := Remedies()
	for _, tt := range []struct {
		set, word string
		row       output.Row
	}{
		{"record", "id_missing", output.Row{Record: "invalid", RecordReason: "id_missing"}},
		{"record", "multiple", output.Row{Record: "multiple"}},
		{"record", "bad_version", output.Row{Record: "absent", RecordReason: "bad_version"}},
		{"dns", "nodata", output.Row{Record: "valid", Policy: "missing", PolicyStage: "dns", PolicyReason: "nodata"}},
		{"tls", "expired", output.Row{Record: "valid", Policy: "unreachable", PolicyStage: "tls", PolicyReason: "expired"}},
		{"http", "redirect", output.Row{Record: "valid", Policy: "unreachable", PolicyStage: "http", PolicyReason: "redirect"}},
		{"syntax", "mx_missing", output.Row{Record: "valid", Policy: "invalid", PolicyStage: "syntax", PolicyReason: "mx_missing"}},
		{"finding", "media_type_other", output.Row{Record: "valid", Policy: "valid", Findings: []string{"media_type_other"}}},
		{"finding", "host_cname_dangling", output.Row{Record: "valid", Findings: []string{"host_cname_dangling"}}},
		{"finding", "mx_not_covered", output.Row{Record: "valid", Policy: "valid", MXMatch: "none", Findings: []string{"mx_not_covered"},
			MX: []output.MXHost{{Host: "mx.example.net", Matched: new(false)}}}},
		{"mx", "expired", output.Row{Record: "valid", Policy: "valid", MXMatch: "all",
			MX: []output.MXHost{{Host: "mx.example.net", Matched: new(true), STARTTLS: new("certificate"), TLSError: new("expired")}}}},
		{"mx", "not_offered", output.Row{Record: "valid", Policy: "valid", MXMatch: "all",
			MX: []output.MXHost{{Host: "mx.example.net", Matched: new(true), STARTTLS: new("not_offered")}}}},
	} {
		tt.row.Domain = "example.com"
		got := strings.NewReplacer(placeDomain, "example.com", placeMX, "mx.example.net").Replace(all[tt.set][tt.word])
		if want := advice(&tt.row, nil); len(want) != 1 || got != want[0] {
			t.Errorf("%s %s: %q, want %q", tt.set, tt.word, got, want)
		}
	}
	for _, none := range [][2]string{{"record", "nxdomain"}, {"record", "servfail"}, {"mx", "ok"}, {"dns", "timeout"}} {
		if text := all[none[0]][none[1]]; text != "" {
			t.Errorf("%v: %q, and there is nothing to change", none, text)
		}
	}
}
