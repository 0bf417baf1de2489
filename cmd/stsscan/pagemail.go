package main

import (
	"fmt"
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
	markUnknown = "?"
	markNone    = "--" // nothing is there, and nothing has to be
)

// A check is one line of the overview.
type check struct{ mark, what string }

// overview shows the verdict, and each check with its mark.
func (p *page) overview(row *output.Row) {
	p.line("Verdict", "%s", row.Verdict)
	if row.VerdictBasis != "" {
		p.line("", "by %s", basisWords(codes.Basis(row.VerdictBasis)))
	}
	label := "Checks"
	for _, c := range checks(row) {
		p.line(label, "%-4s  %s", c.mark, c.what)
		label = ""
	}
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
		list = append(list, check{reportMark(row), "TLS reports (RFC 8460)"})
	}
	if row.DANE != "" {
		list = append(list, check{daneMark(codes.DANE(row.DANE)), "DANE (RFC 7672)"})
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
	switch codes.Policy(row.Policy) {
	case codes.PolicyValid:
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

// mail shows the MX hosts, TLS reports, DANE and delegation.
func (p *page) mail(row *output.Row) {
	if row.MXKind != "" {
		p.line("Mail", "%s", mailWords(row))
	}
	for i := range row.MX {
		p.mailHost(&row.MX[i])
	}
	for _, pattern := range row.MXUnused {
		p.line("", "no host needs mx %s", pattern)
	}
	if row.TLSRPT != "" {
		p.line("TLSRPT", "%s", verdictOf(row.TLSRPT, row.TLSRPTReason, reportWords(codes.TLSRPTReason(row.TLSRPTReason))))
		for _, rua := range row.RUA {
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

func mailWords(row *output.Row) string {
	switch codes.MXKind(row.MXKind) {
	case codes.MXHosts:
		if *row.MXCount == 1 {
			return "1 MX record"
		}
		return fmt.Sprintf("%d MX records", *row.MXCount)
	case codes.MXImplicit:
		return "no MX records: the domain itself is the host (RFC 5321, section 5.1)"
	case codes.MXNull:
		return "the null MX: no mail is taken (RFC 7505)"
	case codes.MXPseudo:
		return "MX records that name no host"
	case codes.MXNone:
		return "neither MX records nor an address"
	}
	return "unknown (" + row.MXReason + ")"
}

func (p *page) mailHost(h *output.MXHost) {
	text := fmt.Sprintf("%d %s", h.Preference, h.Host)
	if h.Matched != nil {
		mark, says := markGood, ", covered"
		if !*h.Matched {
			mark, says = markFail, ", not covered (section 4.1)"
		}
		text = fmt.Sprintf("%-4s  %s%s", mark, text, says)
	}
	p.line("", "%s", text)
	if h.STARTTLS != nil {
		mark := markFail
		switch codes.STARTTLS(*h.STARTTLS) {
		case codes.STARTTLSOK:
			mark = markGood
		case codes.STARTTLSRefused, codes.STARTTLSProtocol, codes.STARTTLSTimeout, codes.STARTTLSReset, codes.STARTTLSNoConnection,
			codes.STARTTLSNoAddress, codes.STARTTLSUnknown:
			mark = markUnknown
		}
		p.line("", "%-4s  %s", mark, probeWords(h))
	}
	if h.TLSA != nil && *h.TLSA != string(codes.TLSAAbsent) {
		p.line("", "      TLSA records: %s", *h.TLSA)
	}
}

// probeWords says in words how the probe of a host ended.
func probeWords(h *output.MXHost) string {
	at := ""
	if h.Addr != nil {
		at = " at " + *h.Addr
	}
	reason := ""
	if h.TLSError != nil {
		reason = tlsWords(codes.TLSError(*h.TLSError))
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
		return "no STARTTLS" + at
	case codes.STARTTLSRefused:
		return "the server does not talk to us" + at + code
	case codes.STARTTLSProtocol:
		return "what answers is no mail server" + at
	case codes.STARTTLSTimeout:
		return "no answer in time" + at
	case codes.STARTTLSReset:
		return "the server ended the connection" + at
	case codes.STARTTLSNoConnection:
		return "no connection to port 25: the way there may be closed"
	case codes.STARTTLSNoAddress:
		return "no address that can be contacted"
	}
	return "not known"
}

func reportWords(r codes.TLSRPTReason) string {
	switch r {
	case codes.TLSRPTRUAMissing:
		return "it names nobody to report to"
	case codes.TLSRPTRUAInvalid:
		return "rua must be mailto: or https:"
	case codes.TLSRPTBadVersion:
		return "it must begin with v=TLSRPTv1;"
	case codes.TLSRPTNXDomain, codes.TLSRPTNoData, codes.TLSRPTOtherTXT:
		return "nobody is told of failures"
	}
	return ""
}

// delegates says who runs the two names, where it is somebody else.
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
