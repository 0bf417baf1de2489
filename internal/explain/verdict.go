package explain

import (
	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// A check is a mark and what it is about.
type check struct{ mark, what string }

// verdictMeaning says what a verdict means for mail.
func verdictMeaning(row *output.Row) (mark, words string) {
	v := codes.Verdict(row.Verdict)
	if row.VerdictBasis == string(codes.BasisMX) {
		if mark, words := namesMeaning(v, row); words != "" {
			return mark, words
		}
	}
	meanings := map[codes.Verdict]check{
		codes.VerdictNoSTS:            {markNone, "no MTA-STS here"},
		codes.VerdictBroken:           {markFail, "published but unusable: mail is not protected"},
		codes.VerdictValidNone:        {markNone, "the policy asks for nothing (mode none)"},
		codes.VerdictTestingOK:        {markGood, "testing, and nothing fails"},
		codes.VerdictTestingWouldFail: {markWarn, "testing, and not ready for enforce"},
		codes.VerdictEnforceOK:        {markGood, "mail is protected"},
		codes.VerdictEnforcePartial:   {markWarn, "mail is protected, but some MX hosts get none"},
		codes.VerdictEnforceRefused:   {markFail, "mail would be refused"},
	}
	if meaning, ok := meanings[v]; ok {
		return meaning.mark, meaning.what
	}
	return markUnknown, "it could not be determined"
}

// namesMeaning is verdictMeaning where no certificate of a mail server backs a good verdict. It is empty
// where the verdict needs names only.
func namesMeaning(v codes.Verdict, row *output.Row) (mark, words string) {
	unseen := "; the certificates of the mail servers were not probed"
	if row.MXTLS == string(codes.MXTLSUnknown) {
		unseen = "; the certificates of the mail servers could not be seen"
	}
	switch {
	case takesNoMail(row):
		return markGood, "nothing to protect: the domain accepts no mail"
	case v == codes.VerdictEnforceOK:
		return markGood, "protected, judging by names" + unseen
	case v == codes.VerdictEnforcePartial:
		return markWarn, "protected, judging by names, but some MX hosts get no mail" + unseen
	case v == codes.VerdictTestingOK:
		return markGood, "testing, and nothing fails, judging by names" + unseen
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

// takesNoMail reports whether the domain has no MX host to protect.
func takesNoMail(row *output.Row) bool {
	match := codes.MXMatch(row.MXMatch)
	return match == codes.MatchNoMX || match == codes.MatchNullMX
}

// mostRefuse reports whether most senders refuse a valid policy, because of its media type.
func mostRefuse(row *output.Row) bool {
	return row.Policy == string(codes.PolicyValid) && row.Lenient != nil && !*row.Lenient
}

// mostUse reports whether most senders use the policy although its text breaks the grammar.
func mostUse(row *output.Row) bool {
	return row.PolicyStage == string(codes.StageSyntax) && row.Lenient != nil && *row.Lenient
}
