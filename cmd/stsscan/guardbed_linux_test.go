package main

import (
	"flag"
	"fmt"
	"hash/fnv"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var bedFetches = flag.Int("bed.fetches", 120, "policies that TestGuardBed has fetched")

// specialNetworks must never be connected to: IANA's registries of special-purpose addresses, multicast,
// reserved space, IPv4 embedded in IPv6, and cloud metadata services. They are written out here, so that
// nothing is shared with the guard.
func specialNetworks() (prefixes []netip.Prefix) {
	for _, text := range strings.Fields(`
		0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.31.196.0/24
		192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4
		240.0.0.0/4 168.63.129.16/32 169.254.169.254/32 100.100.100.200/32 192.0.0.192/32
		::/128 ::1/128 ::/96 ::ffff:0.0.0.0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23 2001::/32
		2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20 4000::/3 5f00::/16 fc00::/7 fd00:ec2::254/128 fe80::/10
		fec0::/10 ff00::/8
		64:ff9b::10.0.0.1/128 ::ffff:10.0.0.1/128 ::127.0.0.1/128 2002:7f00:1::/128 2002:a9fe:a9fe::/48
		64:ff9b::169.254.169.254/128
		::ffff:22.1.0.1/128 64:ff9b::22.1.0.1/128 2002:1601:1::/48 2001:0:1601:1::/64`) {
		prefixes = append(prefixes, netip.MustParsePrefix(text))
	}
	return prefixes
}

// edges are the first and the last address of each network, and some inside.
func edges(prefixes []netip.Prefix) (v4, v6 []netip.Addr) {
	for _, prefix := range prefixes {
		addrs := []netip.Addr{prefix.Masked().Addr()}
		for _, seed := range []string{"last", "one", "two"} {
			addr := prefix.Addr().AsSlice()
			sum := fnv.New128a()
			fmt.Fprint(sum, prefix, seed)
			for bit, random := prefix.Bits(), sum.Sum(nil); bit < len(addr)*8; bit++ {
				mask := byte(0x80) >> (bit % 8)
				if addr[bit/8] &^= mask; seed == "last" || random[bit/8]&mask != 0 {
					addr[bit/8] |= mask
				}
			}
			inside, _ := netip.AddrFromSlice(addr)
			addrs = append(addrs, inside)
		}
		slices.SortFunc(addrs, netip.Addr.Compare)
		if addrs = slices.Compact(addrs); addrs[0].Is4() {
			v4 = append(v4, addrs...)
		} else {
			v6 = append(v6, addrs...)
		}
	}
	return v4, v6
}

// A rebinder says another thing each time that it is asked, by the number of
// the domain: always special addresses, first a public one and then special
// ones in turn, first a special one, or both at once.
type rebinder struct{ v4, v6 []netip.Addr }

func (r rebinder) addrs(host, domain string, ipv6 bool, nth int) []netip.Addr {
	number, _ := strconv.Atoi(strings.TrimLeft(strings.TrimSuffix(domain, ".example.com"), "d"))
	special, good := r.v4, netip.AddrFrom4([4]byte{22, 1, byte(number >> 8), byte(number)})
	if ipv6 {
		special = r.v6
		good = netip.MustParseAddr(fmt.Sprintf("3ffe:5753:1::%x", number+1))
	}
	bad := func(i int) netip.Addr { return special[(number/4+i)%len(special)] }
	switch kind := number % 4; {
	case kind == 3:
		return []netip.Addr{bad(nth), good, bad(nth + 1)}
	case kind == 1 && nth%2 == 0, kind == 2 && nth%2 == 1:
		return []netip.Addr{good}
	}
	return []netip.Addr{bad(nth)}
}

// No connection goes to an address that is not public, however often names change: listeners on all addresses
// of the bed see none, and the kernel is asked for none.
func TestGuardBed(t *testing.T) { inBed(t, guardBed) }

func guardBed(t *testing.T, b *bed) {
	v4, v6 := edges(specialNetworks())
	b.resolve(rebinder{v4, v6}.addrs)
	b.wantHeard(t, v4)
	if b.ipv6 {
		b.wantHeard(t, v6)
	}
	b.forget()
	packets := b.countPackets(t)

	domains := numbered("d", *bedFetches)
	b.list(t, "list", domains)
	must(t, b.scan("list", "run", "--probe-mx", "--ehlo", "bed.example.com", "--passes", "1",
		"--surveys", "64", "--host-rate", "0", "--host-connections", "0", "--network-rate", "0", "--network-connections", "0"))
	if n := packets(); n != 0 {
		t.Errorf("%d packets were sent to other than the bed's public addresses", n)
	}
	good, others := make(map[uint16]int), 0 // visits of public addresses, by port, and of others
	for _, visit := range b.visits() {
		if !public(visit.to.Addr()) {
			t.Errorf("%s was connected to", visit.to)
			others++
			continue
		}
		good[visit.to.Port()]++
	}

	rows := b.rows(t, "run")
	forbidden, fetched := 0, 0
	for _, domain := range domains {
		row := rows[domain]
		if row == nil {
			t.Errorf("%s has no row", domain)
			continue
		}
		led := false // to an address that may be contacted
		for _, addr := range row.HostAddrs {
			led = led || public(netip.MustParseAddr(addr))
		}
		for _, addr := range row.TriedAddrs {
			if !public(netip.MustParseAddr(addr)) {
				t.Errorf("%s: tried %s", domain, addr)
			}
		}
		got := []string{row.Policy, row.PolicyStage, row.PolicyReason}
		want := []string{"forbidden", "dns", "forbidden_address"}
		if led {
			want = []string{"valid", "", ""}
			fetched++
		} else {
			forbidden++
		}
		if !slices.Equal(got, want) || led == (len(row.TriedAddrs) == 0) {
			t.Errorf("%s: %q after %q, tried %q, want %q", domain, got, row.HostAddrs, row.TriedAddrs, want)
		}
	}
	if forbidden < len(domains)/3 || fetched < len(domains)/3 || good[443] < fetched || good[25] == 0 {
		t.Errorf("of %d domains %d are forbidden and %d fetched: the bed is wrong", len(domains), forbidden, fetched)
	}
	t.Logf("%d domains: %d forbidden, %d fetched; visits of public addresses by port %v, of others %d",
		len(domains), forbidden, fetched, good, others)
	t.Logf("questions for the addresses of Policy Hosts: %d, of MX hosts: %d", b.questions("mta-sts"), b.questions("mx"))
}

// wantHeard connects to special addresses itself: who is led there would be
// heard. Those that the kernel does not connect to are told.
func (b *bed) wantHeard(t *testing.T, addrs []netip.Addr) {
	t.Helper()
	var refused []string
	for _, addr := range addrs {
		if addr = addr.Unmap(); public(addr) { // it is unwrapped by net.Dial, and by the kernel
			continue
		}
		before := len(b.visits())
		conn, err := net.DialTimeout("tcp", netip.AddrPortFrom(addr, 443).String(), time.Second)
		if err != nil {
			refused = append(refused, addr.String())
			continue
		}
		_, _ = conn.Read(make([]byte, 1))
		conn.Close()
		visits := b.visits()
		// An unspecified address stands for loopback.
		if heard := visits[len(visits)-1].to.Addr(); len(visits) == before || heard != addr && !addr.IsUnspecified() {
			t.Errorf("%s was connected to, and %s was heard", addr, heard)
		}
	}
	t.Logf("of %d special addresses %d cannot be connected to: %s", len(addrs), len(refused), strings.Join(refused, " "))
	if len(refused) > len(addrs)/3 {
		t.Errorf("too few listeners")
	}
}

// countPackets counts the datagrams and the first packets of connections that are sent to other than public
// addresses and the name server, where the kernel has nftables. Later packets of a connection are left out:
// those of wantHeard may come to an end at any time.
func (b *bed) countPackets(t *testing.T) (count func() int) {
	t.Helper()
	rules := fmt.Sprintf(`table inet bed {
		counter strangers { }
		chain out {
			type filter hook output priority 0;
			ip daddr 22.1.0.0/16 accept
			ip6 daddr 3ffe:5753:1::/48 accept
			ip daddr 127.0.0.1 th dport %[1]d accept
			ip daddr 127.0.0.1 th sport %[1]d accept
			meta l4proto udp counter name strangers
			tcp flags & (syn | ack) == syn counter name strangers
		}
	}`, b.dns.Port())
	if err := os.WriteFile(b.path("rules"), []byte(rules), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("nft", "-f", b.path("rules")).CombinedOutput(); err != nil {
		t.Logf("packets are not counted: nft: %v: %s", err, out)
		return func() int { return 0 }
	}
	read := func() int {
		out, err := exec.Command("nft", "list", "counters").CombinedOutput()
		found := regexp.MustCompile(`packets (\d+)`).FindSubmatch(out)
		if err != nil || found == nil {
			t.Fatalf("nft: %v: %s", err, out)
		}
		n, _ := strconv.Atoi(string(found[1]))
		return n
	}
	before := read()
	conn, err := net.DialTimeout("tcp", "10.1.2.3:443", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = conn.Read(make([]byte, 1)) // the listener hangs up once it has logged the visit
	conn.Close()
	if read() == before {
		t.Error("nft: a connection to 10.1.2.3 was not counted")
	}
	b.forget()
	before = read()
	return func() int { return read() - before }
}
