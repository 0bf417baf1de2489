package verify

import (
	"fmt"
	"slices"
	"strconv"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
)

// CompareTruth describes where a row differs from the truth: the column, what the row says, and what is true;
// nil: nowhere.
//
// A truth with a Class is complete: what is empty in it must be NULL in the row. Any other truth, as people write
// it into a world, says nothing about what is empty.
func CompareTruth(row *output.Row, t simnet.Truth) []string {
	d := differences{complete: t.Class != ""}
	d.text("record", row.Record, string(t.Record))
	d.text("record_reason", row.RecordReason, string(t.RecordReason))
	d.text("error", row.Error, string(t.Error))
	d.text("record_id", row.RecordID, t.RecordID)
	d.list("cnames", row.CNAMEs, t.CNAMEs)
	d.text("policy", row.Policy, string(t.Policy))
	d.text("policy_stage", row.PolicyStage, string(t.Stage))
	d.text("policy_reason", row.PolicyReason, string(t.Reason))
	d.text("tls_error", row.TLSError, string(t.TLSError))
	got, want := null, null
	if row.HTTPStatus != nil {
		got = strconv.Itoa(int(*row.HTTPStatus))
	}
	if t.HTTPStatus != 0 {
		want = strconv.Itoa(t.HTTPStatus)
	}
	d.plain("http_status", got, want)
	d.text("mode", row.Mode, string(t.Mode))
	d.plain("max_age", number(row.MaxAge), number(t.MaxAge))
	d.list("mx_patterns", row.MXPatterns, t.MX)
	d.plain("strict", truth(row.Strict), truth(t.Strict))
	d.plain("lenient", truth(row.Lenient), truth(t.Lenient))
	d.list("host_cnames", row.HostCNAMEs, t.HostCNAMEs)
	d.findings(row, t.Findings)
	d.mail(row, t)
	return d.words
}

// findings compares the findings of a row: those of the truth must be there, and of [simnet.TruthFindings] only
// those of a complete truth may be.
func (d *differences) findings(row *output.Row, want []codes.Finding) {
	got := row.Findings
	for _, finding := range want {
		if askedFor(row, finding) && !slices.Contains(got, string(finding)) {
			d.add("findings", fmt.Sprintf("%+q", got), quoted(string(finding))+" among them")
		}
	}
	for _, finding := range simnet.TruthFindings() {
		if d.complete && slices.Contains(got, string(finding)) && !slices.Contains(want, finding) {
			d.add("findings", fmt.Sprintf("%+q", got), quoted(string(finding))+" not among them")
		}
	}
}

// askedFor reports whether the survey asked for what a finding is about.
func askedFor(row *output.Row, finding codes.Finding) bool {
	switch finding {
	case codes.FindNullMXPreference, codes.FindNullMXNotAlone:
		return row.MXKind != ""
	case codes.FindTLSRPTRUA:
		return row.TLSRPT != ""
	}
	return true
}
