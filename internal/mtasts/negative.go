package mtasts

import (
	"strings"

	"github.com/miekg/dns"
	"golang.org/x/net/publicsuffix"

	"stsscan/internal/codes"
)

// recordClass is the class of a record with that reason.
func recordClass(reason codes.RecordReason) codes.Record {
	switch reason {
	case codes.RecordNoDomain, codes.RecordNXDomain, codes.RecordNoData, codes.RecordOtherTXT, codes.RecordBadVersion:
		return codes.RecordAbsent
	case codes.RecordIDMissing, codes.RecordIDInvalid, codes.RecordIDTooLong,
		codes.RecordFieldMalformed, codes.RecordExtensionInvalid:
		return codes.RecordInvalid
	}
	return codes.RecordUnknown
}

// NegativeReason is what a plain denial of _mta-sts.<domain>, without aliases, means: nodata for NOERROR, and for
// NXDOMAIN no_domain or nxdomain. zone is the owner of the SOA in it, "" without one, "." for the root.
//
// When the denial comes from above the registered domain, from the zone of a registry, the domain itself does not
// exist. Private suffixes of the Public Suffix List do not count here: customers have names below them, and no
// zones. Nothing is known about a name that is a public suffix itself, since the zone above may hold its names.
func NegativeReason(domain string, rcode int, zone string) codes.RecordReason {
	switch {
	case rcode != dns.RcodeNameError:
		return codes.RecordNoData
	case len(zone) >= len(domain): // it is not above the domain: the usual case, the domain's own zone answers
		return codes.RecordNXDomain
	}
	domain, zone = nameKey(domain), nameKey(zone)
	if !above(zone, domain) {
		return codes.RecordNXDomain
	}
	if registered, ok := registeredDomain(domain); ok && above(zone, registered) {
		return codes.RecordNoDomain
	}
	return codes.RecordNXDomain
}

// registeredDomain returns the public suffix of the ICANN section and the one label before it; ok is false
// where domain is no longer than that suffix.
func registeredDomain(domain string) (registered string, ok bool) {
	suffix, icann := publicsuffix.PublicSuffix(domain)
	for !icann {
		_, parent, below := strings.Cut(suffix, ".")
		if !below {
			break // a top-level domain that the list does not know
		}
		suffix, icann = publicsuffix.PublicSuffix(parent)
	}
	end := len(domain) - len(suffix) - 1 // of the labels before the suffix
	if end <= 0 || domain[end] != '.' {
		return "", false
	}
	return domain[strings.LastIndexByte(domain[:end], '.')+1:], true
}

// InZone reports whether name, with or without a final dot, is zone or below it: no other zone can deny it.
func InZone(name, zone string) bool { return dns.IsSubDomain(dns.Fqdn(zone), dns.Fqdn(name)) }

// above reports whether zone is a proper ancestor of name.
func above(zone, name string) bool {
	dot := len(name) - len(zone) - 1
	return zone == "." || zone != "" && dot >= 0 && name[dot] == '.' && name[dot+1:] == zone
}

// nameKey is the form in which names compare: lower case and without the final dot, except for the root.
func nameKey(name string) string {
	if name == "." {
		return name
	}
	return strings.TrimSuffix(lowerASCII(name), ".")
}
