package crosscheck

import (
	"slices"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// What is kept of disagreements, however many there are.
const (
	maxDisagreements      = 10_000
	maxDisagreementOctets = 8 << 20
)

// disagreements are those that a cross-check lists.
type disagreements struct {
	list   []output.Disagreement
	octets int // of the texts in it
}

// add lists a disagreement, unless very many are listed.
func (l *disagreements) add(
	row *output.RecordRow, kind output.CrossDifference, found *mtasts.Lookup, trace resolver.Trace, now time.Time,
) {
	d := output.Disagreement{
		Domain: row.Domain, Rank: row.Rank, Kind: kind,
		Record: codes.Record(row.Record), TXT: []output.RawText{}, Resolver: row.Resolver, ObservedAt: row.ObservedAt.UTC(),
		CrossRecord: found.Class, CrossReason: found.Reason, CrossTXT: []output.RawText{}, CrossTXTCount: found.TXTCount,
		CrossResolver: trace.Upstream.String(), CrossAt: now.UTC().Truncate(time.Second),
	}
	for _, txt := range row.TXT {
		d.TXT = append(d.TXT, txt)
		l.octets += len(txt)
	}
	for _, txt := range found.TXT {
		d.CrossTXT = append(d.CrossTXT, output.RawText(txt))
		l.octets += len(txt)
	}
	if len(l.list) < maxDisagreements && l.octets <= maxDisagreementOctets {
		l.list = append(l.list, d)
	}
}

// compare says how what was found differs from a row; empty where it does not.
func compare(row *output.RecordRow, found *mtasts.Lookup) output.CrossDifference {
	class := codes.Record(row.Record)
	switch {
	case class == codes.RecordAbsent && found.Class == codes.RecordAbsent:
		return "" // whatever other texts there are
	case class == codes.RecordAbsent:
		return output.CrossFound
	case found.Class == codes.RecordAbsent:
		return output.CrossDenied
	case found.Class != class:
		return output.CrossClass
	case !sameTexts(row, found):
		return output.CrossTXT
	}
	return ""
}

// sameTexts reports whether a row and an answer have the same TXT records, in any order. Of those that are too many
// to be kept, the id counts.
func sameTexts(row *output.RecordRow, found *mtasts.Lookup) bool {
	switch {
	case row.TXTCount == nil || int(*row.TXTCount) != found.TXTCount:
		return false
	case found.TXTCount > len(found.TXT):
		return row.RecordID == found.Record.ID
	}
	var ours []string
	for _, txt := range row.TXT {
		ours = append(ours, string(txt))
	}
	slices.Sort(ours)
	return slices.Equal(ours, slices.Sorted(slices.Values(found.TXT)))
}
