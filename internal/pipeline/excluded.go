package pipeline

import (
	"net/netip"
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// excludes reports whether a row is about somebody who opted out late: its domain,
// its Policy Host or the target of an alias of that, an MX host, or all addresses
// of one of them.
func excludes(late *domains.Exclusions, row *output.Row) bool {
	if late == nil {
		return false
	}
	optedOut := func(text string) bool {
		addr, err := netip.ParseAddr(text)
		return err == nil && late.Addr(addr)
	}
	switch {
	case late.Domain(row.Domain), late.Domain(policyHostLabel + "." + row.Domain):
		return true
	case slices.ContainsFunc(row.HostCNAMEs, late.Domain):
		return true
	case len(row.HostAddrs) > 0 && !slices.ContainsFunc(row.HostAddrs, func(text string) bool { return !optedOut(text) }):
		return true
	}
	return slices.ContainsFunc(row.MX, func(host output.MXHost) bool {
		return late.Domain(host.Host) || host.Addr != nil && optedOut(*host.Addr)
	})
}

// policyHostLabel is what stands before a Policy Domain in the name of its Policy
// Host (RFC 8461, section 3.3).
const policyHostLabel = "mta-sts"

// endLate makes a provisional row final as it stands. MX hosts that were listed
// because the row waited for them were never all that the domain has.
func endLate(row *output.Row) {
	row.Pending = ""
	row.Findings = slices.Clip(row.Findings) // the row is one of many that were read together
	addOnce(row, codes.FindExcludedLate)
	if row.MXKind == "" {
		row.MX = nil
	}
	o := mtasts.Observation{
		Record: codes.Record(row.Record), Policy: codes.Policy(row.Policy),
		OptedOut: row.PolicyReason == string(codes.ReasonOptedOut),
		Match:    codes.MXMatch(row.MXMatch), TLS: codes.MXTLS(row.MXTLS),
	}
	if o.Policy == codes.PolicyValid {
		o.Mode = codes.Mode(row.Mode)
	}
	verdict, basis := mtasts.Decide(o)
	row.Verdict, row.VerdictBasis = string(verdict), string(basis)
}
