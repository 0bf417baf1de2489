package explain

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// WritePage writes what lookup shows of a row, and of misplaced records where there was a search.
func WritePage(w io.Writer, row *output.Row, elsewhere []mtasts.Elsewhere, colour bool) error {
	p := page{colour: colour}
	fmt.Fprintln(&p.text, mtasts.UnicodeName(row.Domain))
	p.overview(row)
	p.record(row)
	p.elsewhere(elsewhere)
	if row.Policy != string(codes.PolicyNotFetched) {
		p.policyHost(row)
		p.response(row)
		p.policy(row)
	}
	p.mail(row)
	p.findings(row)
	p.prose("Senders", senders(row))
	label := "Change"
	for _, text := range advice(row, elsewhere) {
		p.prose(label, text)
		label = ""
	}
	_, err := io.WriteString(w, p.text.String())
	return err
}

// findings lists all findings, harmless ones last.
func (p *page) findings(row *output.Row) {
	label := "Findings"
	list := slices.Clone(row.Findings)
	slices.SortStableFunc(list, func(a, b string) int { return harmless(a) - harmless(b) })
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

// harmless is 1 for a finding that needs no action.
func harmless(code string) int {
	switch codes.Finding(code) {
	case codes.FindLineFeedEnds, codes.FindNegativeWithoutSOA:
		return 1
	}
	return 0
}
