package survey

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// PreviousOf keeps a provisional row of a run of so many passes: what it saw first, if
// there was a pass before it, else what it saw.
func PreviousOf(row *output.Row, passes int) *Previous {
	lacksProbes := lacksOnlyProbes(row, passes)
	p := &Previous{
		pass: row.Pass, Pending: codes.Pending(strings.Clone(row.Pending)), attempts: row.Attempts,
		record: own[codes.Record](row.FirstRecord), recordReason: own[codes.RecordReason](row.FirstRecordReason),
		policy: own[codes.Policy](row.FirstPolicy), stage: own[codes.Stage](row.FirstPolicyStage),
		policyReason: own[codes.PolicyReason](row.FirstPolicyReason),
	}
	if row.Pending == string(codes.PendingTransient) && !lacksProbes && row.FirstRecord == "" {
		p.record, p.recordReason = own[codes.Record](row.Record), own[codes.RecordReason](row.RecordReason)
		p.policy, p.stage = own[codes.Policy](row.Policy), own[codes.Stage](row.PolicyStage)
		p.policyReason = own[codes.PolicyReason](row.PolicyReason)
	}
	p.Upstream, _ = netip.ParseAddrPort(row.Resolver)
	local := row.Pending == string(codes.PendingLocal)
	switch {
	case local:
		p.failed = new(row.ObservedAt)
	case row.Pending == string(codes.PendingTransient) && !lacksProbes && row.PolicyStage == string(codes.StageTCP):
		p.failed = new(time.Time) // when others did, or it would have been ours
	}
	p.keepProbes(row)
	switch {
	case lacksProbes:
		p.probesOnly, p.attempts = row, 0
		row.Pending, row.ObservedAt = "", time.Time{}
	case local && knownUpToPolicy(row):
		p.upToPolicy, p.attempts = row, 0
		row.Pending, row.ObservedAt = "", time.Time{}
	case row.Pending == string(codes.PendingManners) && len(row.MX) > 0:
		p.Addr, _ = netip.ParseAddr(*row.MX[0].Addr)
		p.upToPolicy, p.attempts = row, 0
		row.Pending, row.MX = "", nil
	case len(row.HostAddrs) > 0:
		p.Addr, _ = netip.ParseAddr(row.HostAddrs[0])
	}
	if kept := cmp.Or(p.upToPolicy, p.probesOnly); kept != nil {
		p.Octets = kept.Octets()
	}
	return p
}

// lacksOnlyProbes reports whether a provisional row lacks nothing but second probes of MX
// hosts. One that is transient otherwise too is asked again as a whole, while there are
// passes.
func lacksOnlyProbes(row *output.Row, passes int) bool {
	if !slices.ContainsFunc(row.MX, func(h output.MXHost) bool { return h.Doubtful() }) {
		return false
	}
	switch codes.Pending(row.Pending) {
	case codes.PendingTransient:
		return !row.Transient() || int(row.Pass) >= passes
	case codes.PendingManners, codes.PendingLocal:
		return true
	}
	return false
}

// knownUpToPolicy reports whether a row that a fault of ours made provisional lacks
// nothing but the mail side.
func knownUpToPolicy(row *output.Row) bool {
	switch codes.Record(row.Record) {
	case codes.RecordUnknown:
		return false
	case codes.RecordValid:
		return row.Policy != string(codes.PolicyUnknown) || row.PolicyStage != ""
	}
	return true
}
