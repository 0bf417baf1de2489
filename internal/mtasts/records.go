package mtasts

import (
	"fmt"
	"slices"
	"strings"

	"stsscan/internal/codes"
)

// ParseRecord reads one TXT record, its strings joined with nothing between, by the letter of
// [RFC 8461, section 3.1]. Its error wraps [ErrNoRecord] where the text does not begin with the version and a
// delimiter, otherwise [ErrRecordSyntax].
//
// [RFC 8461, section 3.1]: https://www.rfc-editor.org/rfc/rfc8461#section-3.1
func ParseRecord(txt string) (Record, error) {
	if !isRecord(txt) {
		return Record{}, failure(ErrNoRecord, string(otherText(txt)), nil)
	}
	r, n := readRecord(txt)
	if first, failed := n.failed(); failed {
		return Record{}, recordSyntax(first)
	}
	return r, nil
}

// A RecordReading is what the TXT records at one name say.
type RecordReading struct {
	Record  Record             // best understanding, the lenient reading included; see Class before use
	Class   codes.Record       // valid, invalid, multiple or absent
	Reason  codes.RecordReason // why it is not valid; none for multiple
	Strict  bool               // a sender that follows the letter uses the record
	Lenient bool               // most senders do; true wherever Strict is
	// Findings has each oddity once, in the order of appearance.
	Findings []codes.Finding
	Err      error // of the strict reading: ErrNoRecord, ErrMultipleRecords or ErrRecordSyntax
}

// ReadRecords reads the TXT records at _mta-sts.<domain>, the strings of each joined with nothing between:
// filter first, count second, parse third ([RFC 8461, section 3.1]).
//
// [RFC 8461, section 3.1]: https://www.rfc-editor.org/rfc/rfc8461#section-3.1
func ReadRecords(txts []string) RecordReading {
	candidates, spaced := filterRecords(txts)
	switch {
	case len(candidates) > 1:
		reading := RecordReading{
			Class: codes.RecordMultiple,
			Err:   fmt.Errorf("%w: %d of them", ErrMultipleRecords, len(candidates)),
		}
		if !slices.ContainsFunc(candidates, func(txt string) bool { return txt != candidates[0] }) {
			reading.Findings = []codes.Finding{codes.FindRecordIdentical}
		}
		return reading
	case len(candidates) == 0:
		return readOthers(txts, spaced)
	}
	record, n := readRecord(candidates[0])
	reading := RecordReading{
		Record:   record,
		Class:    codes.RecordValid,
		Strict:   true,
		Lenient:  n.lenient(),
		Findings: n.findings(),
	}
	if len(txts) > 1 {
		reading.Findings = addFinding(reading.Findings, codes.FindRecordOtherTXT)
	}
	if len(spaced) > 0 {
		// A sender that reads sts-field-delim first sees two records.
		reading.Findings = addFinding(reading.Findings, codes.FindRecordSpaceBeforeDelimiter)
	}
	if first, failed := n.failed(); failed {
		reading.Class, reading.Reason, reading.Strict = codes.RecordInvalid, first.reason, false
		reading.Err = recordSyntax(first)
	}
	return reading
}

// filterRecords discards what is no record. Several TXT records are filtered by the literal of section 3.1,
// "v=STSv1;". A single one is a record when it begins as the ABNF says. spaced are those that only differ by
// white space before the semicolon (erratum 6285).
func filterRecords(txts []string) (candidates, spaced []string) {
	for _, txt := range txts {
		switch {
		case len(txts) == 1 && isRecord(txt), strings.HasPrefix(txt, recordVersion+";"):
			candidates = append(candidates, txt)
		case isRecord(txt):
			spaced = append(spaced, txt)
		}
	}
	return candidates, spaced
}

// readOthers reads TXT records, none of them a record by the letter.
func readOthers(txts, spaced []string) RecordReading {
	reading := RecordReading{Class: codes.RecordAbsent, Reason: codes.RecordNoData}
	for _, txt := range txts {
		if reading.Reason != codes.RecordBadVersion {
			reading.Reason = otherText(txt)
		}
	}
	reading.Err = failure(ErrNoRecord, string(reading.Reason), nil)
	if len(spaced) > 0 {
		reading.Findings = []codes.Finding{codes.FindRecordSpaceBeforeDelimiter, codes.FindRecordOtherTXT}
	}
	if slices.ContainsFunc(txts, nearMiss) {
		reading.Findings = addFinding(reading.Findings, codes.FindRecordNearMiss)
	}
	if len(spaced) == 1 {
		// The letter discards it only because there are other TXT records.
		record, n := readRecord(spaced[0])
		reading.Record, reading.Lenient = record, n.lenient()
		reading.Findings = addFinding(n.findings(), reading.Findings...)
	}
	return reading
}
