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
func (m *Rows) FillDenial(row *output.Lean, name *domains.Name, a *resolver.Answer) {
	*row = output.Lean{
		Domain:           name.Domain,
		Rank:             name.Rank,
		List:             name.List,
		TLD:              tld(name.Domain),
		RegisteredDomain: m.suffixes.Registered(name.Domain),
		Record:           string(codes.RecordAbsent),
		RecordReason:     string(mtasts.NegativeReason(name.Domain, a.Rcode, a.Zone)),
		Error:            string(codes.ErrNoRecord),
		TXTCount:         &m.none,
		Zone:             a.Zone,
		Rcode:            resolver.RcodeName(a.Rcode),
		Authenticated:    &m.no,
		EDE:              ede(a.EDE),
		Attempts:         int32(a.Trace.Attempts),
		LookupMS:         *milliseconds(a.Trace.Elapsed),
		TCP:              a.Trace.TCP,
		Policy:           string(codes.PolicyNotFetched),
		Verdict:          string(codes.VerdictNoSTS),
		Pass:             1,
	}
	if a.Authenticated {
		row.Authenticated = &m.yes
	}
	if name.ListRank > 0 {
		row.ListRank = &name.ListRank
	}
}

// WithoutSOA reports whether a denial came without an SOA, which is a finding.
func WithoutSOA(lean *output.Lean) bool { return lean.Zone == "" }

// WholeDenial is the row of a denial, sharing no memory with the name.
func WholeDenial(lean *output.Lean, name *domains.Name) *output.Row {
	row := lean.Row()
	row.Tags = name.Tags
	if WithoutSOA(lean) {
		addFindings(row, codes.FindNegativeWithoutSOA)
	}
	if row.ListRank != nil {
		row.ListRank = new(name.ListRank)
	}
	return row
}

// denied is the row of a domain whose record was denied.
func (m *Rows) denied(name *domains.Name, a *resolver.Answer) *output.Row {
	var lean output.Lean
	m.FillDenial(&lean, name, a)
	row := WholeDenial(&lean, name)
	if a.Trace.Upstream.IsValid() {
		row.Resolver = a.Trace.Upstream.String()
	}
	return row
}
