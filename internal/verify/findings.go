package verify

import (
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

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
