package survey

import (
	"slices"
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// A Rows begins rows. Nothing that it points to ever changes.
type Rows struct {
	suffixes *domains.Suffixes
	now      func() time.Time
	none     int32 // for rows to point to
	no, yes  bool
}

func NewRows(now func() time.Time) *Rows {
	return &Rows{suffixes: domains.NewSuffixes(), now: now, yes: true}
}

// Observed is the time of a row: whole seconds, so that the column stays small.
func (m *Rows) Observed() time.Time { return m.now().UTC().Truncate(time.Second) }

// newRow is a row that knows its domain and nothing else.
func (m *Rows) newRow(name *domains.Name) *output.Row {
	row := &output.Row{
		Domain:           name.Domain,
		Rank:             name.Rank,
		List:             name.List,
		TLD:              tld(name.Domain),
		RegisteredDomain: m.suffixes.Registered(name.Domain),
		Tags:             name.Tags,
		Policy:           string(codes.PolicyNotFetched),
		Verdict:          string(codes.VerdictUnknown),
		Pass:             1,
	}
	if name.ListRank > 0 {
		row.ListRank = new(name.ListRank)
	}
	return row
}

// Unasked is the row of a name that got no answer before the run was cut short.
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

// addOnce adds a finding that more than one host may have.
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

// milliseconds rounds d to whole milliseconds, so that the columns of times
// stay small.
func milliseconds(d time.Duration) *int32 {
	return new(int32(min(max(d, 0).Round(time.Millisecond).Milliseconds(), 1<<31-1)))
}
