package verify

import (
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// checkRecord reads the TXT records again (section 3.1). The reading is nil if there is nothing to read, or if
// not all of it was kept.
func (o *discrepancies) checkRecord(row *output.Row) *mtasts.RecordReading {
	count := int32(len(row.TXT))
	if row.TXTCount != nil {
		o.want(*row.TXTCount >= count, "txt_count is %d, and there are %d", *row.TXTCount, count)
		count = *row.TXTCount
	}
	switch {
	case count > int32(len(row.TXT)):
		reason := codes.RecordReason(row.RecordReason)
		o.want(row.Record != string(codes.RecordAbsent) || reason == codes.RecordOtherTXT || reason == codes.RecordBadVersion,
			"record_reason is %s, and the answer has %d TXT records", quoted(row.RecordReason), count)
		return nil
	case len(row.TXT) == 0:
		o.checkDenial(row)
		return nil
	}
	txts := make([]string, len(row.TXT))
	for i, txt := range row.TXT {
		txts[i] = string(txt)
	}
	r := mtasts.ReadRecords(txts)
	o.checkTextFindings(row, &r)
	o.equal("record", row.Record, string(r.Class))
	o.equal("record_reason", row.RecordReason, string(r.Reason))
	if r.Class == codes.RecordValid || r.Class == codes.RecordInvalid {
		o.equal("record_id", row.RecordID, r.Record.ID)
	}
	return &r
}

// checkDenial checks a row without TXT records.
func (o *discrepancies) checkDenial(row *output.Row) {
	switch codes.Record(row.Record) {
	case codes.RecordUnknown:
		return
	case codes.RecordAbsent:
	default:
		o.want(row.TXTCount != nil && *row.TXTCount > 0, "record is %s, and there is no TXT record", row.Record)
		return
	}
	for _, code := range row.EDE {
		o.want(code < 15 || code > 17, "record is absent, and the answer was filtered: extended error %d", code)
	}
	var rcode int
	switch row.Rcode {
	case "NOERROR":
	case "NXDOMAIN":
		rcode = 3
	default:
		o.want(false, "record is absent, and the rcode is %s", quoted(row.Rcode))
		return
	}
	o.checkZone(row)
	want := mtasts.NegativeReason(row.Domain, rcode, row.ZoneName())
	if len(row.CNAMEs) > 0 && want == codes.RecordNoDomain {
		want = codes.RecordNXDomain // the target of the alias is denied
	}
	o.equal("record_reason", row.RecordReason, string(want))
}

// checkZone checks that the zone of a denial can deny the name. A name that is too long to ask for is denied by
// no zone.
func (o *discrepancies) checkZone(row *output.Row) {
	name := "_mta-sts." + row.Domain
	if n := len(row.CNAMEs); n > 0 {
		name = row.CNAMEs[n-1]
	}
	const longest = 253 // RFC 1035, section 2.3.4, without the final dot
	if len(name) > longest {
		return
	}
	bare := slices.Contains(row.Findings, string(codes.FindNegativeWithoutSOA))
	zone := row.ZoneName()
	o.want(bare || zone != "", "zone is NULL, and %s is no finding", codes.FindNegativeWithoutSOA)
	o.want(!bare || zone == "", "zone is %s, and %s is a finding", quoted(zone), codes.FindNegativeWithoutSOA)
	o.want(zone == "" || mtasts.InZone(name, zone),
		"record is absent, and the zone %s does not hold %s", quoted(zone), name)
}

// checkNames checks that there are as many labels as a name is said to have, and that a zone is there in one way.
func (o *discrepancies) checkNames(row *output.Row) {
	labels := int32(strings.Count(row.Domain, ".")) + 1
	if n := row.RegisteredLabels; n != nil {
		o.want(1 < *n && *n <= labels, "registered_labels is %d, and the domain has %d labels", *n, labels)
	}
	if n := row.ZoneLabels; n != nil {
		o.want(0 <= *n && *n <= labels+1, "zone_labels is %d, and the domain has %d labels", *n, labels)
		o.want(row.Zone == "", "zone_labels is %d, and zone is %s", *n, quoted(row.Zone))
	} else if n, ok := output.ZoneLabels(row.Zone, row.Domain); ok {
		o.want(false, "zone is %s, and should be %d in zone_labels", quoted(row.Zone), n)
	}
}
