package verify

import (
	"fmt"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// checkMail checks the columns of the mail side against their evidence.
func (o *discrepancies) checkMail(row *output.Row) {
	o.checkFirstProbes(row)
	o.checkReports(row)
	o.checkHosts(row)
	o.checkDelegation(row)
	o.checkDANE(row)
	o.checkVerdict(row, o.checkCoverage(row))
}

// checkFirstProbes checks that only hosts with a doubtful first probe have a second one.
func (o *discrepancies) checkFirstProbes(row *output.Row) {
	for _, h := range row.MX {
		if h.FirstSTARTTLS == nil {
			continue
		}
		o.want(codes.STARTTLS(*h.FirstSTARTTLS).Doubtful(), "the first probe of %s ended in %s, and there was a second",
			h.Host, *h.FirstSTARTTLS)
		o.want(h.STARTTLS != nil || row.Pending != "", "first_starttls of %s is %s, and there is no second", h.Host,
			*h.FirstSTARTTLS)
	}
}

// checkReports reads the TLSRPT record again (RFC 8460, section 3).
func (o *discrepancies) checkReports(row *output.Row) {
	count := int32(len(row.TLSRPTTXT))
	if row.TLSRPTTXTCount != nil { // older versions did not count
		o.want(*row.TLSRPTTXTCount >= count, "tlsrpt_txt_count is %d, and there are %d", *row.TLSRPTTXTCount, count)
		count = *row.TLSRPTTXTCount
	}
	switch {
	case count > int32(len(row.TLSRPTTXT)):
		return // not all of it was kept
	case len(row.TLSRPTTXT) == 0:
		o.want(row.TLSRPT == "" || row.TLSRPT == string(codes.RecordAbsent) || row.TLSRPT == string(codes.RecordUnknown),
			"tlsrpt is %s, and there is no TXT record", row.TLSRPT)
		return
	}
	txts := make([]string, len(row.TLSRPTTXT))
	for i, txt := range row.TLSRPTTXT {
		txts[i] = string(txt)
	}
	r := mtasts.ReadTLSRPT(txts)
	o.equal("tlsrpt", row.TLSRPT, string(r.Class))
	o.equal("tlsrpt_reason", row.TLSRPTReason, string(r.Reason))
	var uris []string
	for _, rua := range r.RUA {
		uris = append(uris, rua.URI)
	}
	o.want(!r.BadRUA || slices.Contains(row.Findings, string(codes.FindTLSRPTRUA)), "the finding %s is not there",
		codes.FindTLSRPTRUA)
	o.want(slices.Equal(row.RUA, uris), "rua is %+q, and the evidence says %+q", row.RUA, uris)
}

// mxOf is the MX RRset of a row.
func mxOf(row *output.Row) mtasts.MX {
	mx := mtasts.MX{Kind: codes.MXKind(row.MXKind), Authenticated: row.MXAuthenticated != nil && *row.MXAuthenticated}
	for _, h := range row.MX {
		mx.Hosts = append(mx.Hosts, mtasts.MXHost{Name: h.Host, Preference: uint16(h.Preference)})
	}
	return mx
}

func (o *discrepancies) checkHosts(row *output.Row) {
	mx := mxOf(row)
	hosts := slices.ContainsFunc(mx.Hosts, func(h mtasts.MXHost) bool { return !h.Pseudo() })
	switch mx.Kind {
	case codes.MXHosts:
		o.want(hosts, "mx_kind is mx, and there is no host")
	case codes.MXPseudo:
		o.want(!hosts && len(mx.Hosts) > 0, "mx_kind is pseudo, and mx says otherwise")
	case codes.MXImplicit:
		o.want(len(mx.Hosts) == 1 && mx.Hosts[0].Name == row.Domain, "mx_kind is implicit, and the host is not the domain")
	default:
		waits := row.Pending == string(codes.PendingManners) // such a row has only the hosts that it waits for
		o.want(len(mx.Hosts) == 0 || waits, "mx_kind is %s, and there are hosts", quoted(row.MXKind))
	}
}

// checkCoverage matches the patterns of a valid policy against the hosts again (section 4.1).
func (o *discrepancies) checkCoverage(row *output.Row) codes.MXMatch {
	if row.Policy != string(codes.PolicyValid) || row.MXKind == "" || len(row.MXPatterns) == 0 {
		o.want(row.MXMatch == "", "mx_match is %s, and there is nothing to match", row.MXMatch)
		return ""
	}
	patterns := make([]mtasts.MXPattern, len(row.MXPatterns))
	for i, p := range row.MXPatterns {
		patterns[i] = mtasts.MXPattern(p)
	}
	cover := mtasts.Cover(row.Domain, patterns, mxOf(row))
	o.equal("mx_match", row.MXMatch, string(cover.Match))
	o.equal("mismatch", row.Mismatch, string(cover.Mismatch))
	var unused []string
	for _, p := range cover.Unused {
		unused = append(unused, string(p))
	}
	o.want(slices.Equal(row.MXUnused, unused), "mx_unused is %+q, and the evidence says %+q", row.MXUnused, unused)
	for i, matched := range cover.Matched {
		got := row.MX[i].Matched
		o.want(got != nil && *got == matched, "matched of %s is %s, and the evidence says %v", row.MX[i].Host, truth(got),
			matched)
	}
	for _, f := range cover.Findings {
		o.want(slices.Contains(row.Findings, string(f)), "the finding %s is not there", f)
	}
	return cover.Match
}

func (o *discrepancies) checkDelegation(row *output.Row) {
	d := mtasts.ReadDelegation(row.Domain, row.CNAMEs, row.HostCNAMEs)
	if row.MXKind == "" && row.Delegation == "" && row.RecordDelegatedTo == "" && row.HostDelegatedTo == "" {
		return // the survey was put off before it came to this
	}
	o.equal("record_delegated_to", row.RecordDelegatedTo, d.RecordTo)
	o.equal("host_delegated_to", row.HostDelegatedTo, d.HostTo)
	if row.Delegation != "" {
		o.equal("delegation", row.Delegation, string(d.Class))
	}
}

// checkDANE reads the TLSA records again (RFC 7672).
func (o *discrepancies) checkDANE(row *output.Row) {
	records := make(map[string][]mtasts.TLSARecord)
	for _, text := range row.TLSARecords {
		host, rest, _ := strings.Cut(text, " ")
		record, err := mtasts.ParseTLSA(rest)
		if err != nil {
			*o = append(*o, fmt.Sprintf("tlsa_records: %v", err))
			continue
		}
		records[host] = append(records[host], record)
	}
	var classes []codes.TLSA
	for _, h := range row.MX {
		if h.TLSA == nil {
			continue
		}
		class := codes.TLSA(*h.TLSA)
		classes = append(classes, class)
		switch class {
		case codes.TLSAUsable, codes.TLSAUnusable:
			o.equal("tlsa of "+h.Host, string(class), string(mtasts.ClassTLSA(records[h.Host], true)))
		case codes.TLSAAbsent:
			o.want(records[h.Host] == nil, "%s has TLSA records, and its tlsa is absent", h.Host)
		}
	}
	if row.DANE != "" && row.MXKind != string(codes.MXUnknown) {
		o.equal("dane", row.DANE, string(mtasts.SummarizeDANE(mxOf(row).Authenticated, classes)))
	}
}

// checkVerdict computes the verdict again, by the decision table.
func (o *discrepancies) checkVerdict(row *output.Row, match codes.MXMatch) {
	if row.Verdict == "" || row.Pending != "" {
		return // an older version had no verdicts, and a provisional row has none yet
	}
	var probes []codes.STARTTLS
	for _, h := range row.MX {
		if h.STARTTLS != nil && h.Matched != nil && *h.Matched {
			probes = append(probes, codes.STARTTLS(*h.STARTTLS))
		}
	}
	o.equal("mx_tls", row.MXTLS, string(mtasts.SummarizeTLS(probes)))
	seen := mtasts.Observation{
		Record: codes.Record(row.Record), Policy: codes.Policy(row.Policy), Match: match, TLS: mtasts.SummarizeTLS(probes),
		OptedOut: row.PolicyReason == string(codes.ReasonOptedOut), Limited: row.Limited(),
	}
	if seen.Policy == codes.PolicyValid {
		seen.Mode = codes.Mode(row.Mode)
	}
	verdict, basis := mtasts.Decide(seen)
	o.equal("verdict", row.Verdict, string(verdict))
	o.equal("verdict_basis", row.VerdictBasis, string(basis))
}
