package survey

import (
	"net/netip"
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/starttls"
)

// text is an address in a row.
func text(addr netip.Addr) *string {
	if !addr.IsValid() {
		return nil
	}
	return new(addr.String())
}

// fillProbesPutOff makes a row up to the policy provisional: it lists the MX hosts that were put off, with the
// address that they wait for.
func fillProbesPutOff(row *output.Row, hosts []output.MXHost) {
	row.Pending = string(codes.PendingManners)
	for _, host := range hosts {
		if host.STARTTLS == nil && host.Addr != nil {
			row.MX = append(row.MX, output.MXHost{
				Host: host.Host, Preference: host.Preference, Addr: host.Addr, FirstSTARTTLS: host.FirstSTARTTLS,
			})
		}
	}
}

// fillProbe fills the columns of a probe, in place of those of an earlier one.
func fillProbe(host *output.MXHost, seen starttls.Result) {
	host.FirstSTARTTLS, host.ReplyCode, host.TLSError, host.TLSVersion = nil, nil, nil, nil
	host.CertSHA256, host.CertNotAfter = nil, nil
	host.STARTTLS, host.Addr = new(string(seen.Class)), text(seen.Addr)
	if seen.First != "" {
		host.FirstSTARTTLS = new(string(seen.First))
	}
	if seen.Code != 0 {
		host.ReplyCode = new(int32(seen.Code))
	}
	if seen.TLSError != "" {
		host.TLSError = new(string(seen.TLSError))
	}
	if seen.Peer.TLSVersion != "" {
		host.TLSVersion = new(seen.Peer.TLSVersion)
	}
	if seen.Peer.CertSHA256 != "" {
		host.CertSHA256, host.CertNotAfter = new(seen.Peer.CertSHA256), date(seen.Peer.NotAfter)
	}
}

// fillProbeFindings notes what the probes found, in place of earlier findings.
func fillProbeFindings(row *output.Row) {
	row.Findings = slices.DeleteFunc(row.Findings, func(f string) bool {
		switch codes.Finding(f) {
		case codes.FindMXNoSTARTTLS, codes.FindMXTLSFailed, codes.FindMXCertificate:
			return true
		}
		return false
	})
	for _, host := range row.MX {
		if host.STARTTLS != nil {
			addProbeFinding(row, codes.STARTTLS(*host.STARTTLS))
		}
	}
}

func addProbeFinding(row *output.Row, class codes.STARTTLS) {
	switch class {
	case codes.STARTTLSNotOffered, codes.STARTTLSRejected:
		addOnce(row, codes.FindMXNoSTARTTLS)
	case codes.STARTTLSHandshake:
		addOnce(row, codes.FindMXTLSFailed)
	case codes.STARTTLSCertificate:
		addOnce(row, codes.FindMXCertificate)
	}
}
