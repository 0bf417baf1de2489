package mtasts

import (
	"slices"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// ZoneUnreachable reads what came of the question for the SOA of a domain whose record is unknown: a reply, or
// err. It reports whether the whole zone is out of reach: this question had no answer either, or a resolver
// says that no server answers. A zone that fails validation (RFC 8914) is in reach.
//
// The error is err where that is a fault of the observer, and nothing is known about the zone.
func ZoneUnreachable(reply *dns.Msg, err error) (bool, error) {
	switch {
	case err == nil:
		return reply.Rcode == dns.RcodeServerFailure && !slices.ContainsFunc(extendedErrors(reply), unvalidated), nil
	case fault.Ours(err):
		return false, err
	}
	return exchangeReason(err) == codes.RecordTimeout, nil
}

// unvalidated reports whether an extended error is about DNSSEC.
func unvalidated(code uint16) bool {
	switch code {
	case dns.ExtendedErrorCodeUnsupportedDNSKEYAlgorithm, dns.ExtendedErrorCodeUnsupportedDSDigestType,
		dns.ExtendedErrorCodeDNSSECIndeterminate, dns.ExtendedErrorCodeDNSBogus, dns.ExtendedErrorCodeSignatureExpired,
		dns.ExtendedErrorCodeSignatureNotYetValid, dns.ExtendedErrorCodeDNSKEYMissing, dns.ExtendedErrorCodeRRSIGsMissing,
		dns.ExtendedErrorCodeNoZoneKeyBitSet, dns.ExtendedErrorCodeNSECMissing,
		dns.ExtendedErrorCodeUnsupportedNSEC3IterValue:
		return true
	}
	return false
}
