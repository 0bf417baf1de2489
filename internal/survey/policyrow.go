package survey

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// fillFetch fills the columns of the Policy Host and of the policy.
func fillFetch(row *output.Row, f mtasts.Fetch, err error, host mtasts.Host, dialled egress.Trace) {
	fillHost(row, host, dialled)
	fillResponse(row, f, f.HeaderTime-dialled.DNSTime-dialled.WaitTime-dialled.ConnectTime-dialled.TLSTime)

	row.Policy = string(f.Class)
	row.Error = string(mtasts.Sentinel(err))
	if err != nil {
		row.PolicyStage = string(f.Stage)
		row.PolicyReason = string(f.Reason)
		row.TLSRPTResult = string(codes.Result(f.Stage, f.Reason))
	}
	addFindings(row, f.Findings...)
	for _, of := range []struct {
		seen    bool
		finding codes.Finding
	}{
		{dialled.HadForbidden && f.Class != codes.PolicyForbidden, codes.FindHostForbidden},
		{dialled.ClientLimit, codes.FindClientLimit},
		{dialled.HTTP2Only, codes.FindHTTP2Only},
		{dialled.PlainHTTP, codes.FindPlainHTTP},
		{dialled.ShortKey, codes.FindCertKeyShort},
		{len(host.CNAMEs) > 0 && f.Stage == codes.StageDNS && f.Reason == codes.ReasonNXDomain, codes.FindHostCNAMEDangling},
	} {
		if of.seen {
			addFindings(row, of.finding)
		}
	}
	if !f.Read {
		return
	}
	row.Mode = string(f.Policy.Mode)
	if f.Policy.MaxAge >= 0 {
		row.MaxAge = new(f.Policy.MaxAge)
	}
	for _, pattern := range f.Policy.MX {
		row.MXPatterns = append(row.MXPatterns, string(pattern))
	}
	row.PolicyExtensions = pairs(f.Policy.Extensions, ": ")
	row.Strict = new(*row.Strict && f.Strict)
	row.Lenient = new(*row.Lenient && f.Lenient)
}

func fillHost(row *output.Row, host mtasts.Host, dialled egress.Trace) {
	row.HostCNAMEs = host.CNAMEs
	for _, addr := range host.Addrs {
		row.HostAddrs = append(row.HostAddrs, addr.String())
	}
	if host.Count > 0 {
		row.HostAddrsCount = new(int32(host.Count))
	}
	row.DNSMS = milliseconds(dialled.DNSTime)
	fillAttempts(row, dialled.Attempts)
	if dialled.Addr.IsValid() {
		row.Addr = dialled.Addr.String()
		row.ConnectMS = milliseconds(dialled.ConnectTime)
		if dialled.TLSVersion != "" || dialled.TLSError != "" {
			row.TLSMS = milliseconds(dialled.TLSTime)
		}
	}
	row.TLSVersion = dialled.TLSVersion
	row.TLSCipher, row.TLSGroup = dialled.TLSCipher, dialled.TLSGroup
	row.TLSError = string(dialled.TLSError)
	if dialled.TLSAlert != 0 {
		row.TLSAlert = new(int32(dialled.TLSAlert))
	}
	if cert := dialled.Cert; cert != nil {
		row.CertIssuer = cert.Issuer
		row.CertNames = cert.Names
		row.CertNamesCount = new(int32(cert.NamesCount))
		row.CertNotBefore, row.CertNotAfter = date(cert.NotBefore), date(cert.NotAfter)
		row.CertSHA256 = hex.EncodeToString(cert.SHA256[:])
		row.ChainLength = new(int32(dialled.ChainLength))
	}
}

// date is a time in a row: the zero time is NULL.
func date(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// fillAttempts fills the columns of the addresses that were dialled.
func fillAttempts(row *output.Row, attempts []egress.Attempt) {
	for _, a := range attempts {
		row.TriedAddrs = append(row.TriedAddrs, a.Addr.String())
		row.TriedOutcomes = append(row.TriedOutcomes, string(a.Outcome))
		row.TriedMS = append(row.TriedMS, *milliseconds(a.Time))
		if a.Addr.Is4() {
			row.IPv4 = string(a.Outcome)
		} else {
			row.IPv6 = string(a.Outcome)
		}
	}
}

// fillResponse fills the columns of the HTTP response; waited is the time until its header came.
func fillResponse(row *output.Row, f mtasts.Fetch, waited time.Duration) {
	if f.Status == 0 {
		return
	}
	row.HTTPStatus = new(int32(f.Status))
	row.HTTPLocation = f.Location
	row.ContentType = f.ContentType
	row.ContentEncoding = f.ContentEncoding
	row.Server = f.Server
	row.HTTPMS = milliseconds(waited)
	if f.Body == nil && f.BodyBytes == 0 && f.Framing == "" {
		return // the body was not asked for
	}
	row.BodyFraming = string(f.Framing)
	row.BodyBytes = new(f.BodyBytes)
	row.BodyMS = milliseconds(f.BodyTime)
	row.PolicyText = f.Body
	sum := sha256.Sum256(f.Body)
	row.PolicySHA256 = hex.EncodeToString(sum[:])
}

// fillPutOff fills the columns of a policy that manners put off.
func fillPutOff(row *output.Row, host mtasts.Host) {
	fillUnasked(row, host)
	row.Pending = string(codes.PendingManners)
}

// fillUnasked fills the columns of a policy that is unknown.
func fillUnasked(row *output.Row, host mtasts.Host) {
	for _, addr := range host.Addrs {
		row.HostAddrs = append(row.HostAddrs, addr.String())
	}
	row.HostCNAMEs = host.CNAMEs
	row.Policy = string(codes.PolicyUnknown)
}
