package explain

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

func (p *page) policyHost(row *output.Row) {
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
		p.line("", "redirects to %s (not followed: section 3.3)", row.HTTPLocation)
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
	meaning := policyMeaning(codes.Stage(row.PolicyStage), codes.PolicyReason(row.PolicyReason))
	p.prose("Policy", classText(row.Policy, reason, meaning))
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

// dateOnly is a date of a certificate.
func dateOnly(t *time.Time) string {
	if t == nil {
		return "unknown"
	}
	return t.Format(time.DateOnly)
}
