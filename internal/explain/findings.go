package explain

import (
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// harmless reports whether a finding needs no change: what it is about is allowed.
func harmless(f codes.Finding) bool {
	switch f {
	case codes.FindLineFeedEnds, codes.FindMixedLineEnds, codes.FindNoFinalLineEnd, codes.FindTrailingSpace,
		codes.FindExtension, codes.FindVersionNotFirst, codes.FindMXUpperCase, codes.FindMXDuplicate,
		codes.FindRecordExtension, codes.FindRecordOtherTXT, codes.FindNegativeWithoutSOA:
		return true
	}
	return false
}

// findingMeaning explains a finding.
func findingMeaning(f codes.Finding) string {
	const (
		dangling   = "the alias leads to a name that does not exist: anyone may register it"
		shortKey   = "authorities and browsers require RSA keys of 2048 bits or more"
		mediaType  = "senders should insist on text/plain (section 3.2), and most do"
		notCovered = "senders deliver only to hosts that the policy lists (section 4.1)"
	)
	if words := textMeaning(f); words != "" {
		return words
	}
	return map[codes.Finding]string{
		codes.FindRecordSpaceBeforeDelimiter: "some senders want v=STSv1; without a space (erratum 6285)",
		codes.FindRecordCNAMEDangling:        dangling,
		codes.FindHostCNAMEDangling:          dangling,
		codes.FindRecordExtraDelimiter:       "nothing stands between two semicolons; strict senders refuse that (section 3.1)",
		codes.FindRecordTrailingSpace:        "white space ends the record; strict senders refuse that (section 3.1)",
		codes.FindRecordDuplicateField:       "a field is there twice: the first one counts",
		codes.FindRecordExtension:            "harmless: senders pass over fields that they do not know (section 3.1)",
		codes.FindRecordNotASCII:             "characters beyond ASCII, which no field may have (section 3.1)",
		codes.FindRecordOtherTXT:             "other TXT records stand at the name; senders must pass over them (section 3.1)",
		codes.FindRecordNearMiss:             "probably meant as a record, but senders do not accept it as one (section 3.1)",
		codes.FindRecordIdentical:            "several records count as none, even if they are identical (section 3.1)",
		codes.FindNegativeWithoutSOA:         "harmless to senders: a forwarder left the SOA out, or a lame server answered",
		codes.FindPlainHTTP:                  "the server speaks HTTP without TLS on port 443",
		codes.FindHTTP2Only:                  "this client speaks HTTP/1.1 only; senders may speak HTTP/2",
		codes.FindClientLimit:                "the server may need something that this client lacks and senders have",
		codes.FindCertKeyShort:               shortKey,
		codes.FindMXCertKeyShort:             shortKey,
		codes.FindMediaTypeMissing:           mediaType,
		codes.FindMediaTypeOther:             mediaType,
		codes.FindTruncationPossible:         "neither a length nor close_notify: a truncated body looks whole (RFC 9112, section 9.8)",
		codes.FindLengthAndTransferEncoding: "Transfer-Encoding counts, not the Content-Length beside it; " +
			"some clients refuse such a response (RFC 9112, section 6.3)",
		codes.FindHostForbidden:     "one of the addresses is not one that the Internet can reach; the others were tried",
		codes.FindCharsetOther:      "a policy is UTF-8 or ASCII (section 3.2)",
		codes.FindSlowNotAwaited:    "the host was too slow, and its share of waiting was used up by others there",
		codes.FindMXPatternUnused:   "the policy allows more hosts than the domain uses",
		codes.FindMXWildcardBroad:   "hosts of other customers match as well (section 4.1)",
		codes.FindMXHostPseudo:      "an MX record names an address, a local name or none at all: mail cannot go there",
		codes.FindWildcard:          "random names beside the record have one too: it may be there by accident",
		codes.FindCustomerEmpty:     "the provider serves this to former customers",
		codes.FindTLSRPTMissing:     "the domain does not hear of mail that fails (RFC 8460)",
		codes.FindTLSRPTInvalid:     "senders do not use the TLSRPT record, so they report nothing (RFC 8460)",
		codes.FindTLSAUnusable:      "SMTP uses TLSA records of usage 2 and 3 only (RFC 7672, section 3.1)",
		codes.FindMXNoSTARTTLS:      "mail to it cannot be encrypted; senders that enforce deliver none (section 4.2)",
		codes.FindMXTLSFailed:       "senders that enforce deliver no mail to it (section 4.2)",
		codes.FindMXCertificate:     "its certificate is not valid for its name: senders that enforce deliver no mail to it (section 4.2)",
		codes.FindExcludedLate:      "the domain, or a host of it, asked for no more questions while the scan ran",
		codes.FindTLSRPTRUA:         "reports go to mailto: and https: only (RFC 8460, section 3)",
		codes.FindMXNotALabel:       "a label begins with xn-- but is not an A-label (RFC 5890)",
		codes.FindNullMXPreference:  "a null MX has the preference 0 (RFC 7505, section 3)",
		codes.FindNullMXNotAlone:    "a null MX stands alone; senders use the other MX records (RFC 7505, section 3)",
		codes.FindMXNotCovered:      notCovered,
		codes.FindMXPartlyCovered:   notCovered,
		codes.FindDelegationHalf:    "another party runs one of the two names",
		codes.FindCustomerFrozen:    "the provider may still serve the policy of a former customer",
		codes.FindPolicyWithoutMail: "there is a policy but no mail to protect",
	}[f]
}

// textMeaning explains a finding about the text of a policy (section 3.2).
func textMeaning(f codes.Finding) string {
	return map[codes.Finding]string{
		codes.FindEmpty:            "the policy has no text",
		codes.FindNotText:          "the policy is not text: octets that no text has",
		codes.FindHTML:             "a web page stands where the policy belongs",
		codes.FindByteOrderMark:    "a byte order mark stands before the policy; most senders refuse that",
		codes.FindLineFeedEnds:     "harmless: lines may end in LF or CRLF (erratum 6253)",
		codes.FindMixedLineEnds:    "harmless: some lines end in LF and some in CRLF",
		codes.FindCarriageReturn:   "a line ends in LF or CRLF, with no other CR beside it",
		codes.FindNoFinalLineEnd:   "harmless: the last line needs no end",
		codes.FindBlankLine:        "a line is empty, which the grammar does not allow",
		codes.FindLeadingSpace:     "a line begins with white space, which the grammar does not allow",
		codes.FindTrailingSpace:    "harmless: white space may end a line",
		codes.FindLineMalformed:    "a line is not name: value",
		codes.FindDuplicateField:   "a field is there twice: the first one counts",
		codes.FindExtension:        "harmless: senders pass over fields that they do not know",
		codes.FindExtensionInvalid: "a field that senders do not know breaks the grammar of such fields",
		codes.FindFieldCase:        "field names are lower case; this one counts as an unknown field",
		codes.FindValueCase:        "the mode is lower case; most senders refuse others",
		codes.FindVersionMissing:   "there is no line version: STSv1",
		codes.FindVersionInvalid:   "the version is not STSv1",
		codes.FindVersionNotFirst:  "harmless: fields may stand in any order",
		codes.FindModeMissing:      "there is no mode",
		codes.FindModeInvalid:      "the mode is none of enforce, testing and none",
		codes.FindMaxAgeMissing:    "there is no max_age",
		codes.FindMaxAgeInvalid:    "max_age is a number of seconds, of at most ten digits",
		codes.FindMaxAgeOver:       "the maximum is 31557600, one year (section 3.2)",
		codes.FindMaxAgeZero:       "senders forget the policy at once, so that it protects nothing",
		codes.FindMaxAgeShort:      "a short max_age protects little (section 10.2)",
		codes.FindMXMissing:        "there is no mx, which modes other than none need",
		codes.FindMXUpperCase:      "harmless: letter case does not count in host names",
		codes.FindMXTrailingDot:    "a host name has no final dot here",
		codes.FindMXUnderscore:     "no host name has an underscore",
		codes.FindMXAddress:        "an mx is the name of a host, not an address",
		codes.FindMXSingleLabel:    "an mx of one label names no host on the Internet",
		codes.FindMXEmpty:          "an mx has no value",
		codes.FindMXEmail:          "an mx is the name of a mail server, not a mail address",
		codes.FindMXURL:            "an mx is the name of a host, not a URL",
		codes.FindMXSeveral:        "each mx has a line of its own",
		codes.FindMXUnicode:        "internationalised names are written as A-labels (section 3.2)",
		codes.FindMXWildcard:       "* stands for the whole left-most label only (section 4.1)",
		codes.FindMXSyntax:         "an mx is not the name of a host",
		codes.FindMXDuplicate:      "harmless: an mx is there twice",
	}[f]
}

// findingAdvice says what to change about a finding; empty where other advice covers it.
func findingAdvice(f codes.Finding, row *output.Row) string {
	const key = " with a key of RSA 2048 bits or more, or P-256"
	switch f {
	case codes.FindMediaTypeMissing, codes.FindMediaTypeOther:
		return "Serve the policy as text/plain (section 3.2)."
	case codes.FindTruncationPossible:
		return "Send a Content-Length with the policy, and end TLS with close_notify (RFC 9112, section 9.8)."
	case codes.FindLengthAndTransferEncoding:
		return "Send the policy with a Content-Length or in chunks, not both (RFC 9112, section 6.3)."
	case codes.FindTLSRPTMissing:
		return "Ask for reports of failures: publish a TXT record at _smtp._tls." + row.Domain +
			", v=TLSRPTv1; rua=mailto:... (RFC 8460, section 3)."
	case codes.FindTLSRPTInvalid:
		return "Correct the TXT record at _smtp._tls." + row.Domain + " (RFC 8460, section 3)."
	case codes.FindTLSRPTRUA:
		if row.TLSRPT == string(codes.RecordValid) {
			return "Correct or remove each rua at _smtp._tls." + row.Domain +
				" that is not a mailto: or https: URI (RFC 8460, section 3)."
		}
	case codes.FindMaxAgeShort:
		return "Raise max_age to some weeks, then change the id of the record (sections 3.1 and 10.2)."
	case codes.FindMXPatternUnused:
		if !slices.Contains(row.Findings, string(codes.FindMXNotCovered)) {
			return "Remove from the policy what no MX host needs: " + strings.Join(row.MXUnused, ", ") + " (section 4.1)."
		}
	case codes.FindMXWildcardBroad:
		return "Name the MX hosts more narrowly: this wildcard also covers other customers of the provider (section 4.1)."
	case codes.FindMXNotALabel:
		return "Correct the mx whose label begins with xn--: it is not an A-label (section 3.2)."
	case codes.FindMXHostPseudo:
		if pseudoOnly(row) {
			return "Replace the MX records, which name no host, by one that names your mail server (RFC 5321, section 5.1)."
		}
		return "Remove the MX records that name no host (RFC 5321, section 5.1)."
	case codes.FindMXCertKeyShort:
		return "Give the MX hosts certificates" + key + " (section 4.2)."
	case codes.FindCertKeyShort:
		return "Give mta-sts." + row.Domain + " a certificate" + key + " (section 3.3)."
	case codes.FindNullMXPreference:
		return "Give the null MX the preference 0 (RFC 7505, section 3)."
	case codes.FindNullMXNotAlone:
		return "Remove the null MX, or else all other MX records (RFC 7505, section 3)."
	case codes.FindRecordCNAMEDangling, codes.FindHostCNAMEDangling:
		return "Remove the alias to a name that does not exist: whoever registers that name speaks for you (section 8.2)."
	case codes.FindCustomerEmpty:
		return "The provider serves an empty policy: ask the provider about it, or remove the aliases (section 8.2)."
	case codes.FindWildcard:
		return "Publish the record at its own name rather than by a wildcard (section 3.1)."
	case codes.FindTLSAUnusable:
		return "Publish TLSA records of usage 2 or 3: SMTP uses no others (RFC 7672, section 3.1)."
	}
	return ""
}

// pseudoOnly reports whether no MX record of a row names a host.
func pseudoOnly(row *output.Row) bool {
	return len(row.MX) > 0 && !slices.ContainsFunc(row.MX, func(h output.MXHost) bool {
		return !mtasts.MXHost{Name: h.Host}.Pseudo()
	})
}
