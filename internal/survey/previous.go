package survey

import (
	"net/netip"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/starttls"
)

// A Previous is what is kept of a provisional row while its domain is asked again.
// The zero Previous is that of a domain that is asked for the first time. It does not
// change.
type Previous struct {
	Pending  codes.Pending
	Upstream netip.AddrPort // that answered, or did not
	Addr     netip.Addr     // that the row waits for, of the Policy Host or an MX host; the zero Addr: it is not known
	Octets   int            // of evidence in a row that is kept whole

	pass       int32
	attempts   int32
	upToPolicy *output.Row // kept whole where only the mail side is still to be asked
	probesOnly *output.Row // kept whole where only second probes of MX hosts are still to be made
	failed     *time.Time  // when its Policy Host, or with upToPolicy an MX host, did not connect, as egress.WithEarlierFailure has it

	probes map[string]starttls.Earlier // of MX hosts, by name

	record       codes.Record // what the first pass saw; empty: there was none
	recordReason codes.RecordReason
	policy       codes.Policy
	stage        codes.Stage
	policyReason codes.PolicyReason
}

// HasRow reports whether the domain has a row.
func (p *Previous) HasRow() bool { return p.Pending != "" }

// onlyMail reports whether nothing but the mail side is still to be asked.
func (p *Previous) onlyMail() bool { return p.upToPolicy != nil || p.probesOnly != nil }

// hostFailedAt is when the Policy Host did not connect; nil: it is not known to have
// failed.
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

// nextPass is the pass that the domain is asked in. To have waited for manners,
// for an answer that was lost, for a fault of ours, or for a second probe of its MX hosts
// alone, counts for nothing.
func (p *Previous) nextPass() int32 {
	if p.HasRow() && (p.Pending != codes.PendingTransient || p.probesOnly != nil) {
		return p.pass
	}
	return p.pass + 1
}

// amend adds to a new row what earlier passes saw.
func (p *Previous) amend(row *output.Row) {
	row.Pass = p.nextPass()
	row.Attempts += p.attempts
	row.FirstRecord, row.FirstRecordReason = string(p.record), string(p.recordReason)
	row.FirstPolicy, row.FirstPolicyStage = string(p.policy), string(p.stage)
	row.FirstPolicyReason = string(p.policyReason)
}
