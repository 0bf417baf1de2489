package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// A page is what lookup shows of one domain: a column of labels, a column of
// what was seen, and at most 80 columns of its own words. Colour, where it is
// wanted, says again what words say.
type page struct {
	text   strings.Builder
	colour bool
}

// line writes a label, or none to continue, and a text that may hold strings
// of strangers: whatever a terminal would obey is escaped.
func (p *page) line(label, format string, args ...any) {
	text := printable(fmt.Sprintf(format, args...))
	fmt.Fprintf(&p.text, "  %-9s %s\n", label, text)
}

// pageWidth bounds the page's own words; what was seen is never cut or broken.
const pageWidth = 80

// prose writes words of ours, broken to the width of the page.
func (p *page) prose(label, text string) {
	p.indented(label, "", text)
}

// indented writes prose that stands a little to the right of what it is about.
func (p *page) indented(label, indent, text string) {
	for _, line := range wrapped(text, len(indent)) {
		p.line(label, "%s%s", indent, line)
		label = ""
	}
}

// wrapped breaks words of ours into lines of the width of the page, each of which
// begins with so many spaces.
func wrapped(text string, indent int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len("  123456789 ")+indent+len(line)+1+len(word) > pageWidth {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}

// writePage writes the page of a row, and of what was found elsewhere than the record
// belongs, if anybody looked.
func writePage(w io.Writer, row *output.Row, elsewhere []mtasts.Elsewhere, colour bool) error {
	p := page{colour: colour}
	fmt.Fprintln(&p.text, people(row.Domain))
	p.overview(row)
	p.record(row)
	p.elsewhere(elsewhere)
	if row.Policy != string(codes.PolicyNotFetched) {
		p.host(row)
		p.response(row)
		p.policy(row)
	}
	p.mail(row)
	p.findings(row)
	p.senders(row)
	label := "Change"
	for _, text := range advice(row, elsewhere) {
		p.prose(label, text)
		label = ""
	}
	_, err := io.WriteString(w, p.text.String())
	return err
}

func (p *page) host(row *output.Row) {
	p.line("Host", "mta-sts.%s", row.Domain)
	for _, alias := range row.HostCNAMEs {
		p.line("", "alias of %s", alias)
	}
	if len(row.HostAddrs) > 0 {
		more := ""
		if row.HostAddrsCount != nil && int(*row.HostAddrsCount) > len(row.HostAddrs) {
			more = fmt.Sprintf(" and %d more", int(*row.HostAddrsCount)-len(row.HostAddrs))
		}
		p.line("", "addresses %s%s", strings.Join(row.HostAddrs, ", "), more)
	}
	for i, addr := range row.TriedAddrs {
		if row.TriedOutcomes[i] == string(codes.ConnectConnected) {
			p.line("", "connected to %s in %d ms", addr, row.TriedMS[i])
		} else {
			p.line("", "%s: %s after %d ms", addr, row.TriedOutcomes[i], row.TriedMS[i])
		}
	}
	if row.TLSVersion != "" {
		group := cmp.Or(row.TLSGroup, "static RSA") // alone has none
		p.line("", "TLS %s, %s, %s, in %d ms", row.TLSVersion, row.TLSCipher, group, *row.TLSMS)
	}
	if row.TLSAlert != nil {
		p.line("", "TLS alert %d (RFC 8446, section 6)", *row.TLSAlert)
	}
	if row.CertSHA256 == "" {
		return
	}
	names := strings.Join(row.CertNames, ", ")
	if more := int(*row.CertNamesCount) - len(row.CertNames); more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	p.line("", "certificate for %s", names)
	p.line("", "issued by %s", row.CertIssuer)
	p.line("", "valid %s to %s", dateOnly(row.CertNotBefore), dateOnly(row.CertNotAfter))
}

func (p *page) response(row *output.Row) {
	if row.HTTPStatus == nil {
		return
	}
	p.line("Response", "HTTP status %d in %d ms", *row.HTTPStatus, *row.HTTPMS)
	if row.HTTPLocation != "" {
		p.line("", "points to %s (never followed: section 3.3)", row.HTTPLocation)
	}
	if row.ContentType != "" {
		p.line("", "media type %s", row.ContentType)
	}
	if row.ContentEncoding != "" {
		p.line("", "content encoding %s", row.ContentEncoding)
	}
	if row.BodyBytes != nil {
		p.line("", "body of %d bytes", *row.BodyBytes)
	}
}

func (p *page) policy(row *output.Row) {
	reason := row.PolicyReason
	if row.PolicyStage != "" {
		reason = row.PolicyStage + ": " + reason
	}
	p.prose("Policy", verdictOf(row.Policy, reason, policyWords(codes.Stage(row.PolicyStage), codes.PolicyReason(row.PolicyReason))))
	if row.PolicyStage == string(codes.StageSyntax) {
		p.detail(mtasts.ReadPolicy(row.PolicyText).Err)
	}
	if row.Mode != "" {
		p.line("", "mode %s", row.Mode)
	}
	if row.MaxAge != nil {
		p.line("", "max_age %d (%s)", *row.MaxAge, days(*row.MaxAge))
	}
	for _, pattern := range row.MXPatterns {
		p.line("", "mx %s", mtasts.MXPattern(pattern).Unicode())
	}
	for _, extension := range row.PolicyExtensions {
		p.line("", "also %s", extension)
	}
}

// findings lists every oddity, those that do no harm last.
func (p *page) findings(row *output.Row) {
	label := "Findings"
	list := slices.Clone(row.Findings)
	slices.SortStableFunc(list, func(a, b string) int { return harmless(a) - harmless(b) })
	for _, code := range list {
		p.line(label, "%s", code)
		if words := findingWords(codes.Finding(code)); words != "" {
			p.indented("", "  ", words)
		}
		label = ""
	}
	if row.TLSRPTResult != "" && !row.Limited() {
		p.line("Reports", "senders that report would say %s (RFC 8460)", row.TLSRPTResult)
	}
}

func (p *page) senders(row *output.Row) { p.prose("Senders", senderWords(row)) }

// verdictOf puts a class, its reason and its meaning on one line.
func verdictOf(class, reason, words string) string {
	text := class
	if reason != "" {
		text += " (" + reason + ")"
	}
	if words != "" {
		text += ": " + words
	}
	return text
}

// people shows a domain with its Unicode form beside it where it has one.
func people(domain string) string { return mtasts.UnicodeName(domain) }

func texts(raw [][]byte) []string {
	var texts []string
	for _, text := range raw {
		texts = append(texts, string(text))
	}
	return texts
}

// days is a duration in seconds as people say it.
func days(seconds int64) string {
	const day = 24 * 60 * 60
	switch {
	case seconds >= 2*day:
		return fmt.Sprintf("%d days", seconds/day)
	case seconds >= 2*60*60:
		return fmt.Sprintf("%d hours", seconds/(60*60))
	}
	return fmt.Sprintf("%d minutes", seconds/60)
}
