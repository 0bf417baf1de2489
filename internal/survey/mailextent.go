package survey

import (
	"stsscan/internal/codes"
	"stsscan/internal/starttls"
)

// An Extent says of which domains something is asked.
type Extent uint8

const (
	ExtentRecord Extent = iota // those with an MTA-STS record, good or bad
	ExtentAll                  // every domain
	ExtentNone                 // no domain
)

// covers reports whether the extent has a domain with this class of record.
func (e Extent) covers(record codes.Record) bool {
	switch e {
	case ExtentAll:
		return true
	case ExtentNone:
		return false
	}
	return record == codes.RecordValid || record == codes.RecordInvalid || record == codes.RecordMultiple
}

// A Mail says what is asked about the mail side of which domains. The zero value
// asks about MX hosts, TLSRPT, DANE and wildcards of every domain with a record,
// and connects to no mail server.
type Mail struct {
	MX, TLSRPT, DANE Extent
	Prober           *starttls.Prober // of the MX hosts of domains with a record; nil: none is probed
}

// All reports whether something is asked of every domain, so that the sieve
// alone makes no row.
func (m Mail) All() bool {
	return m.MX == ExtentAll || m.TLSRPT == ExtentAll || m.DANE == ExtentAll
}
