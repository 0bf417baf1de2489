package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"stsscan/internal/output"
)

// A refusal is a way in which a network is out of reach. Router words are said to a
// router, in another namespace, that the network lies behind; those of a filter to
// the firewall there or here.
type refusal struct {
	name         string
	v4, v6       netip.Prefix
	local        string // kind of a route of this machine
	router       string // kind of a route of the router
	filter       string // of this machine, in the words of nft, for IPv6 and where they are the same for IPv4
	routerFilter string
	filter4      string
	silent       bool          // and nothing is said
	errno        syscall.Errno // that Linux makes of it in IPv6; 0: whatever it is
}

// refusals are those that Linux can be made to say.
func refusals() (list []refusal) {
	for i, r := range []refusal{
		{name: "router prohibits", router: "prohibit", errno: syscall.EACCES},
		{name: "router has no route", router: "unreachable"},
		{name: "router: source address failed policy", routerFilter: "reject with icmpv6 type policy-fail", errno: syscall.EACCES},
		{name: "router: reject route", routerFilter: "reject with icmpv6 type reject-route", errno: syscall.EACCES},
		{name: "router: administratively prohibited", routerFilter: "reject with icmpv6 type admin-prohibited"},
		{name: "local prohibit", local: "prohibit"},
		{name: "local unreachable", local: "unreachable"},
		{name: "local blackhole", local: "blackhole", errno: syscall.EINVAL},
		{name: "output filter rejects", filter: "reject with icmpv6 type admin-prohibited", filter4: "reject with icmp type admin-prohibited"},
		{name: "output filter drops", filter: "drop", filter4: "drop", silent: true},
	} {
		r.v4 = netip.PrefixFrom(netip.AddrFrom4([4]byte{22, 2, byte(i), 0}), 24)
		r.v6 = netip.MustParsePrefix(fmt.Sprintf("3ffe:5753:a%x::/48", i))
		list = append(list, r)
	}
	return list
}

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
	addrs := make(map[string][]netip.Addr) // by host
	want := make(map[string][2]string)     // by domain: end of the policy, class of the MX host
	both := func(i int) []netip.Addr {
		return []netip.Addr{netip.AddrFrom4([4]byte{22, 1, 1, byte(i)}), netip.MustParseAddr(fmt.Sprintf("3ffe:5753:1::1:%x", i))}
	}
	add := func(domain string, host, mx []netip.Addr, ends [2]string) {
		domains = append(domains, domain)
		addrs["mta-sts."+domain], addrs["mx."+domain], want[domain] = host, mx, ends
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
	b.addrs = func(host, domain string, ipv6 bool, _ int) (list []netip.Addr) {
		for _, addr := range addrs[host+"."+domain] {
			if addr.Is6() == ipv6 {
				list = append(list, addr)
			}
		}
		return list
	}
	b.list(t, "list", domains)
	flags := []string{
		"--probe-mx", "--ehlo", "bed.example.com", "--pass-delay", "1s", "--dane", "none", "--tlsrpt", "none",
		"--host-rate", "0", "--host-connections", "0", "--network-rate", "0", "--network-connections", "0",
	}
	must(t, b.scan("list", "run", flags...))
	must(t, exec.Command("stsscan", "verify", b.path("run")))
	b.wantEnds(t, "run", want)

	b.closedFamily(t, flags, addrs)
}

// closedFamily closes all of IPv6 but what is out of reach anyway, and opens it.
func (b *bed) closedFamily(t *testing.T, flags []string, addrs map[string][]netip.Addr) {
	const closed = 10 // of as many networks
	var domains []string
	waits, opened := make(map[string][2]string), make(map[string][2]string)
	for i := range closed {
		four, six := fmt.Sprintf("four%d.example.com", i), fmt.Sprintf("six%d.example.com", i)
		domains = append(domains, four, six)
		v4, v6 := netip.AddrFrom4([4]byte{22, 1, 2, byte(i)}), netip.MustParseAddr(fmt.Sprintf("3ffe:6%03x::1", i))
		for _, host := range []string{"mta-sts.", "mx."} {
			addrs[host+four], addrs[host+six] = []netip.Addr{v4}, []netip.Addr{v4}
		}
		addrs["mta-sts."+six] = []netip.Addr{v6}
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
	if exitCode(err) != exitIncomplete || !strings.Contains(out, "10 domains are to be asked again, such as six") || !strings.Contains(out, "permission denied") {
		t.Errorf("a family is closed: %v\n%s", err, out)
	}
	b.wantEnds(t, "closed", waits)
	manifest := b.manifest(t, "closed")
	if !slices.ContainsFunc(manifest.Reasons, func(reason string) bool { return strings.Contains(reason, "asked again: local 10") }) {
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

	// Few of them, and nobody knows whose fault it is until the end.
	words(t, "ip -6 route add prohibit 3ffe:6000::/20 table local")
	b.list(t, "a few", domains[:2*3])
	for domain := range waits {
		if strings.HasPrefix(domain, "six") {
			waits[domain] = [2]string{"tcp unreachable", "reset"}
		}
	}
	cmd := b.scan("a few", "few", flags...)
	cmd.Args = slices.DeleteFunc(cmd.Args, func(arg string) bool { return arg == "-q" })
	if out := must(t, cmd); !strings.Contains(out, "3   hosts: no IPv6 connection to port 443 was ever made") {
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

// A router is a namespace beside the bed; its number is that of a process in it.
type router int

// newRouter makes a router that packets of this namespace may be sent to.
func newRouter(t *testing.T) router {
	t.Helper()
	there := exec.Command("unshare", "--net", "sleep", "3600")
	there.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := there.Start(); err != nil {
		t.Skipf("no router: %v", err)
	}
	t.Cleanup(func() { _ = there.Process.Kill(); _ = there.Wait() })
	r := router(there.Process.Pid)
	own, _ := os.Readlink("/proc/self/ns/net")
	wait(t, "for the router's namespace", func() bool {
		its, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", r))
		return err == nil && its != own
	})
	words(t, fmt.Sprintf("ip link add toward type veth peer name home netns %d", r))
	for _, file := range []string{"ipv4/conf/all/accept_local", "ipv4/conf/toward/accept_local"} {
		write(t, "/proc/sys/net/"+file, "1")
	}
	for _, file := range []string{"ipv4/conf/all/rp_filter", "ipv4/conf/toward/rp_filter"} {
		write(t, "/proc/sys/net/"+file, "0")
	}
	words(t, "ip link set toward up")
	words(t, "ip addr add 22.3.0.2/30 dev toward")
	words(t, "ip -6 addr add 3ffe:5753:f::2/64 dev toward nodad")
	for _, command := range []string{
		"ip link set lo up", "ip link set home up", "ip addr add 22.3.0.1/30 dev home", "ip -6 addr add 3ffe:5753:f::1/64 dev home nodad",
		"ip route add default via 22.3.0.2", "ip -6 route add default via 3ffe:5753:f::2",
		"sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 net.ipv4.conf.home.send_redirects=0",
	} {
		r.words(t, command)
	}
	return r
}

func (r router) words(t *testing.T, command string) {
	t.Helper()
	words(t, fmt.Sprintf("nsenter --target %d --net %s", r, command))
}

// words runs a command that has to succeed.
func words(t *testing.T, command string) {
	t.Helper()
	if out, err := runWords(command); err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// filters makes the firewalls of the bed and the router, and reports whether the
// system has any.
func (b *bed) filters(t *testing.T, r router) bool {
	const table = "nft add table inet reach"
	if out, err := runWords(table); err != nil {
		t.Logf("without filters: nft: %v: %s", err, out)
		return false
	}
	r.words(t, table)
	for _, to := range []struct {
		run  func(*testing.T, string)
		hook string
	}{{words, "output"}, {r.words, "forward"}} {
		to.run(t, "nft add chain inet reach "+to.hook+" { type filter hook "+to.hook+" priority 0 ; }")
	}
	return true
}

// install makes the networks of a refusal out of reach.
func (r refusal) install(t *testing.T, behind router) {
	t.Helper()
	switch {
	case r.local != "":
		words(t, fmt.Sprintf("ip route add %s %s table local", r.local, r.v4))
		words(t, fmt.Sprintf("ip -6 route add %s %s table local", r.local, r.v6))
	case r.filter != "":
		words(t, fmt.Sprintf("nft add rule inet reach output ip6 daddr %s meta l4proto tcp %s", r.v6, r.filter))
		words(t, fmt.Sprintf("nft add rule inet reach output ip daddr %s meta l4proto tcp %s", r.v4, r.filter4))
	default:
		words(t, fmt.Sprintf("ip route add %s via 22.3.0.1 dev toward table local", r.v4))
		words(t, fmt.Sprintf("ip -6 route add %s via 3ffe:5753:f::1 dev toward table local", r.v6))
	}
	if r.router != "" {
		behind.words(t, fmt.Sprintf("ip route add %s %s", r.router, r.v4))
		behind.words(t, fmt.Sprintf("ip -6 route add %s %s", r.router, r.v6))
	}
	if r.routerFilter != "" {
		behind.words(t, fmt.Sprintf("nft add rule inet reach forward ip6 daddr %s %s", r.v6, r.routerFilter))
	}
	if r.silent {
		return
	}
	for _, network := range []netip.Prefix{r.v4, r.v6} {
		if network.Addr().Is4() && r.routerFilter != "" {
			continue
		}
		// The first word of a router comes so soon that connect does not look for it
		// yet, and the second with the next packet, a second later.
		wait(t, "for "+r.name, func() bool {
			conn, err := net.DialTimeout("tcp", netip.AddrPortFrom(network.Addr().Next(), 443).String(), 5*time.Second)
			if err == nil {
				conn.Close()
			}
			var errno syscall.Errno
			if !errors.As(err, &errno) {
				return false
			}
			if network.Addr().Is6() && r.errno != 0 && errno != r.errno {
				t.Errorf("%s: the bed says %v", r.name, err)
			}
			t.Logf("%s: %v", r.name, err)
			return true
		})
	}
}
