// Package explain says what a row of the table means and what to do about it. It writes the page that
// lookup shows of a domain: a mark for each check, what senders do (RFC 8461, sections 4 and 5), and what
// to change, with the section that requires it, and the record or policy that would be right. It also writes the
// summary of a run, and lists what the words of the table mean and what to change about them, which the report shows
// beside them.
//
// It asks no questions and judges nothing anew: rows and the manifest of a run are all it reads.
package explain

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

//go:generate go test -run ^TestMeaningsFile$ -update .

// Meanings says what the words of rows mean, by set: the reasons of "record" and "tlsrpt", those of each stage of
// a retrieval ("tls" and so on), and the columns of their own: "verdict", "finding", "policy", "mode", "mx_match" and
// "stage". Words that explain themselves are left out.
func Meanings() map[string]map[string]string {
	all := map[string]map[string]string{
		"record":   meanings(codes.RecordReasons(), recordMeaning),
		"tlsrpt":   meanings(codes.TLSRPTReasons(), tlsrptMeaning),
		"finding":  meanings(codes.Findings(), findingMeaning),
		"policy":   meanings(codes.Policies(), policyClassMeaning),
		"mode":     meanings(codes.Modes(), modeMeaning),
		"mx_match": meanings(codes.MXMatches(), matchMeaning),
		"stage":    meanings(codes.Stages(), stageMeaning),
		"verdict": meanings(codes.Verdicts(), func(v codes.Verdict) string {
			_, words := verdictMeaning(&output.Row{Verdict: string(v)})
			return words
		}),
	}
	for _, stage := range codes.Stages() {
		all[string(stage)] = meanings(codes.PolicyReasons(stage), func(r codes.PolicyReason) string {
			return policyMeaning(stage, r)
		})
	}
	return all
}

// meanings are the texts of a set of words, without the empty ones.
func meanings[Word ~string](set []Word, meaning func(Word) string) map[string]string {
	texts := make(map[string]string)
	for _, word := range set {
		texts[string(word)] = meaning(word)
	}
	maps.DeleteFunc(texts, func(_, text string) bool { return text == "" })
	return texts
}

// WritePage writes the page of a domain, for people.
func (l Lookup) WritePage(w io.Writer, colour bool) error {
	p, row := page{colour: colour}, l.Row
	fmt.Fprintln(&p.text, mtasts.UnicodeName(row.Domain))
	p.overview(row)
	p.record(row)
	p.elsewhere(l.Elsewhere)
	if row.Policy != string(codes.PolicyNotFetched) {
		p.policyHost(row)
		if agent := l.sentAgent(); agent != "" {
			p.line("Request", "sent as User-Agent: %s", agent)
		}
		p.response(row)
		p.policy(row)
	}
	p.mail(row)
	p.findings(row)
	p.prose("Senders", senders(row))
	label := "Change"
	for _, text := range advice(row, l.Elsewhere) {
		p.prose(label, text)
		label = ""
	}
	p.correction(row, l.Now)
	_, err := fmt.Fprintln(w, strings.TrimRight(p.text.String(), "\n"))
	return err
}

// findings lists all findings, harmless ones last.
func (p *page) findings(row *output.Row) {
	label := "Findings"
	list := slices.Clone(row.Findings)
	last := func(code string) int {
		if harmless(codes.Finding(code)) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(list, func(a, b string) int { return last(a) - last(b) })
	for _, code := range list {
		p.line(label, "%s", code)
		if words := findingMeaning(codes.Finding(code)); words != "" {
			p.indented("", "  ", words)
		}
		label = ""
	}
	if row.TLSRPTResult != "" && !row.Limited() {
		p.line("Reports", "a report would say %s (RFC 8460)", row.TLSRPTResult)
	}
}

// overview shows the verdict and each check with its mark.
func (p *page) overview(row *output.Row) {
	mark, words := verdictMeaning(row)
	lines := wrapped(row.Verdict+": "+words, 0)
	lines[0] = p.paint(mark, row.Verdict) + strings.TrimPrefix(lines[0], row.Verdict)
	label := "Verdict"
	for _, line := range lines {
		fmt.Fprintf(&p.text, "  %-9s %s\n", label, line)
		label = ""
	}
	if row.VerdictBasis != "" {
		p.line("", "judged by %s", basisMeaning(codes.Basis(row.VerdictBasis)))
	}
	if mostRefuse(row) {
		p.line("", "most senders refuse the policy: it is not served as text/plain")
	}
	if mostUse(row) {
		p.line("", "by the letter of the RFC: most senders use the policy anyway")
	}
	label = "Checks"
	for _, c := range checks(row) {
		p.marked(label, c.mark, c.what)
		label = ""
	}
}
