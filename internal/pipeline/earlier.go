package pipeline

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/starttls"
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
	probed   *output.Row    // the row, where nothing but second probes of MX hosts are still to be made
	octets   int            // of the evidence in told or probed
	failed   *time.Time     // when its host, or with told an MX host, did not connect, as egress.WithEarlierFailure has it

	probes map[string]starttls.Previous // of MX hosts, by name

	record       codes.Record
	recordReason codes.RecordReason
	policy       codes.Policy
	stage        codes.Stage
	policyReason codes.PolicyReason
}

// earlierOf keeps a provisional row of a run of so many passes: what it saw first, if
// there was a pass before it, else what it saw.
func earlierOf(row *output.Row, passes int) *earlier {
	probesOnly := probesAgain(row, passes)
	e := &earlier{
		pass: row.Pass, pending: codes.Pending(strings.Clone(row.Pending)), attempts: row.Attempts,
		record: own[codes.Record](row.FirstRecord), recordReason: own[codes.RecordReason](row.FirstRecordReason),
		policy: own[codes.Policy](row.FirstPolicy), stage: own[codes.Stage](row.FirstPolicyStage),
		policyReason: own[codes.PolicyReason](row.FirstPolicyReason),
	}
	if row.Pending == string(codes.PendingTransient) && !probesOnly && row.FirstRecord == "" {
		e.record, e.recordReason = own[codes.Record](row.Record), own[codes.RecordReason](row.RecordReason)
		e.policy, e.stage = own[codes.Policy](row.Policy), own[codes.Stage](row.PolicyStage)
		e.policyReason = own[codes.PolicyReason](row.PolicyReason)
	}
	e.upstream, _ = netip.ParseAddrPort(row.Resolver)
	local := row.Pending == string(codes.PendingLocal)
	switch {
	case local:
		e.failed = new(row.ObservedAt)
	case row.Pending == string(codes.PendingTransient) && !probesOnly && row.PolicyStage == string(codes.StageTCP):
		e.failed = new(time.Time) // when others did, or it would have been ours
	}
	e.keepProbes(row)
	switch {
	case probesOnly:
		e.probed, e.attempts = row, 0
		row.Pending, row.ObservedAt = "", time.Time{}
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
	if e.probed != nil {
		e.octets = e.probed.Octets()
	}
	return e
}

// probesAgain reports whether a provisional row lacks nothing but second probes of MX
// hosts. One that is transient otherwise too is asked again as a whole, while there are
// passes.
func probesAgain(row *output.Row, passes int) bool {
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

// keepProbes keeps what the probes of a row saw, and the address of the first host that is
// to be probed again, which a row that was put off waits for. A finding does not say which
// of several certificates has a short key: hosts with one of those are left out, unless they
// were probed twice, so that a process that does not know is told by themselves.
func (e *earlier) keepProbes(row *output.Row) {
	short := slices.Contains(row.Findings, string(codes.FindMXCertKeyShort))
	several := short && severalCertificates(row.MX)
	for i := range row.MX {
		host := &row.MX[i]
		if host.FirstSTARTTLS == nil && (host.STARTTLS == nil || several && host.CertSHA256 != nil) {
			continue
		}
		if e.probes == nil {
			e.probes = make(map[string]starttls.Previous)
		}
		seen := probeOf(host)
		seen.Peer.ShortKey = short && !several && host.CertSHA256 != nil
		e.probes[strings.Clone(host.Host)] = starttls.Previous{Result: seen, Seen: row.ObservedAt}
		if seen.Doubtful() && !e.addr.IsValid() {
			e.addr = seen.Addr
		}
	}
}

// severalCertificates reports whether hosts do not all have the same certificate.
func severalCertificates(hosts []output.MXHost) bool {
	var first *string
	for i := range hosts {
		switch cert := hosts[i].CertSHA256; {
		case cert == nil:
		case first == nil:
			first = cert
		case *cert != *first:
			return true
		}
	}
	return false
}

// probeOf is what a row tells of a probe: of one that was put off, what the first saw.
func probeOf(host *output.MXHost) (seen starttls.Result) {
	if host.STARTTLS == nil {
		seen.Class = own[codes.STARTTLS](*host.FirstSTARTTLS)
		return seen
	}
	seen.Class = own[codes.STARTTLS](*host.STARTTLS)
	if host.FirstSTARTTLS != nil {
		seen.First, seen.Final = own[codes.STARTTLS](*host.FirstSTARTTLS), true
	}
	if host.Addr != nil {
		seen.Addr, _ = netip.ParseAddr(*host.Addr)
	}
	if host.ReplyCode != nil {
		seen.Code = int(*host.ReplyCode)
	}
	if host.TLSError != nil {
		seen.TLSError = own[codes.TLSError](*host.TLSError)
	}
	if host.TLSVersion != nil {
		seen.Peer.TLSVersion = strings.Clone(*host.TLSVersion)
	}
	if host.CertSHA256 != nil {
		seen.Peer.CertSHA256 = strings.Clone(*host.CertSHA256)
	}
	if host.CertNotAfter != nil {
		seen.Peer.NotAfter = *host.CertNotAfter
	}
	return seen
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
	if e.told != nil || e.probed != nil {
		return nil
	}
	return e.failed
}

// mailFailedAt is failedAt of the MX hosts.
func (e *earlier) mailFailedAt() *time.Time {
	if e.told == nil && e.probed == nil {
		return nil
	}
	return e.failed
}

// nextPass is the pass that the domain is asked in. To have waited for manners,
// for an answer that was lost, for a fault of ours, or for a second probe of its MX hosts
// alone, counts for nothing.
func (e *earlier) nextPass() int32 {
	if e.again() && (e.pending != codes.PendingTransient || e.probed != nil) {
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
