package survey

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/starttls"
)

// PreviousOf keeps what is needed of a provisional row, in a run of so many passes: what the first pass saw, and
// what need not be asked again.
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
		p.failed = new(time.Time) // while others did connect, or it would have been our fault
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

// lacksOnlyProbes reports whether a provisional row lacks nothing but second probes of MX hosts. If it is transient
// for another reason too, the domain is asked again as a whole, while there are passes.
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

// knownUpToPolicy reports whether a row that waits for a fault of ours lacks nothing but the mail side.
func knownUpToPolicy(row *output.Row) bool {
	switch codes.Record(row.Record) {
	case codes.RecordUnknown:
		return false
	case codes.RecordValid:
		return row.Policy != string(codes.PolicyUnknown) || row.PolicyStage != ""
	}
	return true
}

// keepProbes keeps what the probes of a row saw, and the address of the first host with a doubtful one: a row that
// was put off waits for it. A finding does not say which of several certificates has a short key, so hosts with
// such a certificate are left out unless they were probed twice: a process that has not probed them does so itself.
func (p *Previous) keepProbes(row *output.Row) {
	short := slices.Contains(row.Findings, string(codes.FindMXCertKeyShort))
	several := short && severalCertificates(row.MX)
	for i := range row.MX {
		host := &row.MX[i]
		if host.FirstSTARTTLS == nil && (host.STARTTLS == nil || several && host.CertSHA256 != nil) {
			continue
		}
		if p.probes == nil {
			p.probes = make(map[string]starttls.Previous)
		}
		seen := probeOf(host)
		seen.Peer.ShortKey = short && !several && host.CertSHA256 != nil
		p.probes[strings.Clone(host.Host)] = starttls.Previous{Result: seen, Seen: row.ObservedAt}
		if seen.Doubtful() && !p.Addr.IsValid() {
			p.Addr = seen.Addr
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

// probeOf is the probe of a host in a row; if the second one was put off, the first.
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

// own copies a word of a row, which would keep a page in memory.
func own[W ~string](word string) W { return W(strings.Clone(word)) }
