package codes

// A Connect is how an address of a Policy Host met a connection to port 443.
type Connect string

const (
	ConnectConnected   Connect = "connected"
	ConnectRefused     Connect = "refused"
	ConnectTimeout     Connect = "timeout"
	ConnectUnreachable Connect = "unreachable"
	ConnectReset       Connect = "reset"
	ConnectOther       Connect = "other"
)

// Connects lists every Connect. All but the first are reasons of stage tcp.
func Connects() []Connect {
	return []Connect{ConnectConnected, ConnectRefused, ConnectTimeout, ConnectUnreachable, ConnectReset, ConnectOther}
}

// A BodyFraming says how the end of an HTTP body was marked.
type BodyFraming string

const (
	FramingContentLength BodyFraming = "content_length"
	FramingChunked       BodyFraming = "chunked"
	FramingClose         BodyFraming = "close" // by closing: without close_notify, the body may be cut short
)

// BodyFramings lists every BodyFraming.
func BodyFramings() []BodyFraming {
	return []BodyFraming{FramingContentLength, FramingChunked, FramingClose}
}

// A TLSRPTResult is a result type of RFC 8460, section 4.3.2.2, for what a reporting sender would call a failure.
type TLSRPTResult string

const (
	TLSRPTPolicyFetchError TLSRPTResult = "sts-policy-fetch-error"
	TLSRPTPolicyInvalid    TLSRPTResult = "sts-policy-invalid"
	TLSRPTWebPKIInvalid    TLSRPTResult = "sts-webpki-invalid"
	TLSRPTValidation       TLSRPTResult = "validation-failure" // no pattern covers a host, or any other failure
	TLSRPTNoSTARTTLS       TLSRPTResult = "starttls-not-supported"
	TLSRPTCertName         TLSRPTResult = "certificate-host-mismatch"
	TLSRPTCertExpired      TLSRPTResult = "certificate-expired"
	TLSRPTCertNotTrusted   TLSRPTResult = "certificate-not-trusted"
)

// TLSRPTResults lists every TLSRPTResult.
func TLSRPTResults() []TLSRPTResult {
	return []TLSRPTResult{
		TLSRPTPolicyFetchError, TLSRPTPolicyInvalid, TLSRPTWebPKIInvalid, TLSRPTValidation, TLSRPTNoSTARTTLS,
		TLSRPTCertName, TLSRPTCertExpired, TLSRPTCertNotTrusted,
	}
}

// Result is the result type of RFC 8460 for a retrieval that ended at the stage for the reason. Only a
// certificate that was judged and refused makes a Policy Host invalid by PKIX: a handshake that ended in another
// way is a retrieval that failed, as it would be at any other stage. It is empty where a sender would not have
// ended there: the host or its network opted out of this survey, or it is this machine that lacks the address
// family.
func Result(s Stage, r PolicyReason) TLSRPTResult {
	switch {
	case s == StageDNS && r == ReasonOptedOut, s == StageTCP && r.LacksFamily():
		return ""
	case s == StageTLS && TLSError(r).ofCertificate():
		return TLSRPTWebPKIInvalid
	case s == StageSyntax:
		return TLSRPTPolicyInvalid
	}
	return TLSRPTPolicyFetchError
}

// ofCertificate reports whether the certificate or its chain was judged and refused.
func (e TLSError) ofCertificate() bool {
	switch e {
	case TLSNameMismatch, TLSExpired, TLSNotYetValid, TLSSelfSigned, TLSUnknownAuthority, TLSIncompleteChain,
		TLSCertificate:
		return true
	}
	return false
}
