package survey

import (
	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

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
	addFindings(row, l.Findings...)

	switch l.Class {
	case codes.RecordValid, codes.RecordInvalid, codes.RecordMultiple:
		row.RecordID = l.Record.ID
		row.Extensions = pairs(l.Record.Extensions, "=")
		row.Strict, row.Lenient = new(l.Strict), new(l.Lenient)
	}
}
