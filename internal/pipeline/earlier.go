package pipeline

import (
	"net/netip"
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// An earlier is what is kept of a provisional row while its domain is asked
// again. The zero earlier is that of a domain that is asked for the first time.
// It does not change.
type earlier struct {
	pass     int32
	pending  codes.Pending
	attempts int32
	upstream netip.AddrPort // that answered, or did not
	addr     netip.Addr     // that the row waits for, of the Policy Host or an MX host; the zero Addr: it is not known
	told     *output.Row    // the row up to the policy, where only the mail side is still to be asked
	octets   int            // of the evidence in told
	failed   *time.Time     // when its host, or with told an MX host, did not connect, as egress.WithEarlierFailure has it

	record       codes.Record
	recordReason codes.RecordReason
	policy       codes.Policy
	stage        codes.Stage
	policyReason codes.PolicyReason
}

// earlierOf keeps a provisional row: what it saw first, if there was a pass
// before it, else what it saw.
func earlierOf(row *output.Row) *earlier {
	e := &earlier{
		pass: row.Pass, pending: codes.Pending(strings.Clone(row.Pending)), attempts: row.Attempts,
		record: own[codes.Record](row.FirstRecord), recordReason: own[codes.RecordReason](row.FirstRecordReason),
		policy: own[codes.Policy](row.FirstPolicy), stage: own[codes.Stage](row.FirstPolicyStage),
		policyReason: own[codes.PolicyReason](row.FirstPolicyReason),
	}
	if row.Pending == string(codes.PendingTransient) && row.FirstRecord == "" {
		e.record, e.recordReason = own[codes.Record](row.Record), own[codes.RecordReason](row.RecordReason)
		e.policy, e.stage = own[codes.Policy](row.Policy), own[codes.Stage](row.PolicyStage)
		e.policyReason = own[codes.PolicyReason](row.PolicyReason)
	}
	e.upstream, _ = netip.ParseAddrPort(row.Resolver)
	local := row.Pending == string(codes.PendingLocal)
	switch {
	case local:
		e.failed = new(row.ObservedAt)
	case row.Pending == string(codes.PendingTransient) && row.PolicyStage == string(codes.StageTCP):
		e.failed = new(time.Time) // when others did, or it would have been ours
	}
	switch {
	case local && toldUpToPolicy(row):
		e.told, e.attempts = row, 0
		row.Pending, row.ObservedAt = "", time.Time{}
	case row.Pending == string(codes.PendingManners) && len(row.MX) > 0:
		e.addr, _ = netip.ParseAddr(*row.MX[0].Addr)
		e.told, e.attempts = row, 0
		row.Pending, row.MX = "", nil
	case len(row.HostAddrs) > 0:
		e.addr, _ = netip.ParseAddr(row.HostAddrs[0])
	}
	if e.told != nil {
		e.octets = e.told.Octets()
	}
	return e
}

// toldUpToPolicy reports whether a row that a fault of ours made provisional lacks
// nothing but the mail side.
func toldUpToPolicy(row *output.Row) bool {
	switch codes.Record(row.Record) {
	case codes.RecordUnknown:
		return false
	case codes.RecordValid:
		return row.Policy != string(codes.PolicyUnknown) || row.PolicyStage != ""
	}
	return true
}

// own is a word in memory of its own: that of a row is part of a page.
func own[W ~string](word string) W { return W(strings.Clone(word)) }

// again reports whether the domain has a row.
func (e *earlier) again() bool { return e.pending != "" }

// failedAt is when the Policy Host did not connect; nil: it is not known to have
// failed.
func (e *earlier) failedAt() *time.Time {
	if e.told != nil {
		return nil
	}
	return e.failed
}

// mailFailedAt is failedAt of the MX hosts.
func (e *earlier) mailFailedAt() *time.Time {
	if e.told == nil {
		return nil
	}
	return e.failed
}

// nextPass is the pass that the domain is asked in. To have waited for manners,
// for an answer that was lost, or for a fault of ours, counts for nothing.
func (e *earlier) nextPass() int32 {
	if e.again() && e.pending != codes.PendingTransient {
		return e.pass
	}
	return e.pass + 1
}

// amend adds to a new row what earlier passes saw.
func (e *earlier) amend(row *output.Row) {
	row.Pass = e.nextPass()
	row.Attempts += e.attempts
	row.FirstRecord, row.FirstRecordReason = string(e.record), string(e.recordReason)
	row.FirstPolicy, row.FirstPolicyStage = string(e.policy), string(e.stage)
	row.FirstPolicyReason = string(e.policyReason)
}
