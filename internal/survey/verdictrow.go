package survey

import (
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// fillOutcome compares the policy with the MX hosts and decides. mx is nil if they were not asked for.
func fillOutcome(row *output.Row, mx *mtasts.MX) {
	valid := row.Policy == string(codes.PolicyValid)
	var match codes.MXMatch
	if valid && mx != nil && len(row.MXPatterns) > 0 {
		match = fillCoverage(row, *mx)
	}
	if f := mtasts.FormerCustomer(row.HostCNAMEs, codes.PolicyReason(row.PolicyReason), match); f != "" {
		addFindings(row, f)
	}
	if mode := codes.Mode(row.Mode); valid && (mode == codes.ModeEnforce || mode == codes.ModeTesting) {
		fillCompanions(row, match)
	}
	fillVerdict(row)
}

// fillVerdict fills the columns of the outcome, after all others.
func fillVerdict(row *output.Row) {
	o := observation(row)
	o.Limited = row.Limited()
	worst, reason := fillTLS(row)
	o.TLS = codes.MXTLS(row.MXTLS)
	verdict := decide(row, o)
	if row.PolicyStage == "" { // if the policy was not retrieved, fillFetch has set it
		row.TLSRPTResult = string(mtasts.Result(verdict, o, worst, reason))
	}
}

// EndLate makes a provisional row final as it stands, since its domain opted out during the run. It drops MX hosts
// that the row only lists because it waited for them.
func EndLate(row *output.Row) {
	row.Pending = ""
	row.Findings = slices.Clip(row.Findings) // the row is one of many that were read together
	addOnce(row, codes.FindExcludedLate)
	if row.MXKind == "" {
		row.MX = nil
	}
	decide(row, observation(row))
}

// observation is what the verdict depends on.
func observation(row *output.Row) mtasts.Observation {
	o := mtasts.Observation{
		Record:   codes.Record(row.Record),
		Policy:   codes.Policy(row.Policy),
		OptedOut: row.PolicyReason == string(codes.ReasonOptedOut),
		Match:    codes.MXMatch(row.MXMatch),
		TLS:      codes.MXTLS(row.MXTLS),
	}
	if o.Policy == codes.PolicyValid {
		o.Mode = codes.Mode(row.Mode)
	}
	return o
}

// decide fills the columns of the verdict.
func decide(row *output.Row, o mtasts.Observation) codes.Verdict {
	verdict, basis := mtasts.Decide(o)
	row.Verdict, row.VerdictBasis = string(verdict), string(basis)
	return verdict
}

// fillCoverage fills the columns of the match (section 4.1).
func fillCoverage(row *output.Row, mx mtasts.MX) codes.MXMatch {
	patterns := make([]mtasts.MXPattern, len(row.MXPatterns))
	for i, p := range row.MXPatterns {
		patterns[i] = mtasts.MXPattern(p)
	}
	c := mtasts.Cover(row.Domain, patterns, mx)
	row.MXMatch, row.Mismatch = string(c.Match), string(c.Mismatch)
	for i, matched := range c.Matched {
		row.MX[i].Matched = new(matched)
	}
	for _, p := range c.Unused {
		row.MXUnused = append(row.MXUnused, string(p))
	}
	addFindings(row, c.Findings...)
	return c.Match
}

// fillCompanions notes what is missing beside a policy of mode enforce or testing.
func fillCompanions(row *output.Row, match codes.MXMatch) {
	if match == codes.MatchNoMX || match == codes.MatchNullMX {
		addFindings(row, codes.FindPolicyWithoutMail)
	}
	switch codes.Record(row.TLSRPT) {
	case codes.RecordAbsent:
		addFindings(row, codes.FindTLSRPTMissing)
	case codes.RecordInvalid, codes.RecordMultiple:
		addFindings(row, codes.FindTLSRPTInvalid)
	}
}

// fillTLS sums up the probes of the hosts that the policy covers. It returns the first one that fails, in the order
// of senders.
func fillTLS(row *output.Row) (worst codes.STARTTLS, reason codes.TLSError) {
	var probes []codes.STARTTLS
	for i := range row.MX {
		host := &row.MX[i]
		if host.STARTTLS == nil || host.Matched == nil || !*host.Matched {
			continue
		}
		probe := codes.STARTTLS(*host.STARTTLS)
		probes = append(probes, probe)
		failed := mtasts.SummarizeTLS([]codes.STARTTLS{probe}) == codes.MXTLSNone
		if failed && worst == "" {
			worst = probe
			if host.TLSError != nil {
				reason = codes.TLSError(*host.TLSError)
			}
		}
	}
	row.MXTLS = string(mtasts.SummarizeTLS(probes))
	return worst, reason
}
