package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"stsscan/internal/output"
)

// A bed is a network namespace in which every address there is, special or not,
// is one of this machine: whoever is connected to is heard, and nothing can
// leave. Its public addresses are those of the simulated Internet's plan.
type bed struct {
	dir  string
	ipv6 bool
	*bedDNS
	*bedHosts
}

const bedVariable = "STSSCAN_TEST_IN_BED"

// inBed runs the test in a bed, which is another process, and skips it where
// there can be none.
func inBed(t *testing.T, test func(*testing.T, *bed)) {
	if os.Getenv(bedVariable) == t.Name() {
		test(t, makeBed(t))
		return
	}
	if testing.Short() {
		t.Skip("no bed in a short test")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("no bed: ip (iproute2) is not installed")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := append(os.Args[1:len(os.Args):len(os.Args)], "-test.run=^"+t.Name()+"$", "-test.v",
		"-test.testlogfile=", "-test.coverprofile=")
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), bedVariable+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		t.Logf("%s", out)
	case errors.As(err, &exit):
		t.Errorf("in the bed: %v\n%s", err, out)
	default:
		t.Skipf("no bed: a network namespace cannot be made: %v", err)
	}
}

// makeBed makes every address one of this namespace.
func makeBed(t *testing.T) *bed {
	b := &bed{dir: t.TempDir(), ipv6: true}
	for _, command := range []string{
		"ip link set lo up", "ip route add local 0.0.0.0/0 dev lo", "ip addr add 22.1.255.254/32 dev lo",
	} {
		if out, err := runWords(command); err != nil {
			t.Fatalf("%s: %v: %s", command, err, out)
		}
	}
	for _, command := range []string{"ip -6 route add local ::/0 dev lo", "ip -6 addr add 3ffe:5753:1::ffff/128 dev lo"} {
		if out, err := runWords(command); err != nil {
			t.Logf("the bed has no IPv6: %s: %v: %s", command, err, out)
			b.ipv6 = false
		}
	}
	b.bedDNS = serveBedDNS(t)
	b.bedHosts = serveBedHosts(t, b.ipv6)
	if err := os.WriteFile(b.path("roots.pem"), b.roots, 0o644); err != nil {
		t.Fatal(err)
	}
	return b
}

func runWords(command string) ([]byte, error) {
	words := strings.Fields(command)
	return exec.Command(words[0], words[1:]...).CombinedOutput()
}

func (b *bed) path(name string) string { return filepath.Join(b.dir, name) }

// public reports whether an address is one that may be contacted: no other is,
// whatever else is public elsewhere.
func public(addr netip.Addr) bool {
	return netip.MustParsePrefix("22.1.0.0/16").Contains(addr) ||
		netip.MustParsePrefix("3ffe:5753:1::/48").Contains(addr) ||
		netip.MustParsePrefix("3ffe:6000::/20").Contains(addr) // of many networks
}

// list writes a list of domains.
func (b *bed) list(t *testing.T, name string, domains []string) {
	t.Helper()
	if err := os.WriteFile(b.path(name), []byte(strings.Join(domains, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// scan is a scan of a list into a run of the same name, on real sockets.
func (b *bed) scan(list, run string, flags ...string) *exec.Cmd {
	args := []string{
		"scan", "-q", "-o", b.path(run), "--resolvers", b.dns.String(), "--roots", b.path("roots.pem"), "--preflight=false", "--canaries=false", "--contact", "bed@example.com",
		"--timeout", "2s",
	}
	cmd := exec.Command("stsscan", append(append(args, flags...), b.path(list))...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// must runs a command that has to succeed.
func must(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	t.Logf("%s %s: %v", cmd.Args[0], cmd.Args[1], time.Since(began).Round(time.Millisecond))
	return string(out)
}

// rows are those of a run, by domain.
func (b *bed) rows(t *testing.T, run string) map[string]*output.Row {
	t.Helper()
	rows := make(map[string]*output.Row)
	for _, part := range b.parts(run) {
		for row, err := range output.ReadPart(part) {
			if err != nil {
				t.Fatal(err)
			}
			if rows[row.Domain] != nil {
				t.Errorf("%s has two rows", row.Domain)
			}
			kept := *row
			kept.Domain = strings.Clone(row.Domain)
			rows[kept.Domain] = &kept
		}
	}
	return rows
}

func (b *bed) parts(run string) []string {
	parts, _ := filepath.Glob(filepath.Join(b.path(run), "part-*.parquet"))
	return parts
}

// numbered are n domains with a letter in front.
func numbered(letter string, n int) (domains []string) {
	for i := range n {
		domains = append(domains, fmt.Sprintf("%s%05d.example.com", letter, i))
	}
	return domains
}
