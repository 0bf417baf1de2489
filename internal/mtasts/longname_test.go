package mtasts

import (
	"strings"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

// named is a name of so many octets.
func named(octets int) string {
	name := "example.com"
	for len(name) < octets-1 {
		name = strings.Repeat("a", min(octets-len(name)-1, 63)) + "." + name
	}
	return name
}

// A name that would be too long (RFC 1035, section 2.3.4) is absent, and is not asked for.
func TestLongNames(t *testing.T) {
	for _, tt := range []struct {
		longest int // name that has room for what stands before it
		key     string
		absent  func(ex Exchanger, name string) bool
	}{
		{253 - len("_mta-sts."), "_mta-sts. TXT", func(ex Exchanger, name string) bool {
			l, err := LookupRecord(t.Context(), ex, name)
			return l.Class == codes.RecordAbsent && l.Reason == codes.RecordNXDomain && Sentinel(err) == codes.ErrNoRecord
		}},
		{253 - len("_smtp._tls."), "_smtp._tls. TXT", func(ex Exchanger, name string) bool {
			r, err := LookupTLSRPT(t.Context(), ex, name)
			return r.Class == codes.RecordAbsent && r.Reason == codes.TLSRPTNXDomain && err == nil
		}},
		{253 - len("_25._tcp."), "_25._tcp. TLSA", func(ex Exchanger, name string) bool {
			r, err := lookupTLSA(t.Context(), ex, dns.Fqdn(name))
			return r.Class == codes.TLSAAbsent && err == nil
		}},
		{253 - len("mta-sts."), "mta-sts. A", func(ex Exchanger, name string) bool {
			_, err := LookupHost(t.Context(), ex, "mta-sts."+name)
			_, reason, _ := saidReason(err)
			return reason == codes.ReasonNXDomain
		}},
	} {
		label, qtype, _ := strings.Cut(tt.key, " ")
		for octets := tt.longest - 3; octets <= 253; octets++ {
			name := named(octets)
			servfail := answer{rcode: dns.RcodeServerFailure}
			ex := newZones(t, map[string]answer{label + name + " " + qtype: servfail, label + name + " AAAA": servfail})
			if got, want := tt.absent(ex, name), octets > tt.longest; got != want || len(ex.asked) > 0 == want {
				t.Errorf("%s before %d octets: absent %v, want %v; asked %q", label, octets, got, want, ex.asked)
			}
		}
	}
}

// Beside the record of a long domain a shorter name is looked for.
func TestWildcardOfLongName(t *testing.T) {
	const label = "abcdefghijklmnopqrstuvwxyz"
	for octets, want := range map[int]string{225: label, 226: label[:25], 244: label[:7], 250: label[:1], 251: ""} {
		ex := newZones(t, map[string]answer{"_" + want + "." + named(octets) + " TXT": {rcode: dns.RcodeNameError}})
		got, err := LookupWildcard(t.Context(), ex, named(octets), label)
		if err != nil || (got != nil) != (want != "") || got != nil && *got || len(ex.asked) > 0 != (want != "") {
			t.Errorf("%d octets: %v, %v; asked %q", octets, got, err, ex.asked)
		}
	}
}
