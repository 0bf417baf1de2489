package mtasts

import (
	"testing"

	"github.com/miekg/dns"
)

func BenchmarkParseRecord(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseRecord("v=STSv1; id=20160831085700Z;"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParsePolicy(b *testing.B) {
	body := []byte(goodText())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParsePolicy(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadReply(b *testing.B) {
	for name, a := range map[string]answer{
		"record":   {rrs: []string{`_mta-sts.example.com. TXT "v=STSv1; id=1"`}},
		"aliases":  {rrs: []string{"_mta-sts.example.com. CNAME a.example.net.", "a.example.net. CNAME b.example.net.", `b.example.net. TXT "v=STSv1; id=1"`}},
		"nxdomain": {rcode: dns.RcodeNameError, rrs: []string{soa("com")}},
	} {
		b.Run(name, func(b *testing.B) {
			reply := a.reply(b, RecordQuestion("example.com"))
			b.ReportAllocs()
			for b.Loop() {
				if l, _ := ReadReply("example.com", reply).Lookup(b.Context(), nil); l.Class == "" {
					b.Fatal("no class")
				}
			}
		})
	}
}

// The sieve asks this of nearly every domain.
func BenchmarkNegativeReason(b *testing.B) {
	for name, zone := range map[string]string{"own zone": "example.com", "registry": "com"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				NegativeReason("example.com", dns.RcodeNameError, zone)
			}
		})
	}
}
