package main

import (
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// On a machine with IPv6 only, a run goes on, says so once, and gives hosts with
// IPv4 only a row that is unknown. With neither, no row is final.
func TestFamilyBed(t *testing.T) { inBed(t, familyBed) }

func familyBed(t *testing.T, b *bed) {
	if !b.ipv6 {
		t.Skip("no bed: no IPv6")
	}
	addrs := hostAddrs{addrs: make(map[string][]netip.Addr)}
	v4, v6 := netip.MustParseAddr("22.1.1.1"), netip.MustParseAddr("3ffe:5753:1::1:1")
	want := map[string][2]string{
		"four.example.com": {"tcp no_ipv4", "unknown"},
		"six.example.com":  {"valid", "reset"},
		"both.example.com": {"valid", "reset"},
	}
	for _, host := range []string{"mta-sts.", "mx."} {
		addrs.set(host+"four.example.com", []netip.Addr{v4})
		addrs.set(host+"six.example.com", []netip.Addr{v6})
		addrs.set(host+"both.example.com", []netip.Addr{v4, v6})
	}
	b.resolve(addrs.of)
	b.list(t, "list", []string{"four.example.com", "six.example.com", "both.example.com"})
	words(t, "ip addr del 22.1.255.254/32 dev lo")
	words(t, "ip route del local 0.0.0.0/0 dev lo")
	flags := []string{
		"--probe-mx", "--ehlo", "bed.example.com", "--pass-delay", "1s", "--dane", "none", "--tlsrpt", "none",
		"--host-rate", "0", "--network-rate", "0",
	}
	out := must(t, b.scan("list", "run", flags...))
	if n := strings.Count(out, "no IPv4 here"); n != 1 {
		t.Errorf("said %d times:\n%s", n, out)
	}
	must(t, exec.Command("stsscan", "verify", b.path("run")))
	b.wantEnds(t, "run", want)
	for domain, row := range b.rows(t, "run") {
		four := domain == "four.example.com"
		asked := row.TLSRPTResult != "" || len(row.TriedAddrs) > 0
		if (row.Policy == "unknown") != four || (row.Verdict == "unknown") != four || four && asked {
			t.Errorf("%s: policy %s, verdict %s, TLSRPT result %q, tried %q",
				domain, row.Policy, row.Verdict, row.TLSRPTResult, row.TriedAddrs)
		}
	}

	words(t, "ip -6 addr del 3ffe:5753:1::ffff/128 dev lo")
	words(t, "ip -6 route del local ::/0 dev lo")
	said, err := b.scan("list", "neither", flags...).CombinedOutput()
	if exitCode(err) != exitIncomplete || !strings.Contains(string(said), "3 domains must be asked again, such as ") ||
		strings.Contains(string(said), "no IPv4 here") {
		t.Errorf("with neither: %v\n%s", err, said)
	}
	reasons := b.manifest(t, "neither").Reasons
	if !slices.Contains(reasons, "3 domains wait to be asked again: local 3") {
		t.Errorf("run.json: %q", reasons)
	}
}
