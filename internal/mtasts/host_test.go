package mtasts

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

func TestLookupHost(t *testing.T) {
	const host = "mta-sts.example.com"
	v4, v6 := "192.0.2.1", "2001:db8::1"
	alias := host + ". CNAME web.example.net."
	denied := answer{rrs: []string{soa("example.com")}}
	nx := answer{rcode: dns.RcodeNameError, rrs: []string{soa("example.com")}}
	servfail := answer{rcode: dns.RcodeServerFailure}
	silence := answer{err: slowError{}}
	broken := answer{err: ownFault{io.EOF}}
	for _, tt := range []struct {
		name   string
		a      answer
		aaaa   answer
		more   map[string]answer
		addrs  []string
		cnames []string
		reason codes.PolicyReason // empty where there are addresses
		found  bool               // IsNotFound is not set
		slow   bool
		ours   bool
		half   codes.PolicyReason // of the family that failed, where the other has addresses
	}{
		{name: "both families", a: answer{rrs: []string{host + ". A " + v4, host + ". A 192.0.2.2"}}, aaaa: answer{rrs: []string{host + ". AAAA " + v6}},
			addrs: []string{v4, "192.0.2.2", v6}},
		{name: "IPv4 only", a: answer{rrs: []string{host + ". A " + v4}}, aaaa: denied, addrs: []string{v4}},
		{name: "IPv6 only", a: denied, aaaa: answer{rrs: []string{host + ". AAAA " + v6}}, addrs: []string{v6}},
		{name: "IPv4 in IPv6 clothing", a: denied, aaaa: answer{rrs: []string{host + ". AAAA ::ffff:192.0.2.1"}}, addrs: []string{"::ffff:192.0.2.1"}},
		{name: "one family fails", a: answer{rrs: []string{host + ". A " + v4}}, aaaa: servfail, addrs: []string{v4}, half: codes.ReasonServfail},
		{name: "one family is silent", a: silence, aaaa: answer{rrs: []string{host + ". AAAA " + v6}}, addrs: []string{v6}, half: codes.ReasonTimeout},
		{name: "one family is a fault of ours", a: answer{rrs: []string{host + ". A " + v4}}, aaaa: broken,
			addrs: []string{v4}, half: codes.ReasonOther},
		{name: "behind an alias", a: answer{rrs: []string{alias, "web.example.net. A " + v4}}, aaaa: answer{rrs: []string{alias, soa("example.net")}},
			addrs: []string{v4}, cnames: []string{"web.example.net"}},
		{name: "the longer chain is kept", a: answer{rrs: []string{alias, "web.example.net. CNAME a.example.org.", "a.example.org. A " + v4}}, aaaa: servfail,
			addrs: []string{v4}, cnames: []string{"web.example.net", "a.example.org"}, half: codes.ReasonServfail},
		{name: "also that of the other family", a: servfail, aaaa: answer{rrs: []string{alias, "web.example.net. AAAA " + v6}},
			addrs: []string{v6}, cnames: []string{"web.example.net"}, half: codes.ReasonServfail},
		{name: "the alias alone, then nothing", a: answer{rrs: []string{alias}}, aaaa: nx,
			more:   map[string]answer{"web.example.net A": {rcode: dns.RcodeNameError, rrs: []string{soa("net")}}},
			cnames: []string{"web.example.net"}, reason: codes.ReasonNXDomain},
		{name: "no such name", a: nx, aaaa: nx, reason: codes.ReasonNXDomain},
		{name: "no addresses", a: denied, aaaa: denied, reason: codes.ReasonNoData},
		{name: "denied, and denied in another way", a: nx, aaaa: denied, reason: codes.ReasonNoData},
		{name: "and the other way round", a: denied, aaaa: nx, reason: codes.ReasonNoData},
		{name: "denied once is not enough", a: nx, aaaa: servfail, reason: codes.ReasonServfail, found: true},
		{name: "denied and silent", a: silence, aaaa: denied, reason: codes.ReasonTimeout, found: true, slow: true},
		{name: "refused", a: answer{rcode: dns.RcodeRefused}, aaaa: denied, reason: codes.ReasonRefused, found: true},
		{name: "filtered", a: answer{rcode: dns.RcodeNameError, ede: []uint16{17}}, aaaa: nx, reason: codes.ReasonOther, found: true},
		{name: "denied without an SOA", a: answer{}, aaaa: answer{}, reason: codes.ReasonNoData},
		{name: "one family denied without an SOA", a: answer{rrs: []string{host + ". A " + v4}}, aaaa: answer{}, addrs: []string{v4}},
		{name: "a referral", a: answer{rrs: []string{"!example.com. NS ns.example.com."}}, aaaa: denied, reason: codes.ReasonOther, found: true},
		{name: "denied by another zone", a: answer{rrs: []string{soa("example.org")}}, aaaa: denied, reason: codes.ReasonOther, found: true},
		{name: "truncated", a: answer{tc: true}, aaaa: denied, reason: codes.ReasonOther, found: true},
		{name: "another rcode", a: answer{rcode: dns.RcodeNotImplemented}, aaaa: denied, reason: codes.ReasonOther, found: true},
		{name: "a loop", a: answer{rrs: []string{host + ". CNAME " + host + "."}}, aaaa: denied, cnames: []string{host}, reason: codes.ReasonCNAMELoop, found: true},
		{name: "our own fault", a: servfail, aaaa: broken, reason: codes.ReasonOther, found: true, ours: true},
	} {
		answers := map[string]answer{host + " A": tt.a, host + " AAAA": tt.aaaa}
		for key, a := range tt.more {
			answers[key] = a
		}
		h, err := LookupHost(t.Context(), newZones(t, answers), host)
		_, half, _ := saidReason(h.Failed)
		if half != tt.half || h.Failed == nil != (tt.half == "") {
			t.Errorf("%s: the other family: %v, want %s", tt.name, h.Failed, tt.half)
		}
		want := Host{Name: host, CNAMEs: tt.cnames, Names: h.Names, Failed: h.Failed}
		for _, a := range tt.addrs {
			want.Addrs = append(want.Addrs, netip.MustParseAddr(a))
		}
		want.Count = len(tt.addrs)
		if !reflect.DeepEqual(h, want) {
			t.Errorf("%s: %+v, want %+v", tt.name, h, want)
		}
		if tt.reason == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		var failed *net.DNSError
		if !errors.As(err, &failed) || failed.IsNotFound == tt.found || failed.IsTemporary != tt.found ||
			failed.IsTimeout != tt.slow || failed.Name != host {
			t.Errorf("%s: %#v", tt.name, failed)
		}
		if stage, reason, ok := saidReason(err); !ok || stage != codes.StageDNS || reason != tt.reason {
			t.Errorf("%s: %s %s, want %s", tt.name, stage, reason, tt.reason)
		}
		if fault.Ours(err) != tt.ours || Sentinel(err) != "" {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// The names are those of both families' chains, whole, also where CNAMEs has one chain, and has it cut.
func TestHostNames(t *testing.T) {
	long := strings.Repeat(strings.Repeat("\\001", 60)+".", 3) + "optout.test" // 732 characters for 192 octets
	ex := newZones(t, map[string]answer{
		"a.example A":       {rrs: []string{"A.Example. CNAME Four.example.", "four.example. A 22.1.0.1"}},
		"a.example AAAA":    {rrs: []string{"a.example. CNAME six.example.", "six.example. CNAME " + long + "."}},
		long + " AAAA":      {rrs: []string{long + ". AAAA 3ffe::1"}},
		"b.example A":       {rrs: []string{"b.example. A 22.1.0.1"}},
		"b.example AAAA":    {rrs: []string{"b.example. AAAA 3ffe::1"}},
		"loop.example A":    {rrs: []string{"loop.example. CNAME c.loop.example.", "c.loop.example. CNAME loop.example."}},
		"loop.example AAAA": {rcode: dns.RcodeServerFailure},
	})
	for host, want := range map[string][]string{
		"A.example":    {long, "a.example", "four.example", "six.example"},
		"b.example.":   {"b.example"},
		"loop.example": {"c.loop.example", "loop.example"},
	} {
		if h, _ := LookupHost(t.Context(), ex, host); !slices.Equal(h.Names, want) {
			t.Errorf("%s: %q, want %q", host, h.Names, want)
		}
	}
}

func TestLookupHostCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ex := newZones(t, map[string]answer{"a.example A": {}, "a.example AAAA": {}})
	if _, err := LookupHost(ctx, ex, "a.example"); !errors.Is(err, context.Canceled) || !fault.Ours(err) {
		t.Errorf("%v", err)
	}
}

// A record made by hand may hold no address, or one of the wrong family.
func TestAddresses(t *testing.T) {
	rrs := []dns.RR{
		&dns.A{}, &dns.AAAA{}, &dns.A{A: net.IP{1, 2, 3}}, &dns.A{A: net.ParseIP("2001:db8::1")}, nil,
		&dns.A{A: net.ParseIP("192.0.2.1")}, &dns.A{A: net.ParseIP("192.0.2.1")}, &dns.AAAA{AAAA: net.IP{192, 0, 2, 2}},
	}
	if got := fmt.Sprint(addresses(rrs)); got != "[192.0.2.1 ::ffff:192.0.2.2]" {
		t.Error(got)
	}
}
