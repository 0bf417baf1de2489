package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// Marks of checks: words, for those who hear the page and for those who see no
// colour.
const (
	markGood    = "ok"
	markWarn    = "warn"
	markFail    = "FAIL"
	markUnknown = "unknown"
	markNone    = "none" // nothing is there, and nothing has to be
)

// A check is one line of the overview.
type check struct{ mark, what string }

// colours reports whether a page for w may be coloured: on a terminal, unless
// its user would rather not (no-color.org).
func colours(w io.Writer) bool { return isTerminal(w) && os.Getenv("NO_COLOR") == "" }

// marked writes a text with a mark, or none, before its first line.
func (p *page) marked(label, mark, text string) {
	words := strings.TrimLeft(printable(text), " ")
	indent := strings.Repeat(" ", len(printable(text))-len(words))
	for _, line := range wrapped(words, len("1234567  ")+len(indent)) {
		fmt.Fprintf(&p.text, "  %-9s %s  %s%s\n", label, p.paint(mark, fmt.Sprintf("%-7s", mark)), indent, line)
		label, mark = "", ""
	}
}

// paint gives words of ours the colour of a mark.
func (p *page) paint(mark, words string) string {
	const green, yellow, red, plain = "\x1b[32m", "\x1b[33m", "\x1b[1;31m", "\x1b[0m"
	colour := map[string]string{markGood: green, markWarn: yellow, markFail: red}[mark]
	if !p.colour || colour == "" {
		return words
	}
	return colour + words + plain
}

// overview shows the verdict, and each check with its mark.
func (p *page) overview(row *output.Row) {
	mark, words := verdictWords(row)
	lines := wrapped(row.Verdict+": "+words, 0)
	lines[0] = p.paint(mark, row.Verdict) + strings.TrimPrefix(lines[0], row.Verdict)
	label := "Verdict"
	for _, line := range lines {
		fmt.Fprintf(&p.text, "  %-9s %s\n", label, line)
		label = ""
	}
	if row.VerdictBasis != "" {
		p.line("", "judged by %s", basisWords(codes.Basis(row.VerdictBasis)))
	}
	if mostRefuse(row) {
		p.line("", "most senders refuse the policy, since it is not served as text/plain")
	}
	if mostUse(row) {
		p.line("", "by the letter: most senders use the policy all the same")
	}
	label = "Checks"
	for _, c := range checks(row) {
		p.marked(label, c.mark, c.what)
		label = ""
	}
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

// verdictWords says in words what a verdict means for mail.
func verdictWords(row *output.Row) (mark, words string) {
	v := codes.Verdict(row.Verdict)
	if row.VerdictBasis == string(codes.BasisMX) {
		if mark, words := namesWords(v, row); words != "" {
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

// takesNoMail reports whether the domain has no MX host that the policy could be about.
func takesNoMail(row *output.Row) bool {
	match := codes.MXMatch(row.MXMatch)
	return match == codes.MatchNoMX || match == codes.MatchNullMX
}

// namesWords is verdictWords for what no certificate of a mail server vouches for;
// "" where names are all that it takes.
func namesWords(v codes.Verdict, row *output.Row) (mark, words string) {
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

func basisWords(b codes.Basis) string {
	switch b {
	case codes.BasisPolicy:
		return "record and policy"
	case codes.BasisMX:
		return "policy and names of MX hosts"
	}
	return "policy, names and certificates of MX hosts"
}

func checks(row *output.Row) []check {
	list := []check{{recordMark(row), "record at _mta-sts." + row.Domain}}
	if row.Policy != string(codes.PolicyNotFetched) {
		list = append(list, check{policyMark(row), "policy at mta-sts." + row.Domain})
	}
	if row.MXMatch != "" {
		list = append(list, check{matchMark(codes.MXMatch(row.MXMatch)), "MX hosts are covered by the policy"})
	}
	if row.MXTLS != "" {
		list = append(list, check{tlsMark(codes.MXTLS(row.MXTLS)), "MX hosts do TLS with a certificate for their name"})
	} else if len(row.MX) > 0 && row.MX[0].STARTTLS == nil && row.MXMatch != "" {
		list = append(list, check{markUnknown, "certificates of MX hosts: not probed (--probe-mx)"})
	}
	if row.TLSRPT != "" {
		list = append(list, check{reportMark(row), "reports of failures, TLSRPT (RFC 8460)"})
	}
	if row.DANE != "" {
		list = append(list, check{daneMark(codes.DANE(row.DANE)), "DANE for the MX hosts (RFC 7672)"})
	}
	return list
}

func recordMark(row *output.Row) string {
	switch codes.Record(row.Record) {
	case codes.RecordValid:
		return markGood
	case codes.RecordAbsent:
		return markNone
	case codes.RecordUnknown:
		return markUnknown
	}
	return markFail
}

func policyMark(row *output.Row) string {
	if row.Limited() || row.PolicyReason == string(codes.ReasonOptedOut) {
		return markUnknown
	}
	switch codes.Policy(row.Policy) {
	case codes.PolicyValid:
		if mostRefuse(row) {
			return markWarn
		}
		return markGood
	case codes.PolicyUnknown:
		return markUnknown
	}
	return markFail
}

func matchMark(m codes.MXMatch) string {
	switch m {
	case codes.MatchAll:
		return markGood
	case codes.MatchSome:
		return markWarn
	case codes.MatchUnknown:
		return markUnknown
	case codes.MatchNoMX, codes.MatchNullMX:
		return markNone
	}
	return markFail
}

func tlsMark(m codes.MXTLS) string {
	switch m {
	case codes.MXTLSAll:
		return markGood
	case codes.MXTLSSome:
		return markWarn
	case codes.MXTLSUnknown:
		return markUnknown
	}
	return markFail
}

func reportMark(row *output.Row) string {
	switch codes.Record(row.TLSRPT) {
	case codes.RecordValid:
		return markGood
	case codes.RecordUnknown:
		return markUnknown
	case codes.RecordAbsent:
		if row.Policy != string(codes.PolicyValid) {
			return markNone
		}
	}
	return markWarn
}

func daneMark(d codes.DANE) string {
	switch d {
	case codes.DANEAll:
		return markGood
	case codes.DANESome:
		return markWarn
	case codes.DANEUnknown:
		return markUnknown
	}
	return markNone
}

// harmless is 1 for a finding that nobody needs to do anything about.
func harmless(code string) int {
	switch codes.Finding(code) {
	case codes.FindLineFeedEnds, codes.FindNegativeWithoutSOA:
		return 1
	}
	return 0
}
