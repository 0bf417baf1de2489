package explain

import (
	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// verdictMeaning says in words what a verdict means for mail.
func verdictMeaning(row *output.Row) (mark, words string) {
	v := codes.Verdict(row.Verdict)
	if row.VerdictBasis == string(codes.BasisMX) {
		if mark, words := namesMeaning(v, row); words != "" {
			return mark, words
		}
	}
	switch v {
	case codes.VerdictNoSTS:
		return markNone, "no MTA-STS here"
	case codes.VerdictBroken:
		return markFail, "published, and of no use: mail goes unprotected"
	case codes.VerdictValidNone:
		return markNone, "the policy asks for nothing (mode none)"
	case codes.VerdictTestingOK:
		return markGood, "testing, and nothing fails"
	case codes.VerdictTestingWouldFail:
		return markWarn, "testing, and not ready for enforce"
	case codes.VerdictEnforceOK:
		return markGood, "mail is protected"
	case codes.VerdictEnforcePartial:
		return markWarn, "mail is protected, and some MX hosts get none"
	case codes.VerdictEnforceRefused:
		return markFail, "mail would be refused"
	}
	return markUnknown, "what there is could not be seen"
}

// namesMeaning is verdictMeaning for what no certificate of a mail server vouches for;
// "" where names are all that it takes.
func namesMeaning(v codes.Verdict, row *output.Row) (mark, words string) {
	unseen := "certificates of the mail servers were not probed"
	if row.MXTLS == string(codes.MXTLSUnknown) {
		unseen = "certificates of the mail servers could not be seen"
	}
	switch {
	case takesNoMail(row):
		return markGood, "nothing to protect: the domain takes no mail"
	case v == codes.VerdictEnforceOK:
		return markGood, "protected as far as names tell; " + unseen
	case v == codes.VerdictEnforcePartial:
		return markWarn, "protected as far as names tell, and some MX hosts get no mail; " + unseen
	case v == codes.VerdictTestingOK:
		return markGood, "testing, and nothing fails as far as names tell; " + unseen
	}
	return "", ""
}

func basisMeaning(b codes.Basis) string {
	switch b {
	case codes.BasisPolicy:
		return "record and policy"
	case codes.BasisMX:
		return "policy and names of MX hosts"
	}
	return "policy, names and certificates of MX hosts"
}

// takesNoMail reports whether the domain has no MX host that the policy could be about.
func takesNoMail(row *output.Row) bool {
	match := codes.MXMatch(row.MXMatch)
	return match == codes.MatchNoMX || match == codes.MatchNullMX
}

// mostRefuse reports whether most senders refuse the policy though it is valid: it is
// not served as text/plain.
func mostRefuse(row *output.Row) bool {
	return row.Policy == string(codes.PolicyValid) && row.Lenient != nil && !*row.Lenient
}

// mostUse reports whether most senders use the policy though its text breaks the grammar.
func mostUse(row *output.Row) bool {
	return row.PolicyStage == string(codes.StageSyntax) && row.Lenient != nil && *row.Lenient
}
