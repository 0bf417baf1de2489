package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/output"
)

// waitingWorld has a domain whose record cannot be had, and one whose Policy Host
// refuses connections: both wait for the second pass.
const waitingWorld = `
-- zone --
$TTL 300
example.com.	SOA	ns1.example.com. hostmaster.example.com. 2026010100 7200 3600 1209600 300
dead.example.com.	MX	10 mail.example.com.
_mta-sts.shut.example.com.	TXT	"v=STSv1; id=1;"
mta-sts.shut.example.com.	CNAME	sts.hoster.example.com.
sts.hoster.example.com.	A	22.1.0.1
-- faults --
_mta-sts.dead.example.com dns servfail
sts.hoster.example.com tcp refuse
`

// A hook is standard error; it calls do when a line has text in it.
type hook struct {
	bytes.Buffer
	text string
	do   func()
}

func (h *hook) Write(b []byte) (int, error) {
	if h.do != nil && bytes.Contains(b, []byte(h.text)) {
		h.do()
		h.do = nil
	}
	return h.Buffer.Write(b)
}

// The exclusions are read again before the second pass. Rows about new ones become final. If the file has got
// shorter, or cannot be read, nothing more is asked, and the run says why.
func TestExclusionsBetweenPasses(t *testing.T) {
	for _, tt := range []struct {
		name, text string // of the file, before the second pass
		status     int
		words      string // on standard error
		late       []string
		versions   int
	}{
		{"the same", "# none new\nother.example\n", exitDone, "", nil, 1},
		{"the host of one", "other.example\nhoster.example.com\n", exitDone, "", []string{"shut.example.com"}, 2},
		{"both", "other.example\nexample.com\n", exitDone, "", []string{"dead.example.com", "shut.example.com"}, 2},
		{"a slip of the pen", "other.example\nhoster,example.com\n", exitIncomplete, `2: "hoster,example.com": a character that no domain name has`, nil, 1},
		{"one is gone", "hoster.example.com\n", exitUsage, "an entry is gone from the exclusions: other.example; ", nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			path := func(name string) string { return filepath.Join(dir, name) }
			write := func(name, text string) {
				t.Helper()
				if err := os.WriteFile(path(name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			write("world.txtar", waitingWorld)
			write("list", "dead.example.com\nshut.example.com\nnone.example.com\n")
			write("optout", "other.example\n")
			args := []string{"scan", "-o", path("run"), "--sim", path("world.txtar"), "--exclude", path("optout"),
				"--timeout", "1s", "--retries", "0", "--progress", "off", path("list")}
			stderr := &hook{text: "domains that wait are asked again", do: func() { write("optout", tt.text) }}
			status := run(t.Context(), streams{in: strings.NewReader(""), out: io.Discard, err: stderr}, args)
			if status != tt.status || !strings.Contains(stderr.String(), tt.words) || stderr.do != nil {
				t.Fatalf("status %d, want %d; standard error:\n%s", status, tt.status, stderr)
			}
			m, err := output.ReadManifest(path("run/run.json"))
			if err != nil {
				t.Fatal(err)
			}
			if len(m.ExclusionVersions) != tt.versions || m.ExclusionVersions[0].SHA256 != m.Exclusions ||
				m.Counts.Findings["excluded_late"] != int64(len(tt.late)) || m.Status.Finished() != (status == exitDone) {
				t.Errorf("status %s, exclusions %s, %+v, findings %v",
					m.Status, m.Exclusions, m.ExclusionVersions, m.Counts.Findings)
			}
			for row, err := range output.ReadPart(path("run/part-000000.parquet")) {
				if err != nil {
					t.Fatal(err)
				}
				late := slices.Contains(tt.late, row.Domain)
				again := status == exitDone && !late && row.Record != "absent"
				if late != slices.Contains(row.Findings, "excluded_late") || again != (row.Pass == 2) {
					t.Errorf("%s: pass %d, findings %q", row.Domain, row.Pass, row.Findings)
				}
			}
			if tt.status != exitDone { // mended, it goes on
				write("optout", "other.example\nhoster.example.com\n")
				std := streams{in: strings.NewReader(""), out: io.Discard, err: stderr}
				if status := run(t.Context(), std, args); status != exitDone {
					t.Errorf("mended: status %d; standard error:\n%s", status, stderr)
				}
			}
			var report bytes.Buffer
			std := streams{in: strings.NewReader(""), out: &report, err: stderr}
			if status := run(t.Context(), std, []string{"verify", path("run")}); status != exitDone {
				t.Errorf("verify: status %d: %s", status, &report)
			}
		})
	}
}
