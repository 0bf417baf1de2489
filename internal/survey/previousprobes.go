package survey

import (
	"net/netip"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/starttls"
)

// keepProbes keeps what the probes of a row saw, and the address of the first host with a
// doubtful one: a row that was put off waits for it. A finding does not say which of
// several certificates has a short key: hosts with one of those are left out, unless they
// were probed twice, and are probed anew where this process has not seen them.
func (p *Previous) keepProbes(row *output.Row) {
	short := slices.Contains(row.Findings, string(codes.FindMXCertKeyShort))
	several := short && severalCertificates(row.MX)
	for i := range row.MX {
		host := &row.MX[i]
		if host.FirstSTARTTLS == nil && (host.STARTTLS == nil || several && host.CertSHA256 != nil) {
			continue
		}
		if p.probes == nil {
			p.probes = make(map[string]starttls.Earlier)
		}
		seen := probeOf(host)
		seen.Peer.ShortKey = short && !several && host.CertSHA256 != nil
		p.probes[strings.Clone(host.Host)] = starttls.Earlier{Result: seen, Seen: row.ObservedAt}
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

// probeOf is the probe of a host as its row has it; where the second one was put off, the first.
func probeOf(host *output.MXHost) (seen starttls.Result) {
	if host.STARTTLS == nil {
		seen.Class = own[codes.STARTTLS](*host.FirstSTARTTLS)
		return seen
	}
	seen.Class = own[codes.STARTTLS](*host.STARTTLS)
	if host.FirstSTARTTLS != nil {
		seen.First, seen.Again = own[codes.STARTTLS](*host.FirstSTARTTLS), true
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

// own is a word in memory of its own: that of a row is part of a page.
func own[W ~string](word string) W { return W(strings.Clone(word)) }
