package survey

import (
	"net/netip"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/starttls"
)

// A Previous is what is kept of a provisional row while its domain is asked again. It does not change. The zero
// Previous belongs to a domain without a row.
type Previous struct {
	Pending  codes.Pending
	Upstream netip.AddrPort // that was asked
	Addr     netip.Addr     // of the Policy Host or MX host that the row waits for; the zero Addr: not known
	Octets   int            // of evidence in a row that is kept whole

	pass       int32
	attempts   int32
	upToPolicy *output.Row // kept whole where only the mail side is missing
	probesOnly *output.Row // kept whole where only second probes of MX hosts are missing
	failed     *time.Time  // when a host did not connect (egress.WithEarlierFailure): the Policy Host, or an MX host

	probes map[string]starttls.Previous // of MX hosts, by name

	record       codes.Record // what the first pass saw; empty: there was none
	recordReason codes.RecordReason
	policy       codes.Policy
	stage        codes.Stage
	policyReason codes.PolicyReason
}

// HasRow reports whether the domain has a row.
func (p *Previous) HasRow() bool { return p.Pending != "" }

// onlyMail reports whether nothing but the mail side is missing.
func (p *Previous) onlyMail() bool { return p.upToPolicy != nil || p.probesOnly != nil }

// hostFailedAt is when the Policy Host did not connect; nil: it did, or was not tried.
func (p *Previous) hostFailedAt() *time.Time {
	if p.onlyMail() {
		return nil
	}
	return p.failed
}

// mailFailedAt is hostFailedAt for the MX hosts.
func (p *Previous) mailFailedAt() *time.Time {
	if !p.onlyMail() {
		return nil
	}
	return p.failed
}

// nextPass is the pass in which the domain is asked. It is the same one again after a wait for manners, a lost
// answer, a fault of ours, or for second probes of MX hosts alone.
func (p *Previous) nextPass() int32 {
	if p.HasRow() && (p.Pending != codes.PendingTransient || p.probesOnly != nil) {
		return p.pass
	}
	return p.pass + 1
}

// amend adds what earlier passes saw to a new row.
func (p *Previous) amend(row *output.Row) {
	row.Pass = p.nextPass()
	row.Attempts += p.attempts
	row.FirstRecord, row.FirstRecordReason = string(p.record), string(p.recordReason)
	row.FirstPolicy, row.FirstPolicyStage = string(p.policy), string(p.stage)
	row.FirstPolicyReason = string(p.policyReason)
}
