//go:build unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// The guides in deploy work word for word: their commands, on the simulated Internet, with a mail program and a chat of
// the test's own. What root would do is left out; it stands in blocks of another kind.
func TestGuides(t *testing.T) {
	for _, tt := range []struct {
		guide  string
		prints []string // patterns
		mailed []string
		posted []string
	}{
		{
			guide: "team.md",
			prints: []string{
				`(?m)^example\.com +`, `(?m)^team retail: \d+ broken, \d+ new since 20`, `(?m)^#+ .*team retail: \d+ broken`,
			},
		}, {
			guide:  "nightly/README.md",
			prints: []string{`(?m)^contact: soc@example\.net`, `(?m)^The first run`, `(?m)^team it: \d+ broken, \d+ new since 20`},
			mailed: []string{`-s MTA-STS team@example.com`, `(?m)^All domains: \d+ broken`},
			posted: []string{`"text"`, `"kind"`},
		},
	} {
		t.Run(tt.guide, func(t *testing.T) {
			root, err := filepath.Abs("../..")
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(root, "deploy", tt.guide))
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			chat := newChat(t)
			bin := filepath.Join(dir, "bin")
			writeProgram(t, filepath.Join(bin, "mail"), `{ echo "$@"; cat; } >>`+filepath.Join(dir, "mailbox"))
			// Each night has a date of its own, in the simulated Internet too.
			writeProgram(t, filepath.Join(bin, "date"), fmt.Sprintf(
				`n=$(($(cat %[1]s/night 2>/dev/null || echo 0) + 1)); echo $n >%[1]s/night; echo 2026-11-0$n`, dir))
			writeProgram(t, filepath.Join(bin, "stsscan"), fmt.Sprintf(
				`case "$*" in *tuesday*) n=1 ;; *) n=$(cat %s/night 2>/dev/null || echo 0) ;; esac
STSSCAN_NIGHT=$((300 * n)) exec "$REAL" "$@"`, dir))
			real, err := exec.LookPath("stsscan")
			if err != nil {
				t.Fatal(err)
			}
			var commands strings.Builder
			for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
				if strings.Contains(block[1], "curl") && !hasPrograms("curl", "jq") {
					t.Logf("no curl or no jq: left out: %s", block[1])
					tt.posted = nil
					continue
				}
				commands.WriteString(block[1])
			}
			cmd := exec.Command("sh", "-eu")
			cmd.Stdin = strings.NewReader(commands.String())
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "REAL="+real, "HOME="+dir, "STSSCAN="+root,
				"PORTFOLIO="+filepath.Join(root, "cmd", "stsscan", "testdata", "portfolio.csv"),
				"CONTACT=soc@example.net", "CHAT="+chat.URL, "STSSCAN_SIM=errors")
			printed, err := cmd.CombinedOutput()
			t.Logf("%s", printed)
			if err != nil {
				t.Fatal(err)
			}
			mailbox, _ := os.ReadFile(filepath.Join(dir, "mailbox"))
			for what, has := range map[string]struct {
				text     string
				patterns []string
			}{
				"prints": {string(printed), tt.prints}, "mails": {string(mailbox), tt.mailed}, "posts": {chat.posts(), tt.posted},
			} {
				for _, pattern := range has.patterns {
					if !regexp.MustCompile(pattern).MatchString(has.text) {
						t.Errorf("%s nothing like %s:\n%s", what, pattern, has.text)
					}
				}
			}
		})
	}
}

func hasPrograms(names ...string) bool {
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			return false
		}
	}
	return true
}

// systemd reads the units of deploy/nightly without a complaint.
func TestUnits(t *testing.T) {
	if !hasPrograms("systemd-analyze") {
		t.Skip("no systemd-analyze")
	}
	dir := t.TempDir()
	args := []string{"verify", "--man=no"}
	for _, name := range []string{"stsscan-nightly.service", "stsscan-nightly.timer"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "nightly", name))
		if err != nil {
			t.Fatal(err)
		}
		there := strings.ReplaceAll(string(text), "/usr/local/lib/stsscan/nightly.sh", "/bin/true")
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(there), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if said, err := exec.Command("systemd-analyze", args...).CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("%v: %s", err, said)
	}
}

func writeProgram(t *testing.T, path, script string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// A chat keeps what is posted to it.
type chat struct {
	*httptest.Server
	mu   sync.Mutex
	kept []byte
}

func newChat(t *testing.T) *chat {
	c := new(chat)
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.mu.Lock()
		defer c.mu.Unlock()
		c.kept = append(c.kept, body...)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *chat) posts() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.kept)
}
