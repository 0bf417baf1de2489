package explain

import "stsscan/internal/codes"

// recordMeaning says in words what a record's reason means.
func recordMeaning(r codes.RecordReason) string {
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

// policyMeaning says in words why there is no valid policy.
func policyMeaning(s codes.Stage, r codes.PolicyReason) string {
	switch s {
	case codes.StageDNS:
		return addressMeaning(r)
	case codes.StageTCP:
		return connectMeaning(r)
	case codes.StageTLS:
		return tlsMeaning(codes.TLSError(r))
	case codes.StageHTTP:
		return httpMeaning(r)
	case codes.StageBody:
		return bodyMeaning(r)
	case codes.StageSyntax:
		return "the text breaks the grammar (section 3.2)"
	}
	return ""
}

func addressMeaning(r codes.PolicyReason) string {
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

func connectMeaning(r codes.PolicyReason) string {
	switch r {
	case codes.ReasonNoIPv4:
		return "the policy host has IPv4 addresses only, and this machine has no IPv4"
	case codes.ReasonNoIPv6:
		return "the policy host has IPv6 addresses only, and this machine has no IPv6"
	}
	return "no connection to port 443"
}

func tlsMeaning(e codes.TLSError) string {
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

func httpMeaning(r codes.PolicyReason) string {
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

func bodyMeaning(r codes.PolicyReason) string {
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

func tlsrptMeaning(r codes.TLSRPTReason) string {
	switch r {
	case codes.TLSRPTRUAMissing:
		return "it names nobody to report to"
	case codes.TLSRPTRUAInvalid:
		return "no rua is a mailto: or https: URI"
	case codes.TLSRPTFieldMalformed:
		return "a field is not name=value, or has white space after it"
	case codes.TLSRPTBadVersion:
		return "it must begin with v=TLSRPTv1;"
	case codes.TLSRPTNXDomain, codes.TLSRPTNoData, codes.TLSRPTOtherTXT:
		return "nobody is told of failures"
	}
	return ""
}
