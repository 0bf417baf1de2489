package main

import (
	"stsscan/internal/codes"
)

// recordWords says in words what a record's reason means.
func recordWords(r codes.RecordReason) string {
	switch r {
	case codes.RecordNoDomain:
		return "the domain does not exist"
	case codes.RecordNXDomain, codes.RecordNoData:
		return "there is no record"
	case codes.RecordOtherTXT:
		return "only TXT records about other things"
	case codes.RecordBadVersion:
		return "it must begin with v=STSv1; (section 3.1)"
	case codes.RecordIDMissing:
		return "it has no id (section 3.1)"
	case codes.RecordIDInvalid:
		return "the id may have letters and digits only (section 3.1)"
	case codes.RecordIDTooLong:
		return "the id has more than 32 characters (section 3.1)"
	case codes.RecordFieldMalformed:
		return "a field is not name=value (section 3.1)"
	case codes.RecordExtensionInvalid:
		return "a field breaks the grammar (section 3.1)"
	case codes.RecordServfail:
		return "the name servers fail"
	case codes.RecordRefused:
		return "the name servers refuse to answer"
	case codes.RecordTimeout:
		return "nobody answered in time"
	case codes.RecordRcode, codes.RecordMalformed, codes.RecordTruncated, codes.RecordReferral:
		return "the answer is of no use"
	case codes.RecordFiltered:
		return "the resolver filters this name"
	case codes.RecordCNAMELoop:
		return "the aliases go round in a circle"
	case codes.RecordCNAMETooLong:
		return "more than 16 aliases"
	case codes.RecordZoneUnreachable:
		return "no name server of the zone answers"
	}
	return ""
}

// policyWords says in words why there is no valid policy.
func policyWords(s codes.Stage, r codes.PolicyReason) string {
	switch s {
	case codes.StageDNS:
		return hostWords(r)
	case codes.StageTCP:
		return connectWords(r)
	case codes.StageTLS:
		return tlsWords(codes.TLSError(r))
	case codes.StageHTTP:
		return httpWords(r)
	case codes.StageBody:
		return bodyWords(r)
	case codes.StageSyntax:
		return "the text breaks the grammar (section 3.2)"
	}
	return ""
}

func connectWords(r codes.PolicyReason) string {
	switch r {
	case codes.ReasonNoIPv4:
		return "the policy host has IPv4 addresses only, and this machine has no IPv4"
	case codes.ReasonNoIPv6:
		return "the policy host has IPv6 addresses only, and this machine has no IPv6"
	}
	return "no connection to port 443"
}

func hostWords(r codes.PolicyReason) string {
	switch r {
	case codes.ReasonNXDomain, codes.ReasonNoData:
		return "the policy host has no address"
	case codes.ReasonForbiddenAddress:
		return "only addresses that are no use on the Internet"
	case codes.ReasonOptedOut:
		return "the host or its network asked not to be contacted"
	}
	return "the addresses of the policy host could not be looked up"
}

func tlsWords(e codes.TLSError) string {
	switch e {
	case codes.TLSNameMismatch:
		return "the certificate is for other names (section 3.3)"
	case codes.TLSExpired:
		return "the certificate has expired"
	case codes.TLSNotYetValid:
		return "the certificate is not valid yet"
	case codes.TLSSelfSigned:
		return "the certificate is self-signed"
	case codes.TLSUnknownAuthority:
		return "the certificate's authority is not trusted"
	case codes.TLSIncompleteChain:
		return "the server does not send its intermediate certificate"
	case codes.TLSNoCertForName:
		return "the server has no certificate for this name"
	case codes.TLSProtocolVersion:
		return "the server has no TLS 1.2 or higher"
	case codes.TLSNotTLS:
		return "the server does not speak TLS on port 443"
	case codes.TLSHandshakeTimeout:
		return "the handshake took too long"
	case codes.TLSReset:
		return "the server ended the connection"
	case codes.TLSOversize:
		return "the certificates are larger than any host needs"
	case codes.TLSCertificate:
		return "the certificate, its key or a signature in its chain is not accepted for a server"
	}
	return "the handshake failed"
}

func httpWords(r codes.PolicyReason) string {
	switch r {
	case codes.ReasonNotFound:
		return "there is no file at /.well-known/mta-sts.txt"
	case codes.ReasonBlocked:
		return "a filter in front of the host sent its own page; others may be served"
	case codes.ReasonRedirect:
		return "redirects must not be followed (section 3.3)"
	case codes.ReasonMalformed:
		return "the response is not HTTP/1.1"
	case codes.ReasonHeadersTooLarge:
		return "the header is larger than 16 KiB"
	case codes.ReasonTimeout:
		return "the response took too long"
	case codes.ReasonReset:
		return "the server ended the connection"
	}
	return "only status 200 counts (section 3.3)"
}

func bodyWords(r codes.PolicyReason) string {
	switch r {
	case codes.ReasonTooLarge:
		return "the body is larger than 64 KiB (section 3.3)"
	case codes.ReasonEncoded:
		return "the body is encoded, and nobody asked for that"
	case codes.ReasonTimeout:
		return "the body took too long"
	}
	return "the body ended early"
}

// findingWords explains the findings whose names do not.
func findingWords(f codes.Finding) string {
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
