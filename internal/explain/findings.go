package explain

import (
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// findingMeaning explains the findings whose names do not.
func findingMeaning(f codes.Finding) string {
	switch f {
	case codes.FindRecordSpaceBeforeDelimiter:
		return "some senders want v=STSv1; without a space (erratum 6285)"
	case codes.FindRecordCNAMEDangling, codes.FindHostCNAMEDangling:
		return "the alias leads to a name that does not exist: anybody may take it"
	case codes.FindRecordNearMiss:
		return "probably meant to be a record; senders do not take it for one (section 3.1)"
	case codes.FindRecordIdentical:
		return "several records count as none, even if all are the same (section 3.1)"
	case codes.FindNegativeWithoutSOA:
		return "harmless to senders: a forwarder left the SOA out, or a lame server answered"
	case codes.FindPlainHTTP:
		return "the server speaks HTTP without TLS on port 443"
	case codes.FindHTTP2Only:
		return "this client speaks HTTP/1.1 only; senders may speak HTTP/2"
	case codes.FindClientLimit:
		return "the server may need something that this client lacks and senders have"
	case codes.FindCertKeyShort, codes.FindMXCertKeyShort:
		return "authorities and browsers take RSA keys of 2048 bits and more"
	case codes.FindMediaTypeMissing, codes.FindMediaTypeOther:
		return "senders should insist on text/plain (section 3.2), and most do"
	case codes.FindTruncationPossible:
		return "neither a length nor close_notify: a body cut short looks whole (RFC 9112, section 9.8)"
	case codes.FindLengthAndTransferEncoding:
		return "Transfer-Encoding counts, not the Content-Length beside it; " +
			"some clients refuse such a response (RFC 9112, section 6.3)"
	case codes.FindLineFeedEnds:
		return "harmless: lines may end in LF or CRLF (erratum 6253)"
	case codes.FindCarriageReturn:
		return "a line ends in LF or CRLF, with no other CR beside it"
	case codes.FindFieldCase:
		return "names of fields are lower case; this one is an unknown field"
	case codes.FindMaxAgeOver:
		return "the maximum is 31557600, one year (section 3.2)"
	case codes.FindMaxAgeShort:
		return "a short max_age protects little (section 10.2)"
	case codes.FindMXUnicode:
		return "internationalised names are written as A-labels (section 3.2)"
	case codes.FindTLSRPTRUA:
		return "reports go to mailto: and https: only (RFC 8460, section 3)"
	case codes.FindMXNotALabel:
		return "a label begins with xn-- and is no A-label (RFC 5890)"
	case codes.FindNullMXPreference:
		return "a null MX has the preference 0 (RFC 7505, section 3)"
	case codes.FindNullMXNotAlone:
		return "a null MX stands alone; senders use the other MX records (RFC 7505, section 3)"
	case codes.FindMXNotCovered, codes.FindMXPartlyCovered:
		return "senders deliver only to hosts that the policy lists (section 4.1)"
	case codes.FindDelegationHalf:
		return "one of the two names is run by somebody else"
	case codes.FindCustomerFrozen:
		return "the provider may be serving what is left of a former customer"
	case codes.FindPolicyWithoutMail:
		return "a policy, and no mail that it could protect"
	case codes.FindMXWildcard:
		return "* stands for the whole left-most label only (section 4.1)"
	}
	return ""
}

func findingAdvice(f codes.Finding, row *output.Row) string {
	switch f {
	case codes.FindMediaTypeMissing, codes.FindMediaTypeOther:
		return "Serve the policy as text/plain (section 3.2)."
	case codes.FindTruncationPossible:
		return "Send a Content-Length with the policy, and let the server end TLS with close_notify (RFC 9112, section 9.8)."
	case codes.FindLengthAndTransferEncoding:
		return "Send the policy with a Content-Length or in chunks, not with both (RFC 9112, section 6.3)."
	case codes.FindTLSRPTMissing:
		return "Ask for reports of failures: a TXT record at _smtp._tls." + row.Domain + ", v=TLSRPTv1; rua=mailto:... (RFC 8460, section 3)."
	case codes.FindTLSRPTInvalid:
		return "Correct the TXT record at _smtp._tls." + row.Domain + " (RFC 8460, section 3)."
	case codes.FindTLSRPTRUA:
		if row.TLSRPT == string(codes.RecordValid) {
			return "Correct or remove what is no mailto: or https: URI in rua at _smtp._tls." + row.Domain +
				" (RFC 8460, section 3)."
		}
	case codes.FindMXPatternUnused:
		if !slices.Contains(row.Findings, string(codes.FindMXNotCovered)) {
			return "Take out of the policy what no MX host needs: " + strings.Join(row.MXUnused, ", ") + " (section 4.1)."
		}
	case codes.FindMXWildcardBroad:
		return "Name the MX hosts more closely: a star right below a provider's domain covers its other customers too (section 4.1)."
	case codes.FindMXNotALabel:
		return "Correct the mx with a label that begins with xn--: it must be the A-label of a name (section 3.2)."
	case codes.FindMXHostPseudo:
		return "Take away the MX records that name no host (RFC 5321, section 5.1)."
	case codes.FindMXCertKeyShort:
		return "Give the MX hosts certificates with RSA keys of 2048 bits or more, or of P-256 (section 4.2)."
	case codes.FindNullMXPreference:
		return "Give the null MX the preference 0 (RFC 7505, section 3)."
	case codes.FindNullMXNotAlone:
		return "Take away the null MX, or else all other MX records (RFC 7505, section 3)."
	case codes.FindRecordCNAMEDangling, codes.FindHostCNAMEDangling:
		return "Take the alias away that leads to a name that does not exist: whoever takes that name speaks for you (section 8.2)."
	case codes.FindCertKeyShort:
		return "Give mta-sts." + row.Domain +
			" a certificate with an RSA key of 2048 bits or more, or of P-256 (section 3.3)."
	case codes.FindCustomerEmpty:
		return "The provider serves an empty policy: ask it, or take its aliases away (section 8.2)."
	case codes.FindWildcard:
		return "Publish the record at its own name rather than by a wildcard (section 3.1)."
	case codes.FindTLSAUnusable:
		return "Publish TLSA records of usage 2 or 3, which alone SMTP uses (RFC 7672, section 3.1)."
	}
	return ""
}
