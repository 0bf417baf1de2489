package mtasts

import (
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

func TestNegativeReason(t *testing.T) {
	nx, data := dns.RcodeNameError, dns.RcodeSuccess
	for _, tt := range []struct {
		domain string
		rcode  int
		zone   string
		want   codes.RecordReason
	}{
		{"example.com", data, "example.com", codes.RecordNoData},
		{"example.com", data, "com", codes.RecordNoData}, // the name is there
		{"example.com", nx, "example.com", codes.RecordNXDomain},
		{"example.com", nx, "_mta-sts.example.com", codes.RecordNXDomain},
		{"example.com", nx, "", codes.RecordNXDomain}, // the zone is not known
		{"example.com", nx, "example.net", codes.RecordNXDomain},
		{"example.com", nx, "e.com", codes.RecordNXDomain}, // not a whole label
		{"example.com", nx, "com", codes.RecordNoDomain},
		{"EXAMPLE.com", nx, "COM.", codes.RecordNoDomain},
		{"example.com", nx, ".", codes.RecordNoDomain},

		// The zone of the registered domain says nothing about itself.
		{"mail.example.com", nx, "example.com", codes.RecordNXDomain},
		{"mail.example.com", nx, "com", codes.RecordNoDomain},

		// Public suffixes of several labels.
		{"example.co.uk", nx, "co.uk", codes.RecordNoDomain},
		{"example.co.uk", nx, "uk", codes.RecordNoDomain},
		{"example.co.uk", nx, "example.co.uk", codes.RecordNXDomain},
		{"b.ck", nx, "ck", codes.RecordNXDomain},         // *.ck: this is a suffix itself
		{"a.b.ck", nx, "ck", codes.RecordNoDomain},       // and below it there are names
		{"x.www.ck", nx, "www.ck", codes.RecordNXDomain}, // !www.ck, the exception
		{"x.www.ck", nx, "ck", codes.RecordNoDomain},

		// A name that is a public suffix may live in the zone above it.
		{"co.uk", nx, "uk", codes.RecordNXDomain},
		{"com", nx, ".", codes.RecordNXDomain},

		// Private suffixes are ordinary registered domains.
		{"somebody.github.io", nx, "github.io", codes.RecordNXDomain},
		{"somebody.github.io", nx, "io", codes.RecordNoDomain},
		{"github.io", nx, "github.io", codes.RecordNXDomain},
		{"github.io", nx, "io", codes.RecordNoDomain},
		{"a.s3.dualstack.eu-west-1.amazonaws.com", nx, "amazonaws.com", codes.RecordNXDomain},
		{"a.s3.dualstack.eu-west-1.amazonaws.com", nx, "com", codes.RecordNoDomain},

		// A top-level domain that the list does not know.
		{"example.nosuchtld", nx, ".", codes.RecordNoDomain},
		{"example.nosuchtld", nx, "nosuchtld", codes.RecordNoDomain},
		{"example.nosuchtld", nx, "example.nosuchtld", codes.RecordNXDomain},
		{"nosuchtld", nx, ".", codes.RecordNXDomain},
	} {
		if got := NegativeReason(tt.domain, tt.rcode, tt.zone); got != tt.want {
			t.Errorf("%s, rcode %d from %q: %s, want %s", tt.domain, tt.rcode, tt.zone, got, tt.want)
		}
	}
}

// Every reason belongs to a class, and only to one.
func TestRecordClass(t *testing.T) {
	count := map[codes.Record]int{}
	for _, reason := range codes.RecordReasons() {
		count[recordClass(reason)]++
	}
	if count[codes.RecordAbsent] != 5 || count[codes.RecordInvalid] != 5 ||
		count[codes.RecordUnknown] != len(codes.RecordReasons())-10 {
		t.Errorf("%v", count)
	}
}
