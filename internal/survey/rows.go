package survey

import (
	"slices"
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
	"stsscan/internal/suffixes"
)

// A Rows begins rows. Rows point to its fields, which never change.
type Rows struct {
	common   output.Denial // what every row begins with
	suffixes *suffixes.List
	now      func() time.Time
	numbers  [128]int32 // from 0
	no, yes  bool
}

// newRows returns the Rows of a run, all of which begin with common.
func newRows(list *suffixes.List, common output.Denial, now func() time.Time) *Rows {
	common.Policy, common.Pass = string(codes.PolicyNotFetched), 1
	m := &Rows{common: common, suffixes: list, now: now, yes: true}
	for i := range m.numbers {
		m.numbers[i] = int32(i)
	}
	return m
}

// number points to n, which rarely costs memory.
func (m *Rows) number(n int) *int32 {
	if n < len(m.numbers) {
		return &m.numbers[n]
	}
	return new(int32(n))
}

// Observed is the time of a row that is made now: whole seconds keep the column small.
func (m *Rows) Observed() time.Time { return m.now().UTC().Truncate(time.Second) }

// begin makes row one that knows its domain and nothing else.
func (m *Rows) begin(row *output.Denial, name *domains.Name) {
	*row = m.common
	row.Domain, row.Rank, row.List, row.TLD = name.Domain, name.Rank, name.List, tld(name.Domain)
	if registered := m.suffixes.RegisteredDomain(name.Domain); registered != "" {
		row.RegisteredLabels = m.number(1 + strings.Count(registered, "."))
	}
}

// newRow is a row of which only the domain is known.
func (m *Rows) newRow(name *domains.Name) *output.Row {
	var denial output.Denial
	m.begin(&denial, name)
	row := denial.Row()
	row.Tags = name.Tags
	row.Verdict = string(codes.VerdictUnknown)
	if name.ListRank > 0 {
		row.ListRank = new(name.ListRank)
	}
	return row
}

// Unasked is the provisional row of a name without an answer, when the run is cut short.
func (m *Rows) Unasked(name *domains.Name) *output.Row {
	row := m.newRow(name)
	row.Record = string(codes.RecordUnknown)
	row.Pending = string(codes.PendingInterrupted)
	return row
}

// tld is the last label of a domain.
func tld(domain string) string { return domain[strings.LastIndexByte(domain, '.')+1:] }

func addFindings(row *output.Row, findings ...codes.Finding) {
	for _, f := range findings {
		row.Findings = append(row.Findings, string(f))
	}
}

// addOnce adds a finding that several hosts may share.
func addOnce(row *output.Row, f codes.Finding) {
	if !slices.Contains(row.Findings, string(f)) {
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

// milliseconds rounds d to whole milliseconds, which keep the columns of times small.
func milliseconds(d time.Duration) *int32 {
	return new(int32(min(max(d, 0).Round(time.Millisecond).Milliseconds(), 1<<31-1)))
}

func ede(seen []uint16) (column []int32) {
	for _, code := range seen {
		column = append(column, int32(code))
	}
	return column
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
	row.SetZoneName(l.Zone)
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
	if asked.Upstream.IsValid() {
		row.Resolver = asked.Upstream.String()
	}
	row.Attempts = int32(asked.Attempts)
	row.LookupMS = *milliseconds(asked.Elapsed)
	row.TCP = asked.TCP
	addFindings(row, l.Findings...)

	switch l.Class {
	case codes.RecordValid, codes.RecordInvalid, codes.RecordMultiple:
		row.RecordID = l.Record.ID
		row.Extensions = pairs(l.Record.Extensions, "=")
		row.Strict, row.Lenient = new(l.Strict), new(l.Lenient)
	}
}
