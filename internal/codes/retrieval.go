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

// A Standstill is why the admission of names stands still: what it waits for.
type Standstill string

const (
	StandstillWindow  Standstill = "window"  // as many questions are in flight as the resolvers bear, or as may be
	StandstillWaiting Standstill = "waiting" // as many questions wait for silent servers as may
	StandstillRate    Standstill = "rate"    // the limit of questions per second
	StandstillPause   Standstill = "pause"   // every resolver is stopped
	StandstillSlots   Standstill = "slots"   // as many names are under way as may, most of them with the resolvers
	StandstillSurveys Standstill = "surveys" // as many names are under way as may, most of them being surveyed
	StandstillDisk    Standstill = "disk"    // as many names are under way as may, most of them rows to be written
	StandstillBudget  Standstill = "budget"  // octets: what strangers sent takes as much memory as it may
	StandstillParts   Standstill = "parts"   // as many parts are open as may
	StandstillSource  Standstill = "source"  // no name is there yet, or none whose Policy Host may be asked now
)

// Standstills lists every Standstill.
func Standstills() []Standstill {
	return []Standstill{
		StandstillWindow, StandstillWaiting, StandstillRate, StandstillPause, StandstillSlots, StandstillSurveys,
		StandstillDisk, StandstillBudget, StandstillParts, StandstillSource,
	}
}
