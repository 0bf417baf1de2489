package verify

import (
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// excludedLate says that the row became final as it stood, since a host or the domain in it opted out.
func excludedLate(row *output.Row) bool {
	return slices.Contains(row.Findings, string(codes.FindExcludedLate))
}

// notAsked says that the row is provisional, or was so until it was excluded, because the policy was not asked
// for, or the answer was lost, or a fault of ours was in the way. A row that waits for its MX hosts, or was
// interrupted later, has seen more.
func notAsked(row *output.Row) bool {
	if excludedLate(row) {
		return row.Policy == string(codes.PolicyUnknown) && row.PolicyStage == ""
	}
	switch codes.Pending(row.Pending) {
	case codes.PendingManners:
		return len(row.MX) == 0
	case codes.PendingInterrupted, codes.PendingLocal:
		return row.Policy == string(codes.PolicyUnknown) && row.PolicyStage == ""
	}
	return false
}

// cutShort says that a run ended before there was an answer about the record. The domain was not asked since, and
// may have opted out.
func cutShort(row *output.Row) bool {
	interrupted := row.Pending == string(codes.PendingInterrupted) || excludedLate(row)
	return interrupted && row.Record == string(codes.RecordUnknown) && row.RecordReason == "" && row.Rcode == ""
}

// checkPasses checks what a row says about earlier passes against the rest of it.
func (o *discrepancies) checkPasses(row *output.Row) {
	if row.Pending == string(codes.PendingTransient) {
		o.want(row.Transient() || slices.ContainsFunc(row.MX, func(h output.MXHost) bool { return h.Doubtful() }),
			"pending is transient, and nothing in the row is temporary")
	}
	o.want(row.Pending == "" || !excludedLate(row), "the row is provisional, and was excluded late")
	o.want((row.Pass > 1) == (row.FirstRecord != ""), "pass is %d, and first_record is %s", row.Pass,
		quoted(row.FirstRecord))
	if row.FirstRecord == "" {
		o.want(row.FirstRecordReason == "" && row.FirstPolicy == "" && row.FirstPolicyStage == "" &&
			row.FirstPolicyReason == "",
			"there was one pass, and the row has columns of an earlier one")
		return
	}
	asked := row.FirstRecord == string(codes.RecordValid)
	o.want(asked == (row.FirstPolicy != string(codes.PolicyNotFetched)),
		"first_record is %s, and first_policy is %s", quoted(row.FirstRecord), quoted(row.FirstPolicy))
}
