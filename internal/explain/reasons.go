package explain

import "stsscan/internal/codes"

// recordMeaning says what a record's reason means; empty where the word says it.
func recordMeaning(r codes.RecordReason) string {
	const useless = "the answer of the name servers cannot be used"
	return map[codes.RecordReason]string{
		codes.RecordNoDomain:         "the domain does not exist",
		codes.RecordNXDomain:         "there is no record",
		codes.RecordNoData:           "there is no record",
		codes.RecordOtherTXT:         "the TXT records there are about other things",
		codes.RecordBadVersion:       "the record must begin with v=STSv1; (section 3.1)",
		codes.RecordIDMissing:        "the record has no id (section 3.1)",
		codes.RecordIDInvalid:        "the id of the record may have letters and digits only (section 3.1)",
		codes.RecordIDTooLong:        "the id of the record has more than 32 characters (section 3.1)",
		codes.RecordFieldMalformed:   "a field of the record is not name=value (section 3.1)",
		codes.RecordExtensionInvalid: "a field of the record breaks the grammar (section 3.1)",
		codes.RecordServfail:         "the name servers fail",
		codes.RecordRefused:          "the name servers refuse to answer",
		codes.RecordTimeout:          "the name servers do not answer in time",
		codes.RecordRcode:            useless,
		codes.RecordMalformed:        useless,
		codes.RecordTruncated:        useless,
		codes.RecordReferral:         useless,
		codes.RecordFiltered:         "the resolver filters this name",
		codes.RecordCNAMELoop:        "the aliases of the record's name form a loop",
		codes.RecordCNAMETooLong:     "the record's name has more than 16 aliases",
		codes.RecordZoneUnreachable:  "no name server of the zone answers",
	}[r]
}

// policyMeaning says why there is no valid policy. The empty reason of a stage stands for those that are not listed.
func policyMeaning(s codes.Stage, r codes.PolicyReason) string {
	if s == codes.StageTLS {
		return tlsMeaning(codes.TLSError(r))
	}
	meanings := map[codes.Stage]map[codes.PolicyReason]string{
		codes.StageDNS: {
			codes.ReasonNXDomain:         "the policy host has no address",
			codes.ReasonNoData:           "the policy host has no address",
			codes.ReasonForbiddenAddress: "the policy host has only addresses that the Internet cannot reach",
			codes.ReasonOptedOut:         "the policy host or its network asked not to be contacted",
			"":                           "the addresses of the policy host could not be looked up",
		},
		codes.StageTCP: {
			codes.ReasonNoIPv4: "the policy host has IPv4 addresses only, and this machine has no IPv4",
			codes.ReasonNoIPv6: "the policy host has IPv6 addresses only, and this machine has no IPv6",
			"":                 "the policy host takes no connection to port 443",
		},
		codes.StageHTTP: {
			codes.ReasonNotFound:        "there is no file at /.well-known/mta-sts.txt",
			codes.ReasonBlocked:         "a filter in front of the policy host sent its own page; other clients may get the policy",
			codes.ReasonRedirect:        "the policy host redirects, which senders must not follow (section 3.3)",
			codes.ReasonMalformed:       "the response of the policy host is not HTTP/1.1",
			codes.ReasonHeadersTooLarge: "the header of the response is larger than 16 KiB",
			codes.ReasonTimeout:         "the response took too long",
			codes.ReasonReset:           "the server ended the connection",
			"":                          "the policy host does not answer with status 200 (section 3.3)",
		},
		codes.StageBody: {
			codes.ReasonTooLarge: "the policy is larger than 64 KiB (section 3.3)",
			codes.ReasonEncoded:  "the policy has a content encoding that was not asked for",
			codes.ReasonTimeout:  "the policy took too long",
			"":                   "the policy ended early",
		},
		codes.StageSyntax: {"": "the policy breaks the grammar (section 3.2)"},
	}[s]
	return wordOr(meanings, r, meanings[""])
}

// wordOr is what a table has for a word, or other where that is not listed.
func wordOr[Word comparable](table map[Word]string, word Word, other string) string {
	if text, ok := table[word]; ok {
		return text
	}
	return other
}

func tlsMeaning(e codes.TLSError) string {
	return wordOr(map[codes.TLSError]string{
		codes.TLSNameMismatch:     "the certificate is for other names (section 3.3)",
		codes.TLSExpired:          "the certificate has expired",
		codes.TLSNotYetValid:      "the certificate is not valid yet",
		codes.TLSSelfSigned:       "the certificate is self-signed",
		codes.TLSUnknownAuthority: "the certificate's authority is not trusted",
		codes.TLSIncompleteChain:  "the server does not send its intermediate certificate",
		codes.TLSNoCertForName:    "the server has no certificate for this name",
		codes.TLSProtocolVersion:  "the server has no TLS 1.2 or higher",
		codes.TLSNotTLS:           "the server does not speak TLS on port 443",
		codes.TLSHandshakeTimeout: "the handshake took too long",
		codes.TLSReset:            "the server ended the connection",
		codes.TLSOversize:         "the certificates are larger than any host needs",
		codes.TLSCertificate:      "the certificate, its key or a signature in its chain is not accepted for a server",
	}, e, "the handshake failed")
}

// mxTLSMeaning is tlsMeaning at an MX host.
func mxTLSMeaning(e codes.TLSError) string {
	switch e {
	case codes.TLSNameMismatch:
		return "the certificate is for other names (section 4.2)"
	case codes.TLSNotTLS:
		return "the server does not speak TLS after STARTTLS"
	}
	return tlsMeaning(e)
}

// tlsrptMeaning says what the reason of a TLSRPT record means (RFC 8460, section 3).
func tlsrptMeaning(r codes.TLSRPTReason) string {
	const absent = "the domain gets no reports of failures"
	return map[codes.TLSRPTReason]string{
		codes.TLSRPTRUAMissing:     "the record has no rua, so reports go nowhere",
		codes.TLSRPTRUAInvalid:     "no rua of the record is a mailto: or https: URI",
		codes.TLSRPTFieldMalformed: "a field of the record is not name=value, or has white space after it",
		codes.TLSRPTBadVersion:     "the record must begin with v=TLSRPTv1;",
		codes.TLSRPTNXDomain:       absent,
		codes.TLSRPTNoData:         absent,
		codes.TLSRPTOtherTXT:       absent,
	}[r]
}
