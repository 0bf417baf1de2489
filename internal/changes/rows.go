package changes

import (
	"iter"
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/explain"
	"stsscan/internal/output"
)

// comparedColumns lists the columns that knownOf reads.
func comparedColumns() []string {
	return []string{
		"record", "record_reason", "record_id", "cnames", "record_delegated_to", "registered_domain",
		"policy", "policy_stage", "policy_reason", "http_status", "findings", "pending", "policy_sha256", "mode", "max_age",
		"mx_patterns", "policy_extensions", "host_cnames", "host_delegated_to",
		"mx_match", "verdict", "verdict_basis", "observed_at",
	}
}

// columnsNow lists the columns of the new run that are read: also those that say whose a domain is and what to do.
func columnsNow() []string {
	return slices.Concat(comparedColumns(), explain.BriefColumns(), []string{"tags"})
}

// published yields the rows of a run's domains with a record.
func published(dir string, columns []string) iter.Seq2[*output.Row, error] {
	classes := []string{string(codes.RecordValid), string(codes.RecordInvalid), string(codes.RecordMultiple)}
	return output.Selection{
		Columns: columns, Only: []output.Condition{{Column: "record", Words: classes}},
	}.Rows(dir)
}

// among yields the rows of a run's domains that are keys of a map.
func among[V any](domains map[string]V, dir string, columns []string) iter.Seq2[*output.Row, error] {
	wanted := func(domain []byte) bool { _, ok := domains[string(domain)]; return ok }
	return output.Selection{
		Columns: columns, Only: []output.Condition{{Column: "domain", Match: wanted}},
	}.Rows(dir)
}
