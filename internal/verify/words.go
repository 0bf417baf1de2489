package verify

import (
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// closedSets are the words of the columns with a closed set, by column.
func closedSets() map[string]map[string]bool {
	sets := make(map[string]map[string]bool)
	for _, column := range output.Flat(output.Columns()) {
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

// checkWords checks that words are of the closed set of their column.
func (c *check) checkWords(o *discrepancies, row *output.Row) {
	words := [][2]string{
		{"record", row.Record}, {"record_reason", row.RecordReason}, {"error", row.Error}, {"policy", row.Policy},
		{"policy_stage", row.PolicyStage}, {"tls_error", row.TLSError}, {"body_framing", row.BodyFraming},
		{"mode", row.Mode}, {"tlsrpt_result", row.TLSRPTResult}, {"pending", row.Pending},
		{"first_record", row.FirstRecord}, {"first_record_reason", row.FirstRecordReason},
		{"first_policy", row.FirstPolicy}, {"first_policy_stage", row.FirstPolicyStage},
		{"first_policy_reason", row.FirstPolicyReason}, {"ipv4", row.IPv4}, {"ipv6", row.IPv6},
		{"mx_kind", row.MXKind}, {"mx_reason", row.MXReason}, {"mx_match", row.MXMatch}, {"mismatch", row.Mismatch},
		{"mx_tls", row.MXTLS}, {"tlsrpt", row.TLSRPT}, {"tlsrpt_reason", row.TLSRPTReason}, {"dane", row.DANE},
		{"delegation", row.Delegation}, {"verdict", row.Verdict}, {"verdict_basis", row.VerdictBasis},
	}
	for _, kind := range row.RUAKinds {
		words = append(words, [2]string{"rua_kinds", kind})
	}
	for _, h := range row.MX {
		for column, word := range map[string]*string{
			"mx.tlsa": h.TLSA, "mx.starttls": h.STARTTLS, "mx.first_starttls": h.FirstSTARTTLS, "mx.tls_error": h.TLSError,
		} {
			if word != nil {
				words = append(words, [2]string{column, *word})
			}
		}
	}
	for _, w := range words {
		o.want(w[1] == "" || c.words[w[0]][w[1]], "%s is %+q, which is no word of the column", w[0], w[1])
	}
	for _, finding := range row.Findings {
		o.want(c.words["findings"][finding], "%+q is no finding", finding)
	}
	for _, outcome := range row.TriedOutcomes {
		o.want(c.words["tried_outcomes"][outcome], "%+q is no word of tried_outcomes", outcome)
	}
}

// checkReasons checks columns that go together.
func (o *discrepancies) checkReasons(row *output.Row) {
	o.want(len(row.TriedOutcomes) == len(row.TriedAddrs), "%d addresses were tried, with %d outcomes",
		len(row.TriedAddrs), len(row.TriedOutcomes))
	if row.PolicyStage != "" || row.PolicyReason != "" {
		stage, reason := codes.Stage(row.PolicyStage), codes.PolicyReason(row.PolicyReason)
		o.want(slices.Contains(codes.PolicyReasons(stage), reason), "stage %+q has no reason %+q", stage, reason)
		o.equal("tlsrpt_result", row.TLSRPTResult, string(codes.Result(stage, reason)))
	}
	o.want(row.TLSRPTResult == "" || row.Record == string(codes.RecordValid),
		"tlsrpt_result is %s, and senders know of no MTA-STS", row.TLSRPTResult)
}
