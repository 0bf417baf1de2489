package explain

import (
	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// senders says what a sender that meets the domain for the first time would do.
func senders(row *output.Row) string {
	switch codes.Record(row.Record) {
	case codes.RecordUnknown:
		return "unknown: without an answer, they deliver as if there were no MTA-STS"
	case codes.RecordAbsent:
		return "deliver without MTA-STS: TLS where offered, unverified"
	case codes.RecordMultiple:
		return "deliver without MTA-STS: more than one record counts as none (section 3.1)"
	case codes.RecordInvalid:
		return "deliver without MTA-STS: the record does not count (section 3.1)"
	}
	if codes.PolicyReason(row.PolicyReason).LacksFamily() {
		return "unknown: those that reach the policy host may get its policy"
	}
	if row.Limited() {
		return "unknown: those that fail as this client did deliver without MTA-STS; those that support more may get a policy"
	}
	if row.Policy == string(codes.PolicyUnknown) || row.PolicyReason == string(codes.ReasonOptedOut) {
		return "unknown: those that get no policy either deliver as if there were no MTA-STS"
	}
	if mostUse(row) {
		return "most use the policy anyway (docs/lenient.md); the others deliver without MTA-STS"
	}
	if row.Policy != string(codes.PolicyValid) {
		return "deliver without MTA-STS, for want of a policy, unless they have an older one in their cache (section 3.3)"
	}
	if takesNoMail(row) {
		return "have nothing to deliver: the domain accepts no mail"
	}
	if mostRefuse(row) {
		return "most deliver without MTA-STS, since the policy is not served as text/plain (section 3.2); " +
			"the others " + policySenders(row)
	}
	return policySenders(row)
}

// policySenders says what a sender does that uses the policy.
func policySenders(row *output.Row) string {
	verdict := codes.Verdict(row.Verdict)
	if verdict == codes.VerdictTestingOK && row.VerdictBasis == string(codes.BasisMX) {
		return "deliver, and judging by names have nothing to report (section 5)"
	}
	other := "deliver only to MX hosts that match the patterns above, over TLS, with a " +
		"certificate for their name (sections 4 and 5)"
	if row.Mode == string(codes.ModeTesting) {
		other = "deliver anyway, and report MX hosts that do not match (section 5)"
	}
	return wordOr(map[codes.Verdict]string{
		codes.VerdictEnforceRefused: "do not deliver: no MX host meets the policy; mail waits, then bounces (sections 4 and 5)",
		codes.VerdictEnforcePartial: "deliver over TLS to the MX hosts that meet the policy, and to no others: " +
			"if those are down, mail waits (sections 4 and 5)",
		codes.VerdictTestingWouldFail: "deliver anyway, and report the MX hosts that fail; " +
			"in mode enforce these would get no mail (section 5)",
		codes.VerdictTestingOK: "deliver, and have nothing to report (section 5)",
		codes.VerdictValidNone: "deliver without MTA-STS, as the policy asks (mode none, section 5)",
	}, verdict, other)
}
