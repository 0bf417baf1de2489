package output

import (
	"slices"

	"stsscan/internal/codes"
)

// Transient says whether what the row reports may mend by itself or be other at
// another resolver, so that asking again makes sense. Of a record that is
// unknown, loops and filters will not; of a policy, what servers say plainly,
// certificates among it, will not either.
func (r *Row) Transient() bool {
	if mailMends(codes.RecordReason(r.MXReason)) || mailMends(codes.RecordReason(r.TLSRPTReason)) || r.DANEMends() {
		return true
	}
	switch codes.Record(r.Record) {
	case codes.RecordValid, codes.RecordInvalid, codes.RecordMultiple:
		if r.WildcardSuspected == nil { // nobody said whether there is a wildcard
			return true
		}
	}
	switch codes.Record(r.Record) {
	case codes.RecordValid:
		if slices.Contains(r.Findings, string(codes.FindClientLimit)) {
			return true // by then it may be known that others are served at the address
		}
		return policyMends(codes.Stage(r.PolicyStage), codes.PolicyReason(r.PolicyReason), r.HTTPStatus)
	case codes.RecordUnknown:
		switch codes.RecordReason(r.RecordReason) {
		case codes.RecordCNAMELoop, codes.RecordCNAMETooLong, codes.RecordFiltered:
			return false
		}
		return true
	}
	return false
}

// DANEMends reports whether there would be another word for DANE if somebody had
// told of the TLSA records of each host.
func (r *Row) DANEMends() bool {
	untold := func(h MXHost) bool { return h.TLSA != nil && *h.TLSA == string(codes.TLSAUnknown) }
	switch codes.DANE(r.DANE) {
	case codes.DANEUnknown:
		return true
	case codes.DANESome:
		return slices.ContainsFunc(r.MX, untold)
	}
	return false
}

// mailMends is Transient for what the DNS said of the mail side.
func mailMends(reason codes.RecordReason) bool {
	switch reason {
	case codes.RecordServfail, codes.RecordRefused, codes.RecordTimeout, codes.RecordMalformed, codes.RecordTruncated, codes.RecordReferral,
		codes.RecordOther: // so TLSRPT has it, and hosts without MX: malformed, as often as not
		return true
	}
	return false
}

// policyMends is Transient for a policy; the status is nil where there was none.
func policyMends(stage codes.Stage, reason codes.PolicyReason, status *int32) bool {
	switch stage {
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

// Limited reports whether what kept the policy away may be a limit of this client:
// others may well get it.
func (r *Row) Limited() bool {
	return slices.ContainsFunc(r.Findings, func(f string) bool {
		return slices.Contains(codes.ClientLimits(), codes.Finding(f))
	})
}
