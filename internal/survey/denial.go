package survey

import (
	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// FillDenial fills the row of a domain without a record, from a plain denial alone. With WholeDenial it says the
// same as newRow, LookupRecord and fillLookup would.
func (m *Rows) FillDenial(row *output.Denial, name *domains.Name, a *resolver.Answer) {
	m.begin(row, name)
	row.Record = string(codes.RecordAbsent)
	row.RecordReason = string(mtasts.NegativeReason(name.Domain, a.Rcode, a.Zone))
	row.Error = string(codes.ErrNoRecord)
	row.TXTCount = m.number(0)
	if labels, ok := output.ZoneLabels(a.Zone, name.Domain); ok {
		row.ZoneLabels = m.number(int(labels))
	} else {
		row.Zone = a.Zone
	}
	row.Rcode = resolver.RcodeName(a.Rcode)
	row.Authenticated = &m.no
	row.EDE = ede(a.EDE)
	row.Attempts = int32(a.Trace.Attempts)
	row.LookupMS = *milliseconds(a.Trace.Elapsed)
	row.TCP = a.Trace.TCP
	row.Verdict = string(codes.VerdictNoSTS)
	if a.Authenticated {
		row.Authenticated = &m.yes
	}
	if name.ListRank > 0 {
		row.ListRank = &name.ListRank
	}
}

// WithoutSOA reports whether a denial came without an SOA, which is a finding.
func WithoutSOA(denial *output.Denial) bool { return denial.Zone == "" && denial.ZoneLabels == nil }

// WholeDenial is the row of a denial, sharing no memory with the name.
func WholeDenial(denial *output.Denial, name *domains.Name) *output.Row {
	row := denial.Row()
	row.Tags = name.Tags
	if WithoutSOA(denial) {
		addFindings(row, codes.FindNegativeWithoutSOA)
	}
	if row.ListRank != nil {
		row.ListRank = new(*row.ListRank)
	}
	return row
}

// denied is the row of a domain whose record was denied.
func (m *Rows) denied(name *domains.Name, a *resolver.Answer) *output.Row {
	var denial output.Denial
	m.FillDenial(&denial, name, a)
	row := WholeDenial(&denial, name)
	if a.Trace.Upstream.IsValid() {
		row.Resolver = a.Trace.Upstream.String()
	}
	return row
}
