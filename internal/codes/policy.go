package codes

import "slices"

// A Stage is the step of policy retrieval at which it ended.
type Stage string

const (
	StageDNS    Stage = "dns"    // addresses of the Policy Host
	StageTCP    Stage = "tcp"    // connection
	StageTLS    Stage = "tls"    // handshake and certificate
	StageHTTP   Stage = "http"   // status and header
	StageBody   Stage = "body"   // reading the body
	StageSyntax Stage = "syntax" // the policy's grammar (section 3.2)
)

// Stages lists every Stage, in order.
func Stages() []Stage {
	return []Stage{StageDNS, StageTCP, StageTLS, StageHTTP, StageBody, StageSyntax}
}

// A PolicyReason says why a policy is not valid. It is unique only together
// with its [Stage]: PolicyReasons lists the set of each.
type PolicyReason string

const (
	// More than one stage.
	ReasonTimeout PolicyReason = "timeout" // dns, tcp, http, body
	ReasonRefused PolicyReason = "refused" // dns (REFUSED), tcp (connection refused)
	ReasonReset   PolicyReason = "reset"   // tcp, tls, http, body
	ReasonOther   PolicyReason = "other"   // dns, tcp, tls: what no other word describes

	// Stage dns.
	ReasonNXDomain         PolicyReason = "nxdomain"
	ReasonNoData           PolicyReason = "nodata" // neither A nor AAAA
	ReasonServfail         PolicyReason = "servfail"
	ReasonCNAMELoop        PolicyReason = "cname_loop"
	ReasonCNAMETooLong     PolicyReason = "cname_too_long"
	ReasonForbiddenAddress PolicyReason = "forbidden_address" // only special-purpose addresses
	ReasonOptedOut         PolicyReason = "opted_out"         // the host, an alias target or all its networks opted out

	// Stage tcp.
	ReasonUnreachable PolicyReason = "unreachable" // host or network unreachable
	ReasonNoIPv4      PolicyReason = "no_ipv4"     // IPv4 addresses only, and this machine has no IPv4
	ReasonNoIPv6      PolicyReason = "no_ipv6"     // IPv6 addresses only, and this machine has no IPv6

	// Stage tls. The words of [TLSError] are reasons too.

	// Stage http.
	ReasonNotFound        PolicyReason = "not_found"    // 404
	ReasonForbidden       PolicyReason = "forbidden"    // 403
	ReasonBlocked         PolicyReason = "blocked"      // 403, 429 or 503 of a firewall or bot filter
	ReasonClientError     PolicyReason = "client_error" // other 4xx
	ReasonServerError     PolicyReason = "server_error" // 5xx
	ReasonRedirect        PolicyReason = "redirect"     // 3xx, never followed (section 3.3)
	ReasonStatus          PolicyReason = "status"       // any other status than 200
	ReasonMalformed       PolicyReason = "malformed"    // not an HTTP/1.1 response
	ReasonHeadersTooLarge PolicyReason = "headers_too_large"

	// Stage body.
	ReasonTooLarge  PolicyReason = "too_large" // more than 64 KiB
	ReasonTruncated PolicyReason = "truncated" // ended before its Content-Length or last chunk, or within a TLS record
	ReasonEncoded   PolicyReason = "encoded"   // a Content-Encoding that was not asked for; never decoded

	// Stage syntax.
	ReasonEmpty            PolicyReason = "empty"
	ReasonNotText          PolicyReason = "not_text" // not UTF-8
	ReasonHTML             PolicyReason = "html"     // a web page
	ReasonByteOrderMark    PolicyReason = "byte_order_mark"
	ReasonBlankLine        PolicyReason = "blank_line"
	ReasonLeadingSpace     PolicyReason = "leading_space"
	ReasonLineMalformed    PolicyReason = "line_malformed" // not name: value
	ReasonVersionMissing   PolicyReason = "version_missing"
	ReasonVersionInvalid   PolicyReason = "version_invalid"
	ReasonModeMissing      PolicyReason = "mode_missing"
	ReasonModeInvalid      PolicyReason = "mode_invalid"
	ReasonMaxAgeMissing    PolicyReason = "max_age_missing"
	ReasonMaxAgeInvalid    PolicyReason = "max_age_invalid"
	ReasonMaxAgeOver       PolicyReason = "max_age_over" // more than 31557600
	ReasonMXMissing        PolicyReason = "mx_missing"   // none, and the mode is not none
	ReasonMXInvalid        PolicyReason = "mx_invalid"   // the findings say what it is instead
	ReasonExtensionInvalid PolicyReason = "extension_invalid"
)

// LacksFamily reports whether it is this machine that lacks the address family
// of the host, where others may well reach it.
func (r PolicyReason) LacksFamily() bool { return r == ReasonNoIPv4 || r == ReasonNoIPv6 }

// PolicyReasons lists every PolicyReason that a stage can have.
func PolicyReasons(s Stage) []PolicyReason {
	switch s {
	case StageDNS:
		return []PolicyReason{
			ReasonNXDomain, ReasonNoData, ReasonServfail, ReasonRefused, ReasonTimeout, ReasonCNAMELoop,
			ReasonCNAMETooLong, ReasonForbiddenAddress, ReasonOptedOut, ReasonOther,
		}
	case StageTCP:
		return []PolicyReason{
			ReasonRefused, ReasonTimeout, ReasonUnreachable, ReasonReset, ReasonNoIPv4, ReasonNoIPv6, ReasonOther,
		}
	case StageTLS:
		var rs []PolicyReason
		for _, e := range TLSErrors() {
			rs = append(rs, PolicyReason(e))
		}
		return rs
	case StageHTTP:
		return []PolicyReason{
			ReasonNotFound, ReasonForbidden, ReasonBlocked, ReasonClientError, ReasonServerError, ReasonRedirect, ReasonStatus,
			ReasonMalformed, ReasonHeadersTooLarge, ReasonTimeout, ReasonReset,
		}
	case StageBody:
		return []PolicyReason{ReasonTooLarge, ReasonTruncated, ReasonTimeout, ReasonEncoded, ReasonMalformed, ReasonReset}
	case StageSyntax:
		return []PolicyReason{
			ReasonEmpty, ReasonNotText, ReasonHTML, ReasonByteOrderMark, ReasonBlankLine, ReasonLeadingSpace,
			ReasonLineMalformed, ReasonVersionMissing, ReasonVersionInvalid, ReasonModeMissing, ReasonModeInvalid,
			ReasonMaxAgeMissing, ReasonMaxAgeInvalid, ReasonMaxAgeOver, ReasonMXMissing, ReasonMXInvalid,
			ReasonExtensionInvalid,
		}
	}
	return nil
}

// AllPolicyReasons lists the PolicyReasons of all stages, each once.
func AllPolicyReasons() []PolicyReason {
	var all []PolicyReason
	for _, stage := range Stages() {
		for _, reason := range PolicyReasons(stage) {
			if !slices.Contains(all, reason) {
				all = append(all, reason)
			}
		}
	}
	return all
}

// A TLSError says why a handshake or its certificate was not accepted.
type TLSError string

const (
	TLSNameMismatch     TLSError = "name_mismatch" // no DNS-ID covers the Policy Host (section 3.3)
	TLSExpired          TLSError = "expired"
	TLSNotYetValid      TLSError = "not_yet_valid"
	TLSSelfSigned       TLSError = "self_signed"
	TLSUnknownAuthority TLSError = "unknown_authority"
	TLSIncompleteChain  TLSError = "incomplete_chain"  // the issuer of the host's certificate was not sent
	TLSNoCertForName    TLSError = "no_cert_for_name"  // alert 112; or 80, 40 or 71 because of the name (docs/classes.md)
	TLSProtocolVersion  TLSError = "protocol_version"  // nothing of TLS 1.2 or higher
	TLSHandshakeFailure TLSError = "handshake_failure" // alert 40
	TLSAlert            TLSError = "alert"             // another alert
	TLSNotTLS           TLSError = "not_tls"           // the server does not speak TLS; see the finding plain_http
	TLSHandshakeTimeout TLSError = "handshake_timeout"
	TLSReset            TLSError = "reset"       // the connection ended during the handshake
	TLSOversize         TLSError = "oversize"    // oversized certificates, keys or chains
	TLSCertificate      TLSError = "certificate" // the certificate is unfit in another way
	TLSOther            TLSError = "other"
)

// TLSErrors lists every TLSError.
func TLSErrors() []TLSError {
	return []TLSError{
		TLSNameMismatch, TLSExpired, TLSNotYetValid, TLSSelfSigned, TLSUnknownAuthority, TLSIncompleteChain,
		TLSNoCertForName, TLSProtocolVersion, TLSHandshakeFailure, TLSAlert, TLSNotTLS, TLSHandshakeTimeout,
		TLSReset, TLSOversize, TLSCertificate, TLSOther,
	}
}
