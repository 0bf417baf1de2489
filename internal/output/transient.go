package output

import (
	"slices"

	"stsscan/internal/codes"
)

// Transient reports whether the row may change by itself, or with another resolver, so that it makes sense to ask
// again. Loops and filters stay, and so does what a server of a policy says plainly, by its certificate too.
func (r *Row) Transient() bool {
	if mailMends(codes.RecordReason(r.MXReason)) || mailMends(codes.RecordReason(r.TLSRPTReason)) || r.DANEMends() {
		return true
	}
	switch codes.Record(r.Record) {
	case codes.RecordValid, codes.RecordInvalid, codes.RecordMultiple:
		if r.WildcardSuspected == nil { // whether there is a wildcard is unknown
			return true
		}
	}
	switch codes.Record(r.Record) {
	case codes.RecordValid:
		if slices.Contains(r.Findings, string(codes.FindClientLimit)) {
			return true // others may be known to be served at the address by then
		}
		return r.PolicyMends()
	case codes.RecordUnknown:
		switch codes.RecordReason(r.RecordReason) {
		case codes.RecordCNAMELoop, codes.RecordCNAMETooLong, codes.RecordFiltered:
			return false
		}
		return true
	}
	return false
}

// DANEMends reports whether DANE may change once the TLSA records of every host are known.
func (r *Row) DANEMends() bool {
	unknown := func(h MXHost) bool { return h.TLSA != nil && *h.TLSA == string(codes.TLSAUnknown) }
	switch codes.DANE(r.DANE) {
	case codes.DANEUnknown:
		return true
	case codes.DANESome:
		return slices.ContainsFunc(r.MX, unknown)
	}
	return false
}

// mailMends is Transient for what DNS said of the mail side.
func mailMends(reason codes.RecordReason) bool {
	switch reason {
	case codes.RecordServfail, codes.RecordRefused, codes.RecordTimeout, codes.RecordMalformed,
		codes.RecordTruncated, codes.RecordReferral,
		codes.RecordOther: // of TLSRPT, and of hosts without MX: often a malformed answer
		return true
	}
	return false
}

// PolicyMends is Transient for the policy alone.
func (r *Row) PolicyMends() bool {
	reason, status := codes.PolicyReason(r.PolicyReason), r.HTTPStatus
	switch codes.Stage(r.PolicyStage) {
	case codes.StageDNS:
		switch reason {
		case codes.ReasonServfail, codes.ReasonRefused, codes.ReasonTimeout, codes.ReasonOther:
			return true
		}
	case codes.StageTCP:
		return !reason.LacksFamily()
	case codes.StageTLS:
		return reason == codes.PolicyReason(codes.TLSHandshakeTimeout) || reason == codes.PolicyReason(codes.TLSReset)
	case codes.StageHTTP:
		switch reason {
		case codes.ReasonTimeout, codes.ReasonReset, codes.ReasonServerError:
			return true
		}
		const requestTimeout, tooManyRequests = 408, 429 // RFC 9110, section 15.5.9; RFC 6585, section 4
		return status != nil && (*status == requestTimeout || *status == tooManyRequests)
	case codes.StageBody:
		switch reason {
		case codes.ReasonTimeout, codes.ReasonReset, codes.ReasonTruncated:
			return true
		}
	}
	return false
}

// Limited reports whether a limit of this client may be why there is no policy: others may get it.
func (r *Row) Limited() bool {
	return slices.ContainsFunc(r.Findings, func(f string) bool {
		return slices.Contains(codes.ClientLimits(), codes.Finding(f))
	})
}
