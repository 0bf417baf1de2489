package explain

import (
	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// senders says what a sender that meets the domain for the first time
// would do.
func senders(row *output.Row) string {
	switch codes.Record(row.Record) {
	case codes.RecordUnknown:
		return "unknown: without an answer, senders deliver as if there were no MTA-STS"
	case codes.RecordAbsent:
		return "deliver without MTA-STS: TLS where offered, unverified"
	case codes.RecordMultiple:
		return "deliver without MTA-STS: more than one record counts as none (section 3.1)"
	case codes.RecordInvalid:
		return "deliver without MTA-STS: the record does not count (section 3.1)"
	}
	if codes.PolicyReason(row.PolicyReason).LacksFamily() {
		return "unknown: those that reach the policy host may well have its policy"
	}
	if row.Limited() {
		return "unknown: those that fail as this client did deliver without MTA-STS; those that can do more may find a policy"
	}
	if row.Policy == string(codes.PolicyUnknown) || row.PolicyReason == string(codes.ReasonOptedOut) {
		return "unknown: those that get no policy either deliver as if there were no MTA-STS"
	}
	if mostUse(row) {
		return "most use the policy all the same (docs/lenient.md); the others deliver without MTA-STS"
	}
	if row.Policy != string(codes.PolicyValid) {
		return "deliver without MTA-STS: there is a record, and no policy to apply, " +
			"unless they have an older policy in their cache (section 3.3)"
	}
	if takesNoMail(row) {
		return "have nothing to deliver: the domain takes no mail"
	}
	if mostRefuse(row) {
		return "most deliver without MTA-STS, since the policy is not served as text/plain (section 3.2); " +
			"the others " + policySenders(row)
	}
	return policySenders(row)
}

// policySenders says what a sender does that uses the policy.
func policySenders(row *output.Row) string {
	switch codes.Verdict(row.Verdict) {
	case codes.VerdictEnforceRefused:
		return "do not deliver: no MX host passes what the policy asks for; mail waits, and goes back to who sent it " +
			"(sections 4 and 5)"
	case codes.VerdictEnforcePartial:
		return "deliver to the MX hosts that pass, over TLS, and to no other: should those be down, mail waits " +
			"(sections 4 and 5)"
	case codes.VerdictTestingWouldFail:
		return "deliver anyway, and report the MX hosts that fail; under enforce, mail to these would not be " +
			"delivered (section 5)"
	case codes.VerdictTestingOK:
		if row.VerdictBasis == string(codes.BasisMX) {
			return "deliver, and as far as names tell have nothing to report (section 5)"
		}
		return "deliver, and have nothing to report (section 5)"
	case codes.VerdictValidNone:
		return "deliver without MTA-STS, as the policy asks (mode none, section 5)"
	}
	if row.Mode == string(codes.ModeTesting) {
		return "deliver anyway, and report MX hosts that do not match (section 5)"
	}
	return "deliver only to MX hosts that match the patterns above, over TLS, with a " +
		"certificate for their name; to no other (sections 4 and 5)"
}
