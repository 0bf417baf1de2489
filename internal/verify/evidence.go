package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// checkRow holds a row against its own evidence, and against the truth.
func (c *check) checkRow(file string, row *output.Row) {
	for _, what := range c.reasons(row) {
		c.rowProblem(file, row, what)
	}
	if c.World == nil || row.Pending != "" || excludedLate(row) {
		return
	}
	truth, ok := c.World.Truth(row.Domain, row.Rank)
	if !ok {
		return
	}
	if c.oneFamily() {
		truth = withinReach(row, truth)
	}
	c.report.Compared++
	differences := CompareTruth(row, truth)
	if differences == nil {
		return
	}
	c.report.Differ++
	if len(c.report.Differences) < c.Examples {
		p := Problem{File: file, Rank: row.Rank, Domain: row.Domain, What: strings.Join(differences, "; ")}
		c.report.Differences = append(c.report.Differences, p)
	}
}

// reasons says in words what of a row does not follow from the rest of it.
func (c *check) reasons(row *output.Row) []string {
	var o objections
	c.checkWords(&o, row)
	o.want(row.TLD == row.Domain[strings.LastIndexByte(row.Domain, '.')+1:], "tld %q is not the last label", row.TLD)
	record := o.checkRecord(row)
	policy := o.checkPolicy(row)
	o.checkReadings(row, record, policy)
	o.checkPasses(row)
	o.checkLimits(row)
	o.checkFamily(row)
	o.equal("error", row.Error, string(sentinel(row)))
	c.checkMail(&o, row)
	return o
}

// objections are what does not hold, in words.
type objections []string

func (o *objections) want(ok bool, format string, args ...any) {
	if !ok {
		*o = append(*o, fmt.Sprintf(format, args...))
	}
}

func (o *objections) equal(column, got, want string) {
	o.want(got == want, "%s is %s, and the evidence says %s", column, quoted(got), quoted(want))
}

// quoted is a text column as people read it.
func quoted(s string) string {
	if s == "" {
		return null
	}
	return fmt.Sprintf("%+q", s)
}

// checkWords looks for words that are not of their closed set.
func (c *check) checkWords(o *objections, row *output.Row) {
	for _, w := range []struct{ column, word string }{
		{"record", row.Record}, {"record_reason", row.RecordReason}, {"error", row.Error}, {"policy", row.Policy},
		{"policy_stage", row.PolicyStage}, {"tls_error", row.TLSError}, {"body_framing", row.BodyFraming},
		{"mode", row.Mode}, {"tlsrpt_result", row.TLSRPTResult}, {"pending", row.Pending},
		{"first_record", row.FirstRecord}, {"first_record_reason", row.FirstRecordReason}, {"first_policy", row.FirstPolicy},
		{"first_policy_stage", row.FirstPolicyStage}, {"first_policy_reason", row.FirstPolicyReason},
		{"ipv4", row.IPv4}, {"ipv6", row.IPv6},
	} {
		o.want(w.word == "" || c.words[w.column][w.word], "%s is %+q, which is no word of the column", w.column, w.word)
	}
	for _, finding := range row.Findings {
		o.want(c.words["findings"][finding], "%+q is no finding", finding)
	}
	for _, outcome := range row.TriedOutcomes {
		o.want(c.words["tried_outcomes"][outcome], "%+q is no word of tried_outcomes", outcome)
	}
	o.want(len(row.TriedOutcomes) == len(row.TriedAddrs), "%d addresses were tried, with %d outcomes", len(row.TriedAddrs), len(row.TriedOutcomes))
	if row.PolicyStage != "" || row.PolicyReason != "" {
		reasons := codes.PolicyReasons(codes.Stage(row.PolicyStage))
		o.want(slices.Contains(reasons, codes.PolicyReason(row.PolicyReason)), "stage %+q has no reason %+q", row.PolicyStage, row.PolicyReason)
		o.equal("tlsrpt_result", row.TLSRPTResult, string(codes.Result(codes.Stage(row.PolicyStage), codes.PolicyReason(row.PolicyReason))))
	}
	o.want(row.TLSRPTResult == "" || row.Record == string(codes.RecordValid),
		"tlsrpt_result is %s, and senders know of no MTA-STS", row.TLSRPTResult)
}

// closedSets are the words of each column that has a closed set.
func closedSets() map[string]map[string]bool {
	sets := make(map[string]map[string]bool)
	columns := output.Columns()
	for _, column := range columns {
		for _, field := range column.Fields {
			field.Name = column.Name + "." + field.Name
			columns = append(columns, field)
		}
	}
	for _, column := range columns {
		if column.Values == nil {
			continue
		}
		set := make(map[string]bool)
		for _, word := range column.Values {
			set[word] = true
		}
		sets[column.Name] = set
	}
	return sets
}

// checkRecord reads the TXT records again (section 3.1). The reading is nil
// where there is nothing to read, or not all of it was kept.
func (o *objections) checkRecord(row *output.Row) *mtasts.RecordReading {
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
	o.checkSlips(row, &r)
	o.equal("record", row.Record, string(r.Class))
	o.equal("record_reason", row.RecordReason, string(r.Reason))
	if r.Class == codes.RecordValid || r.Class == codes.RecordInvalid {
		o.equal("record_id", row.RecordID, r.Record.ID)
	}
	return &r
}

// checkDenial looks at a row without TXT records.
func (o *objections) checkDenial(row *output.Row) {
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
	want := mtasts.NegativeReason(row.Domain, rcode, row.Zone)
	if len(row.CNAMEs) > 0 && want == codes.RecordNoDomain {
		want = codes.RecordNXDomain // it is the alias's name that is denied
	}
	o.equal("record_reason", row.RecordReason, string(want))
}

// checkZone holds the zone of a denial against the name that is denied. One that is too
// long to be asked for is denied by nobody.
func (o *objections) checkZone(row *output.Row) {
	name := "_mta-sts." + row.Domain
	if n := len(row.CNAMEs); n > 0 {
		name = row.CNAMEs[n-1]
	}
	const longest = 253 // RFC 1035, section 2.3.4, without the final dot
	if len(name) > longest {
		return
	}
	bare := slices.Contains(row.Findings, string(codes.FindNegativeWithoutSOA))
	o.want(bare || row.Zone != "", "zone is NULL, and %s is no finding", codes.FindNegativeWithoutSOA)
	o.want(!bare || row.Zone == "", "zone is %s, and %s is a finding", quoted(row.Zone), codes.FindNegativeWithoutSOA)
	o.want(row.Zone == "" || mtasts.InZone(name, row.Zone),
		"record is absent, and the zone %s does not hold %s", quoted(row.Zone), name)
}

// checkPolicy reads the policy again (section 3.2). The reading is nil where
// there is nothing to read.
func (o *objections) checkPolicy(row *output.Row) *mtasts.PolicyReading {
	class := codes.Policy(row.Policy)
	asked := row.Record == string(codes.RecordValid)
	o.want(asked == (class != codes.PolicyNotFetched), "record is %s, and policy is %s", row.Record, row.Policy)
	if notAsked(row) {
		o.want(asked && class == codes.PolicyUnknown && row.PolicyStage == "" && row.PolicyReason == "" && row.HTTPStatus == nil,
			"the policy was not asked for, and the row says what came of it")
		return nil
	}
	if slices.Contains(row.Findings, string(codes.FindSlowNotAwaited)) {
		o.equal("policy", row.Policy, string(codes.PolicyUnknown))
	}
	if row.PolicyText != nil || row.PolicySHA256 != "" {
		sum := sha256.Sum256(row.PolicyText)
		o.equal("policy_sha256", row.PolicySHA256, hex.EncodeToString(sum[:]))
		o.want(row.BodyBytes != nil && *row.BodyBytes >= int64(len(row.PolicyText)), "body_bytes is less than the body")
	}
	if stage := codes.Stage(row.PolicyStage); !asked || stage != "" && stage != codes.StageSyntax {
		o.want(class != codes.PolicyValid, "policy is valid, and retrieval ended at stage %s", stage)
		return nil
	}
	r := mtasts.ReadPolicy(row.PolicyText)
	want := codes.PolicyValid
	if r.Err != nil {
		want = codes.PolicyInvalid
	}
	o.want(row.HTTPStatus != nil && *row.HTTPStatus == 200, "a policy was read, and the status is not 200")
	o.equal("policy", row.Policy, string(want))
	o.equal("policy_reason", row.PolicyReason, string(r.Reason))
	o.equal("mode", row.Mode, string(r.Policy.Mode))
	if row.MaxAge != nil || r.Err == nil {
		o.want(row.MaxAge != nil && *row.MaxAge == r.Policy.MaxAge, "max_age is %s, and the evidence says %d", number(row.MaxAge), r.Policy.MaxAge)
	}
	var patterns []string
	for _, pattern := range r.Policy.MX {
		patterns = append(patterns, string(pattern))
	}
	o.want(slices.Equal(row.MXPatterns, patterns), "mx_patterns is %+q, and the evidence says %+q", row.MXPatterns, patterns)
	return &r
}

// checkReadings holds strict and lenient against every text that was read.
func (o *objections) checkReadings(row *output.Row, record *mtasts.RecordReading, policy *mtasts.PolicyReading) {
	if record == nil {
		return
	}
	if record.Class == codes.RecordAbsent {
		o.want(row.Strict == nil && row.Lenient == nil, "strict or lenient is set, and there is no text to read")
		return
	}
	strict, lenient := record.Strict, record.Lenient
	if policy != nil {
		var findings []codes.Finding
		for _, finding := range row.Findings {
			findings = append(findings, codes.Finding(finding))
		}
		if slices.Contains(findings, codes.FindTruncationPossible) {
			o.equal("body_framing", row.BodyFraming, string(codes.FramingClose))
		}
		strictly, leniently := policy.Served(findings)
		strict, lenient = strict && strictly, lenient && leniently
	}
	o.want(row.Strict != nil && *row.Strict == strict, "strict is %s, and the evidence says %v", truth(row.Strict), strict)
	o.want(row.Lenient != nil && *row.Lenient == lenient, "lenient is %s, and the evidence says %v", truth(row.Lenient), lenient)
}

// sentinel is the class of error that a row with these classes has.
func sentinel(row *output.Row) codes.Sentinel {
	switch codes.Record(row.Record) {
	case codes.RecordAbsent:
		return codes.ErrNoRecord
	case codes.RecordMultiple:
		return codes.ErrMultipleRecords
	case codes.RecordInvalid:
		return codes.ErrRecordSyntax
	case codes.RecordUnknown:
		if cutShort(row) {
			return ""
		}
		return codes.ErrDNS
	}
	switch codes.Policy(row.Policy) {
	case codes.PolicyValid:
		return ""
	case codes.PolicyInvalid:
		return codes.ErrPolicySyntax
	case codes.PolicyMissing:
		return codes.ErrNoPolicy
	}
	if notAsked(row) {
		return ""
	}
	return codes.ErrPolicyFetch
}
