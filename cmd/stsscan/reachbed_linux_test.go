package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"stsscan/internal/output"
)

// An address that is out of reach, whoever says so and in whatever way, is a row of
// its own and nothing else: the run ends with 0, and all other rows are right. When
// a whole family is, its rows wait, until it is not.
func TestReachBed(t *testing.T) { inBed(t, reachBed) }

func reachBed(t *testing.T, b *bed) {
	if !b.ipv6 {
		t.Skip("no bed: no IPv6")
	}
	router := newRouter(t)
	filters := b.filters(t, router)
	var domains []string
	addrs := hostAddrs{addrs: make(map[string][]netip.Addr)}
	want := make(map[string][2]string) // by domain: end of the policy, class of the MX host
	both := func(i int) []netip.Addr {
		v6 := netip.MustParseAddr(fmt.Sprintf("3ffe:5753:1::1:%x", i))
		return []netip.Addr{netip.AddrFrom4([4]byte{22, 1, 1, byte(i)}), v6}
	}
	add := func(domain string, host, mx []netip.Addr, ends [2]string) {
		domains = append(domains, domain)
		addrs.set("mta-sts."+domain, host)
		addrs.set("mx."+domain, mx)
		want[domain] = ends
	}
	for i := range 40 {
		add(fmt.Sprintf("healthy%d.example.com", i), both(i)[i%2:i%2+1], both(i)[i%2:i%2+1], [2]string{"valid", "reset"})
	}
	for i, r := range refusals() {
		if (r.filter != "" || r.routerFilter != "") && !filters {
			continue
		}
		reason := "tcp unreachable"
		if r.silent {
			reason = "tcp timeout"
		}
		for _, network := range []netip.Prefix{r.v4, r.v6} {
			if network.Addr().Is4() && r.routerFilter != "" {
				continue
			}
			closed := []netip.Addr{network.Addr().Next()}
			kind := fmt.Sprintf("%d-%v", i, network.Addr().Is6())
			t.Logf("%s: %s, %s", kind, r.name, network)
			add("host"+kind+".example.com", closed, both(i), [2]string{reason, "reset"})
			add("mx"+kind+".example.com", both(i), closed, [2]string{"valid", "no_connection"})
			if !r.silent && network.Addr().Is6() {
				add("half"+kind+".example.com", append(closed, both(i)[0]), both(i), [2]string{"valid", "reset"})
			}
		}
		r.install(t, router)
	}
	b.resolve(addrs.of)
	b.list(t, "list", domains)
	flags := []string{
		"--probe-mx", "--ehlo", "bed.example.com", "--pass-delay", "1s", "--dane", "none", "--tlsrpt", "none",
		"--host-rate", "0", "--host-connections", "0", "--network-rate", "0", "--network-connections", "0",
	}
	must(t, b.scan("list", "run", flags...))
	must(t, exec.Command("stsscan", "verify", b.path("run")))
	b.wantEnds(t, "run", want)

	b.closedFamily(t, flags, &addrs)
}

// hostAddrs are the addresses of hosts, which may change while they are asked for.
type hostAddrs struct {
	mu    sync.Mutex
	addrs map[string][]netip.Addr
}

func (h *hostAddrs) set(host string, addrs []netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.addrs[host] = addrs
}

// of are those of one family.
func (h *hostAddrs) of(host, domain string, ipv6 bool, _ int) (list []netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, addr := range h.addrs[host+"."+domain] {
		if addr.Is6() == ipv6 {
			list = append(list, addr)
		}
	}
	return list
}

// closedFamily closes all of IPv6 but what is out of reach anyway, and opens it.
func (b *bed) closedFamily(t *testing.T, flags []string, addrs *hostAddrs) {
	const closed = 10 // of as many networks
	var domains []string
	waits, opened := make(map[string][2]string), make(map[string][2]string)
	for i := range closed {
		four, six := fmt.Sprintf("four%d.example.com", i), fmt.Sprintf("six%d.example.com", i)
		domains = append(domains, four, six)
		v4, v6 := netip.AddrFrom4([4]byte{22, 1, 2, byte(i)}), netip.MustParseAddr(fmt.Sprintf("3ffe:6%03x::1", i))
		for _, host := range []string{"mta-sts.", "mx."} {
			addrs.set(host+four, []netip.Addr{v4})
			addrs.set(host+six, []netip.Addr{v4})
		}
		addrs.set("mta-sts."+six, []netip.Addr{v6})
		waits[four], opened[four] = [2]string{"valid", "reset"}, [2]string{"valid", "reset"}
		waits[six], opened[six] = [2]string{"local", ""}, [2]string{"valid", "reset"}
	}
	b.list(t, "families", domains)
	run := func() (string, error) {
		out, err := b.scan("families", "closed", flags...).CombinedOutput()
		return string(out), err
	}
	words(t, "ip -6 route add prohibit 3ffe:6000::/20 table local")
	out, err := run()
	told := strings.Contains(out, "10 domains must be asked again, such as six") &&
		strings.Contains(out, "permission denied")
	if exitCode(err) != exitIncomplete || !told {
		t.Errorf("a family is closed: %v\n%s", err, out)
	}
	b.wantEnds(t, "closed", waits)
	said, err := exec.Command("stsscan", "verify", b.path("closed")).CombinedOutput()
	told = strings.Contains(string(said), "problems  0") && strings.Contains(string(said), "10 rows are provisional")
	if exitCode(err) != exitIncomplete || !told {
		t.Errorf("verify: %v\n%s", err, said)
	}
	manifest := b.manifest(t, "closed")
	if !slices.Contains(manifest.Reasons, "10 domains wait to be asked again: local 10") {
		t.Errorf("run.json: %q", manifest.Reasons)
	}
	for _, c := range manifest.Connections {
		if c.Port == 443 && (c.Family == "IPv4") != (c.Made > 0) {
			t.Errorf("run.json: %+v", c)
		}
	}
	words(t, "ip -6 route del prohibit 3ffe:6000::/20 table local")
	if out, err := run(); err != nil {
		t.Errorf("the family is open again: %v\n%s", err, out)
	}
	must(t, exec.Command("stsscan", "verify", b.path("closed")))
	b.wantEnds(t, "closed", opened)

	// With few of them, it is unknown until the end whose fault it is.
	words(t, "ip -6 route add prohibit 3ffe:6000::/20 table local")
	b.list(t, "a few", domains[:2*3])
	for domain := range waits {
		if strings.HasPrefix(domain, "six") {
			waits[domain] = [2]string{"tcp unreachable", "reset"}
		}
	}
	cmd := b.scan("a few", "few", flags...)
	cmd.Args = slices.DeleteFunc(cmd.Args, func(arg string) bool { return arg == "-q" })
	if out := must(t, cmd); !strings.Contains(out, "3  hosts: no IPv6 connection to port 443 was ever made") {
		t.Errorf("the summary:\n%s", out)
	}
	rows := make(map[string][2]string)
	for _, domain := range domains[:2*3] {
		rows[domain] = waits[domain]
	}
	b.wantEnds(t, "few", rows)
}

// wantEnds holds the rows of a run against how their policies and MX hosts end;
// of one that waits, why.
func (b *bed) wantEnds(t *testing.T, run string, want map[string][2]string) {
	t.Helper()
	rows := b.rows(t, run)
	if len(rows) != len(want) {
		t.Errorf("%s: %d rows, want %d", run, len(rows), len(want))
	}
	for domain, ends := range want {
		row := rows[domain]
		if row == nil {
			t.Errorf("%s: %s has no row", run, domain)
			continue
		}
		var got [2]string
		switch {
		case row.Pending != "":
			got[0] = row.Pending
		case row.PolicyStage != "":
			got[0] = row.PolicyStage + " " + row.PolicyReason
		default:
			got[0] = row.Policy
		}
		if len(row.MX) == 1 && row.MX[0].STARTTLS != nil {
			got[1] = *row.MX[0].STARTTLS
		}
		if got != ends {
			t.Errorf("%s: %s is %q, want %q (tried %q, %q)", run, domain, got, ends, row.TriedAddrs, row.TriedOutcomes)
		}
	}
}

func (b *bed) manifest(t *testing.T, run string) (m output.Manifest) {
	t.Helper()
	data, err := os.ReadFile(b.path(run + "/run.json"))
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}
