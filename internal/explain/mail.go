package explain

import (
	"fmt"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// mail shows the MX hosts, TLS reports, DANE and delegation.
func (p *page) mail(row *output.Row) {
	if row.MXKind != "" {
		p.line("Mail", "%s", mxMeaning(row))
	}
	for i := range row.MX {
		p.mailHost(&row.MX[i])
	}
	for _, pattern := range row.MXUnused {
		p.line("", "no host needs mx %s", pattern)
	}
	if row.TLSRPT != "" {
		p.prose("TLSRPT", classText(row.TLSRPT, row.TLSRPTReason, tlsrptMeaning(codes.TLSRPTReason(row.TLSRPTReason))))
		for _, rua := range row.RUA {
			if _, err := mtasts.ParseRUA(rua); err != nil || row.TLSRPT != string(codes.RecordValid) {
				p.line("", "reports do not go to %s", rua)
				continue
			}
			p.line("", "reports go to %s", rua)
		}
	}
	if row.DANE != "" && row.DANE != string(codes.DANENone) {
		p.line("DANE", "%s: MX hosts with usable TLSA records and DNSSEC", row.DANE)
	}
	if to := delegates(row); to != "" {
		p.line("Run by", "%s", to)
	}
	if row.WildcardSuspected != nil && *row.WildcardSuspected {
		p.line("Wildcard", "a random name beside the record has an MTA-STS record too")
	}
}

func mxMeaning(row *output.Row) string {
	switch {
	case row.MXKind == string(codes.MXHosts) && *row.MXCount == 1:
		return "1 MX record"
	case row.MXKind == string(codes.MXHosts):
		return fmt.Sprintf("%d MX records", *row.MXCount)
	}
	return wordOr(map[codes.MXKind]string{
		codes.MXImplicit: "no MX records: the domain itself is the host (RFC 5321, section 5.1)",
		codes.MXNull:     "the null MX: the domain accepts no mail (RFC 7505)",
		codes.MXPseudo:   "MX records that name no host",
		codes.MXNone:     "neither MX records nor an address",
	}, codes.MXKind(row.MXKind), "unknown ("+row.MXReason+")")
}

func (p *page) mailHost(h *output.MXHost) {
	mark, says := "", ""
	switch {
	case h.Matched != nil && *h.Matched:
		mark, says = markGood, ", covered"
	case h.Matched != nil:
		mark, says = markFail, ", not covered (section 4.1)"
	}
	p.marked("", mark, fmt.Sprintf("%d %s%s", h.Preference, h.Host, says))
	if h.STARTTLS != nil {
		mark := wordOr(map[codes.STARTTLS]string{
			codes.STARTTLSOK: markGood, codes.STARTTLSNotOffered: markFail, codes.STARTTLSRejected: markFail,
			codes.STARTTLSHandshake: markFail, codes.STARTTLSCertificate: markFail,
		}, codes.STARTTLS(*h.STARTTLS), markUnknown)
		p.marked("", mark, "  "+probeMeaning(h))
	}
	if h.TLSA == nil {
		return
	}
	switch codes.TLSA(*h.TLSA) {
	case codes.TLSAUsable, codes.TLSAUnusable, codes.TLSAUnknown:
		p.marked("", "", "  TLSA records: "+*h.TLSA)
	}
}

// delegates says which other parties run the two names.
func delegates(row *output.Row) string {
	var parts []string
	if row.Provider != "" {
		parts = append(parts, row.Provider)
	}
	if row.RecordDelegatedTo != "" {
		parts = append(parts, "record at "+row.RecordDelegatedTo)
	}
	if row.HostDelegatedTo != "" {
		parts = append(parts, "policy at "+row.HostDelegatedTo)
	}
	return strings.Join(parts, ", ")
}

// probeMeaning says how the probe of a host ended.
func probeMeaning(h *output.MXHost) string {
	at := ""
	if h.Addr != nil {
		at = " at " + *h.Addr
	}
	reason := ""
	if h.TLSError != nil {
		reason = mxTLSMeaning(codes.TLSError(*h.TLSError))
	}
	code := ""
	if h.ReplyCode != nil {
		code = fmt.Sprintf(" (reply %d)", *h.ReplyCode)
	}
	switch codes.STARTTLS(*h.STARTTLS) {
	case codes.STARTTLSOK:
		return "TLS " + *h.TLSVersion + at + ", certificate for its name"
	case codes.STARTTLSCertificate, codes.STARTTLSHandshake:
		return strings.TrimPrefix(at+": ", " ") + reason
	case codes.STARTTLSRejected:
		return "STARTTLS offered and refused" + at + code
	case codes.STARTTLSNotOffered:
		if h.ReplyCode != nil {
			return "no STARTTLS" + at + ": EHLO is unknown" + code
		}
		return "no STARTTLS" + at
	case codes.STARTTLSRefused:
		return "the server refuses to talk" + at + code
	case codes.STARTTLSProtocol:
		return "what answers is not a mail server" + at
	case codes.STARTTLSTimeout:
		return "no answer in time" + at
	case codes.STARTTLSReset:
		return "the server ended the connection" + at
	}
	return wordOr(map[codes.STARTTLS]string{
		codes.STARTTLSNoConnection: "no connection to port 25: the network here may block it",
		codes.STARTTLSNoAddress:    "no address that can be contacted",
		codes.STARTTLSOptedOut:     "the host or its network asked not to be contacted",
	}, codes.STARTTLS(*h.STARTTLS), "unknown")
}
