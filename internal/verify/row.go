package verify

import (
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// checkRow checks a row against its own evidence, and against the truth.
func (c *check) checkRow(file string, row *output.Row) {
	for _, what := range c.discrepancies(row) {
		c.rowProblem(file, row, what)
	}
	if c.options.World == nil || row.Pending != "" || excludedLate(row) {
		return
	}
	truth, ok := c.options.World.Truth(row.Domain, row.Rank)
	if !ok {
		return
	}
	if c.oneFamily() {
		truth = truthOfOneFamily(row, truth)
	}
	c.report.Compared++
	differences := CompareTruth(row, truth)
	if differences == nil {
		return
	}
	c.report.Differ++
	if len(c.report.Differences) < c.options.Examples {
		p := Problem{File: file, Rank: row.Rank, Domain: row.Domain, What: strings.Join(differences, "; ")}
		c.report.Differences = append(c.report.Differences, p)
	}
}

// discrepancies describes what in a row does not follow from the rest of it.
func (c *check) discrepancies(row *output.Row) []string {
	var o discrepancies
	c.checkWords(&o, row)
	o.checkReasons(row)
	o.want(row.TLD == row.Domain[strings.LastIndexByte(row.Domain, '.')+1:], "tld %q is not the last label", row.TLD)
	o.checkNames(row)
	record := o.checkRecord(row)
	policy := o.checkPolicy(row)
	o.checkReadings(row, record, policy)
	o.checkPasses(row)
	o.checkLimits(row)
	o.checkFamily(row)
	o.equal("error", row.Error, string(sentinel(row)))
	o.checkMail(row)
	return o
}

// oneFamily reports whether the run did without IPv4, or without IPv6.
func (c *check) oneFamily() bool {
	return slices.ContainsFunc(c.manifests, func(m *output.Manifest) bool {
		return m.Config["no-ipv4"] == "true" || m.Config["no-ipv6"] == "true"
	})
}

// sentinel is the error of a row with these classes.
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
