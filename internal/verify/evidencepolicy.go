package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// checkPolicy reads the policy again (section 3.2). The reading is nil if there is nothing to read.
func (o *discrepancies) checkPolicy(row *output.Row) *mtasts.PolicyReading {
	class := codes.Policy(row.Policy)
	asked := row.Record == string(codes.RecordValid)
	o.want(asked == (class != codes.PolicyNotFetched), "record is %s, and policy is %s", row.Record, row.Policy)
	if notAsked(row) {
		o.want(asked && class == codes.PolicyUnknown && row.PolicyStage == "" && row.PolicyReason == "" &&
			row.HTTPStatus == nil,
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
		o.want(row.MaxAge != nil && *row.MaxAge == r.Policy.MaxAge, "max_age is %s, and the evidence says %d",
			number(row.MaxAge), r.Policy.MaxAge)
	}
	var patterns []string
	for _, pattern := range r.Policy.MX {
		patterns = append(patterns, string(pattern))
	}
	o.want(slices.Equal(row.MXPatterns, patterns), "mx_patterns is %+q, and the evidence says %+q", row.MXPatterns,
		patterns)
	return &r
}

// checkReadings checks strict and lenient against all texts that were read.
func (o *discrepancies) checkReadings(row *output.Row, record *mtasts.RecordReading, policy *mtasts.PolicyReading) {
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
	o.want(row.Lenient != nil && *row.Lenient == lenient, "lenient is %s, and the evidence says %v", truth(row.Lenient),
		lenient)
}

// checkLimits checks findings about limits of the client against the evidence, since the verdict depends on them.
func (o *discrepancies) checkLimits(row *output.Row) {
	if slices.Contains(row.Findings, string(codes.FindClientLimit)) {
		const handshakeFailure, insufficientSecurity = 40, 71 // RFC 8446, section 6.2
		alert := row.TLSAlert != nil && (*row.TLSAlert == handshakeFailure || *row.TLSAlert == insufficientSecurity)
		o.want(row.PolicyStage == string(codes.StageTLS) && alert && row.CertSHA256 == "",
			"the finding %s is there, and no alert 40 or 71 before a certificate", codes.FindClientLimit)
	}
	if slices.Contains(row.Findings, string(codes.FindHTTP2Only)) {
		byALPN := row.PolicyStage == string(codes.StageTLS) && row.CertSHA256 == ""
		byFrames := row.PolicyStage == string(codes.StageHTTP) && row.PolicyReason == string(codes.ReasonMalformed)
		o.want(byALPN || byFrames, "the finding %s is there, and retrieval did not end by it", codes.FindHTTP2Only)
	}
}

// checkTextFindings checks the findings that follow from the texts alone, since figures depend on them.
func (o *discrepancies) checkTextFindings(row *output.Row, r *mtasts.RecordReading) {
	for _, finding := range []codes.Finding{codes.FindRecordNearMiss, codes.FindRecordIdentical} {
		got, want := slices.Contains(row.Findings, string(finding)), slices.Contains(r.Findings, finding)
		o.want(got == want, "whether %s is a finding is %v, and the evidence says %v", finding, got, want)
	}
}
