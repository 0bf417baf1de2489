package pipeline

import (
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// A rowMaker begins rows. Nothing that it points to ever changes.
type rowMaker struct {
	common   output.Lean // what every row begins with
	suffixes *domains.Suffixes
	now      func() time.Time
	none     int32 // for rows to point to
	no, yes  bool
}

func newRowMaker(common output.Lean, now func() time.Time) *rowMaker {
	common.Policy, common.Pass = string(codes.PolicyNotFetched), 1
	return &rowMaker{common: common, suffixes: domains.NewSuffixes(), now: now, yes: true}
}

// observed is the time of a row: whole seconds, so that the column stays small.
func (m *rowMaker) observed() time.Time { return m.now().UTC().Truncate(time.Second) }

// begin makes row one that knows its domain and nothing else.
func (m *rowMaker) begin(row *output.Lean, name *domains.Name) {
	*row = m.common
	row.Domain, row.Rank, row.List, row.TLD = name.Domain, name.Rank, name.List, tld(name.Domain)
	row.RegisteredDomain = m.suffixes.Registered(name.Domain)
}

// newRow is a row that knows its domain and nothing else.
func (m *rowMaker) newRow(name *domains.Name) *output.Row {
	var lean output.Lean
	m.begin(&lean, name)
	row := lean.Row()
	row.Tags = name.Tags
	row.Verdict = string(codes.VerdictUnknown)
	if name.ListRank > 0 {
		row.ListRank = new(name.ListRank)
	}
	return row
}

// unasked is the row of a name that got no answer before the run was cut short.
func (m *rowMaker) unasked(name *domains.Name) *output.Row {
	row := m.newRow(name)
	row.Record = string(codes.RecordUnknown)
	row.Pending = string(codes.PendingInterrupted)
	return row
}

// tld is the last label of a domain.
func tld(domain string) string { return domain[strings.LastIndexByte(domain, '.')+1:] }

// fillNegative makes row that of a domain without a record, from the sieve's
// answer alone. With whole it says the same as newRow, LookupRecord and fillLookup
// would.
func (m *rowMaker) fillNegative(row *output.Lean, name *domains.Name, a *resolver.Answer) {
	m.begin(row, name)
	row.Record = string(codes.RecordAbsent)
	row.RecordReason = string(mtasts.NegativeReason(name.Domain, a.Rcode, a.Zone))
	row.Error = string(codes.ErrNoRecord)
	row.TXTCount = &m.none
	row.Zone = a.Zone
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

// withoutSOA reports whether the row of a plain negative has the finding that its
// denial came without an SOA.
func withoutSOA(lean *output.Lean) bool { return lean.Zone == "" }

// whole is the row of lean, apart from the slot that name is in.
func whole(lean *output.Lean, name *domains.Name) *output.Row {
	row := lean.Row()
	row.Tags = name.Tags
	if withoutSOA(lean) {
		addFindings(row, []codes.Finding{codes.FindNegativeWithoutSOA})
	}
	if row.ListRank != nil {
		row.ListRank = new(*row.ListRank)
	}
	return row
}

func ede(seen []uint16) (column []int32) {
	for _, code := range seen {
		column = append(column, int32(code))
	}
	return column
}

func fillAsked(row *output.Row, asked resolver.Trace) {
	if asked.Upstream.IsValid() {
		row.Resolver = asked.Upstream.String()
	}
	row.Attempts = int32(asked.Attempts)
	row.LookupMS = *milliseconds(asked.Elapsed)
	row.TCP = asked.TCP
}

// fillLookup fills the columns of the record.
func fillLookup(row *output.Row, l mtasts.Lookup, err error, asked resolver.Trace) {
	row.Record = string(l.Class)
	row.RecordReason = string(l.Reason)
	row.Error = string(mtasts.Sentinel(err))
	for _, txt := range l.TXT {
		row.TXT = append(row.TXT, []byte(txt))
	}
	row.CNAMEs = l.CNAMEs
	row.Zone = l.Zone
	if l.Rcode >= 0 {
		row.Rcode = resolver.RcodeName(l.Rcode)
		row.Authenticated = new(l.Authenticated)
	}
	if l.Class != codes.RecordUnknown {
		row.TXTCount = new(int32(l.TXTCount))
	}
	if l.TXTCount > 0 {
		row.TTL = new(int32(l.TTL)) // below 1<<31
	}
	row.EDE = ede(l.EDE)
	fillAsked(row, asked)
	addFindings(row, l.Findings)

	switch l.Class {
	case codes.RecordValid, codes.RecordInvalid, codes.RecordMultiple:
		row.RecordID = l.Record.ID
		row.Extensions = pairs(l.Record.Extensions, "=")
		row.Strict, row.Lenient = new(l.Strict), new(l.Lenient)
	}
}

func addFindings(row *output.Row, findings []codes.Finding) {
	for _, f := range findings {
		row.Findings = append(row.Findings, string(f))
	}
}

func pairs(ps []mtasts.Pair, between string) []string {
	var texts []string
	for _, p := range ps {
		texts = append(texts, p.Text(between))
	}
	return texts
}

// milliseconds rounds d to whole milliseconds, so that the columns of times
// stay small.
func milliseconds(d time.Duration) *int32 {
	return new(int32(min(max(d, 0).Round(time.Millisecond).Milliseconds(), 1<<31-1)))
}
