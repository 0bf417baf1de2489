package mtasts

import "stsscan/internal/codes"

// An Observation is what a verdict depends on.
type Observation struct {
	Record   codes.Record
	Policy   codes.Policy
	Mode     codes.Mode    // of a valid policy
	OptedOut bool          // the policy was not fetched because its host or network opted out
	Limited  bool          // a limit of this client may have kept it from the policy
	Match    codes.MXMatch // "": not asked
	TLS      codes.MXTLS   // of the hosts that match; "": not probed
}

// Decide is what a compliant sender experiences when it meets the domain for the first time (RFC 8461, sections
// 3 to 5), and what that depends on: the first row of the table in docs/verdict.md that holds. A domain without
// MX hosts loses no mail by its policy.
func Decide(o Observation) (codes.Verdict, codes.Basis) {
	switch o.Record {
	case codes.RecordAbsent:
		return codes.VerdictNoSTS, ""
	case codes.RecordInvalid, codes.RecordMultiple:
		return codes.VerdictBroken, ""
	case codes.RecordValid:
	default:
		return codes.VerdictUnknown, ""
	}
	switch {
	case o.Policy == codes.PolicyUnknown, o.Policy == codes.PolicyNotFetched, o.OptedOut, o.Limited:
		return codes.VerdictUnknown, codes.BasisPolicy
	case o.Policy != codes.PolicyValid:
		return codes.VerdictBroken, codes.BasisPolicy
	}
	switch o.Mode {
	case codes.ModeTesting:
		return decideTesting(o)
	case codes.ModeEnforce:
		return decideEnforce(o)
	}
	return codes.VerdictValidNone, codes.BasisPolicy
}

func decideTesting(o Observation) (codes.Verdict, codes.Basis) {
	switch o.Match {
	case codes.MatchNullMX, codes.MatchNoMX:
		return codes.VerdictTestingOK, codes.BasisMX
	case codes.MatchSome, codes.MatchNone:
		return codes.VerdictTestingWouldFail, codes.BasisMX
	case codes.MatchAll:
	default:
		return codes.VerdictUnknown, codes.BasisPolicy
	}
	switch o.TLS {
	case codes.MXTLSSome, codes.MXTLSNone:
		return codes.VerdictTestingWouldFail, codes.BasisCertificates
	case codes.MXTLSAll:
		return codes.VerdictTestingOK, codes.BasisCertificates
	}
	return codes.VerdictTestingOK, codes.BasisMX
}

func decideEnforce(o Observation) (codes.Verdict, codes.Basis) {
	switch o.Match {
	case codes.MatchNullMX, codes.MatchNoMX:
		return codes.VerdictEnforceOK, codes.BasisMX
	case codes.MatchNone:
		return codes.VerdictEnforceRefused, codes.BasisMX
	case codes.MatchSome, codes.MatchAll:
	default:
		return codes.VerdictUnknown, codes.BasisPolicy
	}
	basis := codes.BasisCertificates
	if o.TLS == "" || o.TLS == codes.MXTLSUnknown {
		basis = codes.BasisMX
	}
	switch {
	case o.TLS == codes.MXTLSNone:
		return codes.VerdictEnforceRefused, basis
	case o.TLS == codes.MXTLSSome, o.Match == codes.MatchSome:
		return codes.VerdictEnforcePartial, basis
	}
	return codes.VerdictEnforceOK, basis
}

// SummarizeTLS sums up the probes of the hosts that a policy covers; "": none was probed.
func SummarizeTLS(probes []codes.STARTTLS) codes.MXTLS {
	good, bad, silent := 0, 0, 0
	for _, p := range probes {
		switch p {
		case codes.STARTTLSOK:
			good++
		case codes.STARTTLSCertificate, codes.STARTTLSHandshake, codes.STARTTLSRejected, codes.STARTTLSNotOffered:
			bad++
		default: // nothing is known: our own way to port 25 may be closed, or the host opted out
			silent++
		}
	}
	switch {
	case len(probes) == 0:
		return ""
	case good+bad == 0:
		return codes.MXTLSUnknown
	case bad == 0:
		return codes.MXTLSAll
	case good == 0 && silent == 0:
		return codes.MXTLSNone
	}
	return codes.MXTLSSome
}

// Result is the result type ([RFC 8460, section 4.3.2.2]) that a sender would report for the worst host of a
// valid policy; "": nothing fails. worst is the probe of a host that the policy covers, and reason that of its
// TLS failure.
//
// [RFC 8460, section 4.3.2.2]: https://www.rfc-editor.org/rfc/rfc8460#section-4.3.2.2
func Result(v codes.Verdict, o Observation, worst codes.STARTTLS, reason codes.TLSError) codes.TLSRPTResult {
	switch v {
	case codes.VerdictTestingWouldFail, codes.VerdictEnforcePartial, codes.VerdictEnforceRefused:
	default:
		return ""
	}
	if o.Match != codes.MatchAll {
		return codes.TLSRPTValidation
	}
	switch worst {
	case codes.STARTTLSNotOffered, codes.STARTTLSRejected:
		return codes.TLSRPTNoSTARTTLS
	case codes.STARTTLSCertificate:
		switch reason {
		case codes.TLSNameMismatch:
			return codes.TLSRPTCertName
		case codes.TLSExpired:
			return codes.TLSRPTCertExpired
		}
		return codes.TLSRPTCertNotTrusted
	}
	return codes.TLSRPTValidation
}
