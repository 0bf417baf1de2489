package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A refusal is a way in which a network of each family is out of reach: by a route
// or a filter of this machine, or of a router that it lies behind.
type refusal struct {
	name         string
	v4, v6       netip.Prefix
	local        string        // kind of a route of this machine
	router       string        // kind of a route of the router
	filter       string        // of this machine for IPv6, in the words of nft
	filter4      string        // the same for IPv4
	routerFilter string        // of the router, for IPv6
	silent       bool          // nothing is said
	errno        syscall.Errno // that Linux makes of it in IPv6; 0: whatever it is
}

// refusals are those that Linux can be made to say.
func refusals() (list []refusal) {
	for i, r := range []refusal{
		{name: "router prohibits", router: "prohibit", errno: syscall.EACCES},
		{name: "router has no route", router: "unreachable"},
		{name: "router: source failed policy", routerFilter: "reject with icmpv6 type policy-fail", errno: syscall.EACCES},
		{name: "router: reject route", routerFilter: "reject with icmpv6 type reject-route", errno: syscall.EACCES},
		{name: "router: administratively prohibited", routerFilter: "reject with icmpv6 type admin-prohibited"},
		{name: "local prohibit", local: "prohibit"},
		{name: "local unreachable", local: "unreachable"},
		{name: "local blackhole", local: "blackhole", errno: syscall.EINVAL},
		{
			name: "output filter rejects", filter: "reject with icmpv6 type admin-prohibited",
			filter4: "reject with icmp type admin-prohibited",
		},
		{name: "output filter drops", filter: "drop", filter4: "drop", silent: true},
	} {
		r.v4 = netip.PrefixFrom(netip.AddrFrom4([4]byte{22, 2, byte(i), 0}), 24)
		r.v6 = netip.MustParsePrefix(fmt.Sprintf("3ffe:5753:a%x::/48", i))
		list = append(list, r)
	}
	return list
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
	must := func(err error) { // what is forbidden in some containers
		t.Helper()
		if err != nil {
			t.Skipf("no router: %v", err)
		}
	}
	own, _ := os.Readlink("/proc/self/ns/net")
	wait(t, "for the router's namespace", func() bool {
		its, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/net", r))
		return err == nil && its != own
	})
	for _, command := range []string{
		fmt.Sprintf("ip link add toward type veth peer name home netns %d", r), "ip link set toward up",
		"ip addr add 22.3.0.2/30 dev toward", "ip -6 addr add 3ffe:5753:f::2/64 dev toward nodad",
	} {
		must(try(command))
	}
	here := router(os.Getpid())
	must(here.set("1", "ipv4/conf/all/accept_local", "ipv4/conf/toward/accept_local"))
	must(here.set("0", "ipv4/conf/all/rp_filter", "ipv4/conf/toward/rp_filter"))
	for _, command := range []string{
		"ip link set lo up", "ip link set home up",
		"ip addr add 22.3.0.1/30 dev home", "ip -6 addr add 3ffe:5753:f::1/64 dev home nodad",
		"ip route add default via 22.3.0.2", "ip -6 route add default via 3ffe:5753:f::2",
	} {
		must(try(r.there(command)))
	}
	must(r.set("1", "ipv4/ip_forward", "ipv6/conf/all/forwarding"))
	must(r.set("0", "ipv4/icmp_ratelimit", "ipv6/icmp/ratelimit"))
	return r
}

// set sets variables of the kernel there.
func (r router) set(value string, files ...string) error {
	for _, file := range files {
		cmd := exec.Command("nsenter", "--target", fmt.Sprint(int(r)), "--net", "tee", "/proc/sys/net/"+file)
		cmd.Stdin = strings.NewReader(value)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", file, err, out)
		}
	}
	return nil
}

// there is a command as the router runs it.
func (r router) there(command string) string {
	return fmt.Sprintf("nsenter --target %d --net %s", r, command)
}

func (r router) words(t *testing.T, command string) {
	t.Helper()
	words(t, r.there(command))
}

// words runs a command that has to succeed.
func words(t *testing.T, command string) {
	t.Helper()
	if err := try(command); err != nil {
		t.Fatal(err)
	}
}

func try(command string) error {
	if out, err := runWords(command); err != nil {
		return fmt.Errorf("%s: %w: %s", command, err, out)
	}
	return nil
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
