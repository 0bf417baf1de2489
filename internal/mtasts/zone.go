package mtasts

import (
	"context"
	"slices"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// ZoneDead asks ex for the SOA of domain, whose record nobody could answer for,
// and reports whether the zone is out of reach as a whole: nobody answers that
// question either, or a resolver says that no server does. A zone that fails
// validation (RFC 8914) is in reach.
//
// The error is a fault of the observer, or that of a ctx that ended: then
// nothing follows for the zone. The deadline is that of ctx.
func ZoneDead(ctx context.Context, ex Exchanger, domain string) (bool, error) {
	reply, err := ex.Exchange(ctx, question(dns.Fqdn(domain), dns.TypeSOA))
	switch {
	case err == nil:
		return reply.Rcode == dns.RcodeServerFailure && !slices.ContainsFunc(extendedErrors(reply), unvalidated), nil
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
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
		dns.ExtendedErrorCodeNoZoneKeyBitSet, dns.ExtendedErrorCodeNSECMissing, dns.ExtendedErrorCodeUnsupportedNSEC3IterValue:
		return true
	}
	return false
}
