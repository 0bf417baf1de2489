package pipeline

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// lastDeadline is how much longer the last pass waits for a policy than the others:
// section 3.3 suggests one minute, and a first pass has better to do.
const lastDeadline = 3

// An earlier is what is kept of a provisional row while its domain is asked
// again. The nil earlier is that of a domain that is asked for the first time.
type earlier struct {
	pass     int32
	pending  codes.Pending
	attempts int32
	upstream netip.AddrPort // that answered, or did not
	addr     netip.Addr     // that the row waits for, of the Policy Host or an MX host; the zero Addr: it is not known
	told     *output.Row    // the row up to the policy, where only the mail side is still to be asked
	failed   *time.Time     // when its host, or with told an MX host, did not connect, as egress.WithEarlierFailure has it
	begun    bool           // its policy is asked for
	rests    time.Time      // when its Policy Host wants to be asked again that was put off; zero: it said nothing

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

// failedAt is when the Policy Host did not connect; nil: it is not known to have
// failed.
func (e *earlier) failedAt() *time.Time {
	if e == nil || e.told != nil {
		return nil
	}
	return e.failed
}

// mailFailedAt is failedAt of the MX hosts.
func (e *earlier) mailFailedAt() *time.Time {
	if e == nil || e.told == nil {
		return nil
	}
	return e.failed
}

// connecting is the context of connections to a host that did not connect before;
// nil: it is not known to have failed.
func (r *run) connecting(failed *time.Time) context.Context {
	ctx := r.work
	if r.patience > 0 {
		ctx = egress.WithPatience(ctx, r.patience)
	}
	if failed != nil {
		ctx = egress.WithEarlierFailure(ctx, *failed)
	}
	if r.last {
		ctx = egress.WithLastWord(ctx)
	}
	return ctx
}

// own is a word in memory of its own: that of a row is part of a page.
func own[W ~string](word string) W { return W(strings.Clone(word)) }

// nextPass is the pass that the domain is asked in. To have waited for manners,
// for an answer that was lost, or for a fault of ours, counts for nothing.
func (e *earlier) nextPass() int32 {
	switch {
	case e == nil:
		return 1
	case e.pending == codes.PendingTransient:
		return e.pass + 1
	}
	return e.pass
}

// amend adds to a new row what earlier passes saw.
func (e *earlier) amend(row *output.Row) {
	row.Pass = e.nextPass()
	if e == nil {
		return
	}
	row.Attempts += e.attempts
	row.FirstRecord, row.FirstRecordReason = string(e.record), string(e.recordReason)
	row.FirstPolicy, row.FirstPolicyStage, row.FirstPolicyReason = string(e.policy), string(e.stage), string(e.policyReason)
}

// deadline is that of a retrieval.
func (r *run) deadline(e *earlier) time.Duration {
	if r.Passes > 1 && int(e.nextPass()) >= r.Passes {
		return lastDeadline * r.Deadline
	}
	return r.Deadline
}

// mailDeadline is that of the questions about the mail side. They are asked one
// after the other, and in later passes each with more attempts.
func (r *run) mailDeadline(e *earlier) time.Duration {
	if r.again {
		return lastDeadline * r.deadline(e)
	}
	return r.Deadline
}

// settle says whether a row is final. What may mend waits for the next pass, but
// for hosts that were asked for the last time for being out of reach; after the
// last pass, a zone that gave no answer is asked for its SOA.
// The error is a fault of this machine.
func (r *run) settle(row *output.Row, e *earlier) error {
	e.amend(row)
	if row.Pending != "" || !row.Transient() {
		return nil
	}
	if int(row.Pass) < r.Passes && !(r.last && row.PolicyStage == string(codes.StageTCP)) {
		row.Pending = string(codes.PendingTransient)
		return nil
	}
	switch codes.RecordReason(row.RecordReason) {
	case codes.RecordServfail, codes.RecordTimeout:
		dead, err := mtasts.ZoneDead(resolver.WithPatience(r.work), r.Client.Exchanger, row.Domain)
		if dead {
			row.RecordReason = string(codes.RecordZoneUnreachable)
		}
		return err
	}
	return nil
}

// putOff reports whether err says that nobody was asked for a policy, because of
// the manners that its address is due: it says nothing about the domain.
func putOff(err error) bool {
	var later interface{ Later() bool }
	return errors.As(err, &later) && later.Later()
}

// begin notes that the policy of the domain is asked for.
func (e *earlier) begin() {
	if e != nil {
		e.begun = true
	}
}

// spared notes that the policy was not asked for after all.
func (e *earlier) spared() {
	if e != nil {
		e.begun = false
	}
}

// putOff notes what the error says that put the domain off.
func (e *earlier) putOff(err error) {
	if e == nil {
		return
	}
	e.begun = false
	var rest interface{ Until() time.Time }
	if errors.As(err, &rest) {
		e.rests = rest.Until()
	}
}

// fillPutOff fills the columns of a policy that nobody was asked for.
func fillPutOff(row *output.Row, host mtasts.Host) {
	fillUnasked(row, host)
	row.Pending = string(codes.PendingManners)
}

// fillUnasked fills the columns of a policy of which nothing is known.
func fillUnasked(row *output.Row, host mtasts.Host) {
	for _, addr := range host.Addrs {
		row.HostAddrs = append(row.HostAddrs, addr.String())
	}
	row.HostCNAMEs = host.CNAMEs
	row.Policy = string(codes.PolicyUnknown)
}
