package resolver

import (
	"strconv"

	"github.com/miekg/dns"
)

// RcodeName is the mnemonic of a response code, or "RCODE17" where IANA lists none.
func RcodeName(rcode int) string {
	switch rcode {
	case dns.RcodeNameError: // of nearly all replies of a sweep
		return "NXDOMAIN"
	case dns.RcodeSuccess:
		return "NOERROR"
	case dns.RcodeBadVers: // RFC 6891, section 9: BADSIG, of the same number, is an error of TSIG alone
		return "BADVERS"
	}
	if name, ok := dns.RcodeToString[rcode]; ok {
		return name
	}
	return "RCODE" + strconv.Itoa(rcode)
}

// declines reports whether an rcode leaves it to another upstream to know better.
func declines(rcode int) bool {
	switch rcode {
	case dns.RcodeServerFailure, dns.RcodeRefused, dns.RcodeNotImplemented, dns.RcodeFormatError:
		return true
	}
	return false
}
