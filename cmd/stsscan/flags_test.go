package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A value that a flag cannot have is refused before a list is prepared: no run
// directory is made, and nothing in one that is there changes. The statuses are
// 2 for a command line that cannot work, and 1 for files that are not as they
// should be.
func TestBadFlags(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{
		"list.txt": "example.com\n", "list.csv": "rank,domain,owner\n1,example.com,a\n", "no-upstream": "# none\n",
		"bad-exclude": "example.com\nnot a domain\n", "bad.pem": "no certificate\n", "bad-upstream": "no body\n",
		"bad-world/x.zone": "$ORIGIN\n", "file": "x",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	quick := []string{"--sim", "zones", "--timeout", "200ms", "--retries", "0", "--passes", "1", "-q", "list.txt"}
	scan(t, exitDone, append([]string{"-o", "made"}, quick...)...)
	before := contents(t, ".")

	const real = "--resolvers 127.0.0.1:9 --contact a@example.org"
	for _, tt := range []struct {
		args   string // besides -o
		status int
		says   string
	}{
		{"--sim nowhere list.txt", exitUsage, `"nowhere" is neither a model`},
		{"--sim bad-world list.txt", exitFailed, "bad-world"},
		{"--sim file list.txt", exitFailed, "file"},
		{"--sim zones --night -1 list.txt", exitUsage, "night"},
		{"--sim zones --seed -1 list.txt", exitUsage, "seed"},
		{"--sim zones --resolvers 127.0.0.1 list.txt", exitUsage, "leave out"},
		{"--resolvers nobody..example --contact a@example.org list.txt", exitUsage, "--resolvers: "},
		{"--resolvers 127.0.0.1:0 --contact a@example.org list.txt", exitUsage, "--resolvers: "},
		{"--resolvers @bad-upstream --contact a@example.org list.txt", exitUsage, "bad-upstream"},
		{"--resolvers @missing --contact a@example.org list.txt", exitFailed, "missing"},
		{"--resolvers @no-upstream --contact a@example.org list.txt", exitUsage, "--resolvers: "},
		{real + " --proxy http://127.0.0.1:1 list.txt", exitUsage, "not of the form socks5://host:port"},
		{real + " --proxy socks5://127.0.0.1:x list.txt", exitUsage, "--proxy: "},
		{real + " --proxy 127.0.0.1 list.txt", exitUsage, "--proxy: "},
		{real + " --roots missing list.txt", exitFailed, "missing"},
		{real + " --roots bad.pem list.txt", exitFailed, "bad.pem"},
		{real + " --roots . list.txt", exitFailed, "directory"},
		{"--resolvers 127.0.0.1:9 list.txt", exitUsage, "needs --contact"},
		{"--sim zones --no-ipv4 --no-ipv6 list.txt", exitUsage, "--no-ipv4 and --no-ipv6"},
		{"--resolvers 127.0.0.1:9 --contact nobody list.txt", exitUsage, "neither a mail address"},
		{"--sim zones --exclude missing list.txt", exitFailed, "missing"},
		{"--sim zones --exclude bad-exclude list.txt", exitFailed, "bad-exclude:2: "},
		{"--sim zones --exclude . list.txt", exitFailed, "directory"},
		{"--sim zones --timeout 0s list.txt", exitUsage, "--timeout 0s"},
		{"--sim zones --timeout soon list.txt", exitUsage, "timeout"},
		{"--sim zones --deadline -1s list.txt", exitUsage, "--deadline -1s"},
		{"--sim zones --retries -1 list.txt", exitUsage, "--retries -1"},
		{"--sim zones --retries 255 list.txt", exitUsage, "--retries 255"},
		{"--sim zones --rate -1 list.txt", exitUsage, "--rate -1"},
		{"--sim zones --rate NaN list.txt", exitUsage, "--rate NaN"},
		{"--sim zones --in-flight -1 list.txt", exitUsage, "--in-flight -1"},
		{"--sim zones --in-flight-floor 0 list.txt", exitUsage, "--in-flight-floor 0"},
		{"--sim zones --surveys -1 list.txt", exitUsage, "--surveys -1"},
		{"--sim zones --udp pigeon list.txt", exitUsage, `--udp "pigeon": must be`},
		{"--sim zones --host-connections -1 list.txt", exitUsage, "--host-connections"},
		{"--sim zones --host-rate NaN list.txt", exitUsage, "--host-rate"},
		{"--sim zones --network-connections -1 list.txt", exitUsage, "--network-connections"},
		{"--sim zones --network-rate -1 list.txt", exitUsage, "--network-rate"},
		{"--sim zones --host-queue -1 list.txt", exitUsage, "--host-queue"},
		{"--sim zones --host-wait -1s list.txt", exitUsage, "--host-wait"},
		{"--sim zones --retry-after -1s list.txt", exitUsage, "--retry-after"},
		{"--sim zones --max-silence 1 list.txt", exitUsage, "--max-silence 1"},
		{"--sim zones --max-silence NaN list.txt", exitUsage, "--max-silence NaN"},
		{"--sim zones --max-pause 0s list.txt", exitUsage, "--max-pause 0s"},
		{"--sim zones --canary-zone a..example list.txt", exitUsage, "--canary-zone"},
		{"--sim zones --canary-zone https://example.com list.txt", exitUsage, "--canary-zone"},
		{"--sim zones --canary-zone " + strings.Repeat("a.", 120) + "example list.txt", exitUsage, "--canary-zone"},
		{"--sim zones --cross-check no..body list.txt", exitUsage, "--cross-check: "},
		{"--sim zones --cross-check @missing list.txt", exitFailed, "missing"},
		{"--sim zones --cross-check 192.0.2.1 list.txt", exitUsage, "knows nothing about a test bed"},
		{real + " --cross-check 127.0.0.1:9 list.txt", exitUsage, "asks that resolver itself"},
		{"--sim zones --cross-check-share 2 list.txt", exitUsage, "--cross-check-share 2"},
		{"--sim zones --vantage " + strings.Repeat("x", 65) + " list.txt", exitUsage, "--vantage"},
		{"--sim zones --vantage a\u202eb list.txt", exitUsage, `--vantage: "a\u202eb" must be printable`},
		{"--sim zones --vantage a\xff list.txt", exitUsage, `--vantage: "a\xff" must be printable`},
		{"--sim zones --mx some list.txt", exitUsage, `--mx "some"`},
		{"--sim zones --tlsrpt some list.txt", exitUsage, `--tlsrpt "some"`},
		{"--sim zones --dane some list.txt", exitUsage, `--dane "some"`},
		{"--sim zones --ehlo x list.txt", exitUsage, "--ehlo is for --probe-mx"},
		{"--sim zones --probe-mx --ehlo ä list.txt", exitUsage, "--ehlo"},
		{"--sim zones --fail-on some list.txt", exitUsage, `--fail-on "some"`},
		{"--sim zones --progress some list.txt", exitUsage, "progress"},
		{"--sim zones --passes -1 list.txt", exitUsage, "--passes -1"},
		{"--sim zones --pass-delay -1s list.txt", exitUsage, "--pass-delay -1s"},
		{"--sim zones --limit -1 list.txt", exitUsage, "--limit -1"},
		{"--sim zones --part-size -1 list.txt", exitUsage, "--part-size -1"},
		{"--sim zones --part-size 524289 list.txt", exitUsage, "--part-size 524289"},
		{"--sim zones --shard 2/2 list.txt", exitUsage, "--shard: "},
		{"--sim zones --shard x list.txt", exitUsage, "--shard: "},
		{"--sim zones --format xml list.txt", exitUsage, "--format: "},
		{"--sim zones --format rows list.txt", exitUsage, "--format: "},
		{"--sim zones --format plain --tags owner list.txt", exitUsage, "plain lists have no columns"},
		{"--sim zones --format zone --domain-column 1 list.txt", exitUsage, "zone lists have no columns"},
		{"--sim zones --tags owner,OWNER list.csv", exitUsage, "is asked for twice"},
		{"--sim zones --tags \xff list.csv", exitUsage, "not valid UTF-8"},
		{"--sim zones --tags colour list.csv", exitUsage, `no column "colour"`},
		{"--sim zones --tags owner list.txt", exitUsage, "no columns to choose from"},
		{"--sim zones --domain-column 4 list.csv", exitUsage, "no column 4"},
		{"--sim zones --domain-column colour list.csv", exitUsage, `no column "colour"`},
		{"--sim zones --from missing --only unknown", exitFailed, "missing"},
		{"--sim zones --from . --only unknown", exitFailed, "no run.json"},
		{"--sim zones --from made --only nonsense", exitUsage, "--only: "},
		{"--sim zones --from made --only record=multiple", exitFailed, "has no row that is record=multiple"},
		{"--sim zones --only unknown list.txt", exitUsage, "go together"},
		{"--sim zones --from made --only unknown list.txt", exitUsage, "leave out lists"},
		{"--sim zones --metrics-file missing/x list.txt", exitFailed, "--metrics-file: "},
		{"--sim zones --metrics-file . list.txt", exitFailed, "is a directory"},
		{"--sim zones --metrics-file file/x list.txt", exitFailed, "--metrics-file: "},
		{"--sim zones --metrics-addr 9464 list.txt", exitUsage, "must be HOST:PORT, as in 127.0.0.1:9464"},
		{"--sim zones --metrics-addr 192.0.2.1:9464 list.txt", exitFailed, "--metrics-addr: serve metrics: listen tcp"},
		{"--sim zones missing.txt", exitFailed, "no such file"},
		{"--sim zones .", exitFailed, "is a directory"},
		{"--sim zones - -", exitUsage, "is there twice"},
		{"--sim zones --no-such-flag list.txt", exitUsage, "unknown flag"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			args := strings.Fields(tt.args)
			for _, dir := range []string{"new", "made"} {
				if dir == "made" && slices.Contains(args, "made") {
					continue
				}
				said := scan(t, tt.status, append([]string{"-o", dir}, args...)...)
				if !strings.Contains(said, tt.says) {
					t.Errorf("-o %s: says %q, want %q", dir, said, tt.says)
				}
			}
			if after := contents(t, "."); after != before {
				t.Errorf("there is %s, and there was %s", after, before)
				_ = os.RemoveAll("new")
			}
		})
	}
}

// contents are the names, sizes and times of what is in a directory.
func contents(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && !entry.IsDir() {
			all.WriteString(name + " " + info.Mode().String() + " " + info.ModTime().String() + "\n")
		} else if err == nil {
			all.WriteString(name + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
