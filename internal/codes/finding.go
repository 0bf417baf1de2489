package codes

// A Finding is an oddity in what was seen. It may or may not be the reason of
// a failure; a row lists every finding that applies.
type Finding string

const (
	// The record, section 3.1.
	FindRecordSpaceBeforeDelimiter Finding = "record_space_before_delimiter" // "v=STSv1 ;": erratum 6285
	FindRecordExtraDelimiter       Finding = "record_extra_delimiter"        // ";;"
	FindRecordTrailingSpace        Finding = "record_trailing_space"         // white space at the end without a delimiter
	FindRecordDuplicateField       Finding = "record_duplicate_field"        // only the first counts
	FindRecordExtension            Finding = "record_extension"              // a field that the RFC does not know
	FindRecordNotASCII             Finding = "record_not_ascii"
	FindRecordOtherTXT             Finding = "record_other_txt"      // other TXT records beside it
	FindRecordNearMiss             Finding = "record_near_miss"      // meant to be a record, but for a slip
	FindRecordIdentical            Finding = "record_identical"      // several records, all of them the same
	FindRecordCNAMEDangling        Finding = "record_cname_dangling" // an alias to a name that does not exist
	FindNegativeWithoutSOA         Finding = "negative_without_soa"  // denied without an SOA (RFC 2308, section 2)

	// The Policy Host and the HTTP response, section 3.3.
	FindHostCNAMEDangling  Finding = "host_cname_dangling"
	FindHostForbidden      Finding = "host_forbidden_address" // an address that must not be contacted, among others
	FindClientLimit        Finding = "client_limit_possible"  // no handshake; this client may lack what the server wants
	FindHTTP2Only          Finding = "http2_only"             // HTTP/2 without HTTP/1.1, which this client speaks
	FindPlainHTTP          Finding = "plain_http"             // HTTP without TLS on port 443
	FindCertKeyShort       Finding = "certificate_key_short"  // RSA below 2048 bits, of the host or an authority
	FindMediaTypeMissing   Finding = "media_type_missing"
	FindMediaTypeOther     Finding = "media_type_other"    // not text/plain
	FindCharsetOther       Finding = "charset_other"       // neither utf-8 nor us-ascii
	FindTruncationPossible Finding = "truncation_possible" // no length and no close_notify: RFC 9112, section 9.8

	FindLengthAndTransferEncoding Finding = "length_and_transfer_encoding" // RFC 9112, section 6.3
	FindSlowNotAwaited            Finding = "slow_not_awaited"             // too slow, and no time left for slow hosts

	// The policy's text, section 3.2.
	FindEmpty            Finding = "policy_empty" // nothing, or nothing but white space
	FindNotText          Finding = "policy_not_text"
	FindHTML             Finding = "policy_html"
	FindByteOrderMark    Finding = "policy_byte_order_mark"
	FindLineFeedEnds     Finding = "policy_line_feed_ends" // LF alone: erratum 6253
	FindMixedLineEnds    Finding = "policy_mixed_line_ends"
	FindCarriageReturn   Finding = "policy_carriage_return" // beside the end of a line: CR CR LF, LF CR
	FindNoFinalLineEnd   Finding = "policy_no_final_line_end"
	FindBlankLine        Finding = "policy_blank_line"
	FindLeadingSpace     Finding = "policy_leading_space"
	FindTrailingSpace    Finding = "policy_trailing_space"
	FindLineMalformed    Finding = "policy_line_malformed"
	FindDuplicateField   Finding = "policy_duplicate_field" // only the first counts
	FindExtension        Finding = "policy_extension"       // a field that the RFC does not know
	FindExtensionInvalid Finding = "policy_extension_invalid"
	FindFieldCase        Finding = "policy_field_case" // "Mode:" is an extension, not the mode
	FindValueCase        Finding = "policy_value_case" // "Enforce"
	FindVersionMissing   Finding = "version_missing"
	FindVersionInvalid   Finding = "version_invalid"
	FindVersionNotFirst  Finding = "version_not_first"
	FindModeMissing      Finding = "mode_missing"
	FindModeInvalid      Finding = "mode_invalid"
	FindMaxAgeMissing    Finding = "max_age_missing"
	FindMaxAgeInvalid    Finding = "max_age_invalid"
	FindMaxAgeOver       Finding = "max_age_over" // more than 31557600: erratum 7282
	FindMaxAgeZero       Finding = "max_age_zero"
	FindMaxAgeShort      Finding = "max_age_short" // below one day, or below one week when enforcing
	FindMXMissing        Finding = "mx_missing"
	FindMXUpperCase      Finding = "mx_upper_case"
	FindMXTrailingDot    Finding = "mx_trailing_dot"
	FindMXUnderscore     Finding = "mx_underscore"
	FindMXAddress        Finding = "mx_address" // an IP address or an address literal
	FindMXSingleLabel    Finding = "mx_single_label"
	FindMXEmpty          Finding = "mx_empty"
	FindMXEmail          Finding = "mx_email"
	FindMXURL            Finding = "mx_url"
	FindMXSeveral        Finding = "mx_several"           // several names on one line
	FindMXUnicode        Finding = "mx_unicode"           // a U-label: only A-labels are allowed
	FindMXNotALabel      Finding = "mx_not_a_label"       // a label that begins with xn-- and is no A-label
	FindMXWildcard       Finding = "mx_wildcard_position" // a star that is not the whole left-most label
	FindMXSyntax         Finding = "mx_syntax"            // not a domain name in another way
	FindMXDuplicate      Finding = "mx_duplicate"

	// The mail side: MX hosts, section 4.1, and companions.
	FindMXNotCovered      Finding = "mx_not_covered"        // no MX host matches a pattern
	FindMXPartlyCovered   Finding = "mx_partly_covered"     // some do not
	FindMXPatternUnused   Finding = "mx_pattern_unused"     // a pattern that matches no MX host
	FindMXWildcardBroad   Finding = "mx_wildcard_broad"     // a star below a public suffix or another's domain
	FindMXHostPseudo      Finding = "mx_host_pseudo"        // an MX record that names no host
	FindNullMXPreference  Finding = "null_mx_preference"    // its preference is not 0 (RFC 7505, section 3)
	FindNullMXNotAlone    Finding = "null_mx_not_alone"     // beside other MX records, which count (RFC 7505, section 3)
	FindPolicyWithoutMail Finding = "policy_without_mail"   // a policy that asks for TLS, and no MX host
	FindWildcard          Finding = "wildcard_suspected"    // a random name beside it has a record too
	FindDelegationHalf    Finding = "delegation_half"       // only one of the two names is delegated
	FindCustomerEmpty     Finding = "customer_ended_empty"  // an empty policy, as its provider serves to former customers
	FindCustomerFrozen    Finding = "customer_ended_frozen" // a policy that covers no MX host, as its provider leaves them
	FindTLSRPTMissing     Finding = "tlsrpt_missing"        // a policy, and no address to report failures to
	FindTLSRPTInvalid     Finding = "tlsrpt_invalid"        // a TLSRPT record that senders do not use
	FindTLSRPTRUA         Finding = "tlsrpt_rua_invalid"    // a destination of TLS reports that senders cannot use
	FindTLSAUnusable      Finding = "tlsa_unusable"         // TLSA records that a sender cannot use
	FindMXNoSTARTTLS      Finding = "mx_no_starttls"        // an MX host without STARTTLS
	FindMXTLSFailed       Finding = "mx_tls_failed"         // an MX host whose handshake fails
	FindMXCertificate     Finding = "mx_certificate"        // an MX host whose certificate senders do not accept
	FindMXCertKeyShort    Finding = "mx_certificate_key_short"

	// The survey itself.
	FindExcludedLate Finding = "excluded_late" // the domain or a host of it opted out while the row was provisional
)

// ClientLimits lists the findings that say that another client may retrieve a policy which this one could not.
func ClientLimits() []Finding { return []Finding{FindClientLimit, FindHTTP2Only} }

// Findings lists every Finding.
func Findings() []Finding {
	return []Finding{
		FindRecordSpaceBeforeDelimiter, FindRecordExtraDelimiter, FindRecordTrailingSpace, FindRecordDuplicateField,
		FindRecordExtension, FindRecordNotASCII, FindRecordOtherTXT, FindRecordCNAMEDangling,
		FindRecordNearMiss, FindRecordIdentical, FindNegativeWithoutSOA,
		FindHostCNAMEDangling, FindHostForbidden, FindClientLimit, FindHTTP2Only, FindPlainHTTP,
		FindCertKeyShort, FindMediaTypeMissing, FindMediaTypeOther,
		FindCharsetOther,
		FindTruncationPossible, FindLengthAndTransferEncoding,
		FindSlowNotAwaited, FindEmpty, FindNotText, FindHTML, FindByteOrderMark, FindLineFeedEnds, FindMixedLineEnds,
		FindCarriageReturn,
		FindNoFinalLineEnd, FindBlankLine, FindLeadingSpace, FindTrailingSpace, FindLineMalformed, FindDuplicateField,
		FindExtension, FindExtensionInvalid, FindFieldCase, FindValueCase, FindVersionMissing, FindVersionInvalid,
		FindVersionNotFirst, FindModeMissing, FindModeInvalid, FindMaxAgeMissing, FindMaxAgeInvalid, FindMaxAgeOver,
		FindMaxAgeZero, FindMaxAgeShort, FindMXMissing, FindMXUpperCase, FindMXTrailingDot, FindMXUnderscore,
		FindMXAddress, FindMXSingleLabel, FindMXEmpty, FindMXEmail, FindMXURL, FindMXSeveral, FindMXUnicode, FindMXNotALabel,
		FindMXWildcard, FindMXSyntax, FindMXDuplicate,
		FindMXNotCovered, FindMXPartlyCovered, FindMXPatternUnused, FindMXWildcardBroad, FindMXHostPseudo,
		FindNullMXPreference, FindNullMXNotAlone,
		FindPolicyWithoutMail, FindWildcard, FindDelegationHalf, FindCustomerEmpty, FindCustomerFrozen,
		FindTLSRPTMissing, FindTLSRPTInvalid, FindTLSRPTRUA, FindTLSAUnusable, FindMXNoSTARTTLS, FindMXTLSFailed,
		FindMXCertificate, FindMXCertKeyShort,
		FindExcludedLate,
	}
}
