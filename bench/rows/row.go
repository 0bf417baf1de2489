package main

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"stsscan/internal/output"
)

// A source generates random numbers by SplitMix64.
type source uint64

// below is a number from 0 to n-1.
func (s *source) below(n int) int {
	*s += 0x9e3779b97f4a7c15
	h := uint64(*s)
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return int((h ^ h>>31) % uint64(n))
}

// denied makes the row of a domain without a record: one in 125 is unknown.
func denied(r *output.Row, random *source) {
	r.Record, r.RecordReason, r.Error, r.Verdict = "absent", "nxdomain", "ErrNoRecord", "no_sts"
	zone := r.RegisteredDomain()
	switch n := random.below(1000); {
	case n < 8:
		r.Record, r.RecordReason, r.Error, r.Verdict = "unknown", "servfail", "ErrDNS", "unknown"
		r.Rcode, r.TXTCount, r.Attempts, zone = "SERVFAIL", nil, 3, ""
	case n < 108:
		r.RecordReason = "nodata"
	case n < 208:
		r.RecordReason, r.Rcode, zone = "no_domain", "NXDOMAIN", r.TLD
	default:
		r.Rcode = "NXDOMAIN"
	}
	r.SetZoneName(zone)
}

// surveyed makes the row of a domain with a record. Of a hundred, two records are invalid, and 24 policies cannot be
// retrieved, most for the certificate. Of the others 52 in a hundred are enforced, 3 are of mode none, and 3 do not
// list an MX host.
func surveyed(r *output.Row, random *source) {
	txt := "v=STSv1; id=20260101000000;"
	mx := "mx1.mail." + r.Domain
	r.TTL, r.TXTCount = new(int32(3600)), new(int32(1))
	r.MXKind, r.MXCount, r.MXAuthenticated = "mx", new(int32(1)), new(false)
	r.MX = []output.MXHost{{Host: mx, Preference: 10}}
	r.Strict, r.Lenient = new(true), new(true)
	if random.below(100) < 2 {
		r.Record, r.RecordReason, r.Error, r.Verdict = "invalid", "id_missing", "ErrRecordSyntax", "broken"
		r.TXT, r.Strict, r.Lenient = [][]byte{[]byte("v=STSv1;")}, new(false), new(false)
		return
	}
	r.Record, r.RecordID, r.TXT = "valid", "20260101000000", [][]byte{[]byte(txt)}
	host := "mta-sts." + r.Domain
	r.HostAddrs, r.HostAddrsCount = []string{"192.0.2.1"}, new(int32(1))
	r.TriedAddrs, r.TriedOutcomes, r.TriedMS = []string{"192.0.2.1"}, []string{"connected"}, []int32{20}
	r.IPv4, r.Addr, r.DNSMS, r.ConnectMS = "connected", "192.0.2.1", new(int32(20)), new(int32(20))
	r.TLSVersion, r.TLSCipher, r.TLSGroup, r.TLSMS = "1.3", "TLS_AES_128_GCM_SHA256", "x25519", new(int32(40))
	r.CertIssuer, r.CertNames, r.CertNamesCount = "CN=R11,O=Let's Encrypt,C=US", []string{host}, new(int32(1))
	r.CertNotBefore, r.CertNotAfter = new(r.ObservedAt.AddDate(0, -1, 0)), new(r.ObservedAt.AddDate(0, 2, 0))
	r.CertSHA256, r.ChainLength, r.VerdictBasis = strings.Repeat("0f", 32), new(int32(2)), "policy"
	if n := random.below(100); n < 24 {
		r.Policy, r.Error, r.Verdict, r.PolicyStage = "unreachable", "ErrPolicyFetch", "broken", "tls"
		r.PolicyReason = "name_mismatch"
		switch {
		case n < 2:
			r.PolicyReason = "expired"
		case n < 5:
			r.Policy, r.Error, r.PolicyStage, r.PolicyReason = "missing", "ErrNoPolicy", "http", "not_found"
			r.HTTPStatus, r.TLSRPTResult = new(int32(404)), "sts-policy-fetch-error"
			return
		}
		r.TLSError, r.TLSRPTResult = r.PolicyReason, "sts-webpki-invalid"
		return
	}
	r.Policy, r.HTTPStatus, r.ContentType, r.Server = "valid", new(int32(200)), "text/plain", "nginx"
	r.BodyFraming, r.HTTPMS, r.BodyMS = "content_length", new(int32(20)), new(int32(0))
	r.Mode, r.MaxAge, r.MXPatterns, r.MXMatch = "testing", new(int64(604800)), []string{mx}, "all"
	r.Verdict, r.VerdictBasis = "testing_ok", "mx"
	if n := random.below(100); n < 52 {
		r.Mode, r.Verdict = "enforce", "enforce_ok"
	} else if n < 55 {
		r.Mode, r.Verdict, r.VerdictBasis = "none", "valid_none", "policy"
	}
	r.MX[0].Matched = new(true)
	if r.Mode != "none" && random.below(100) < 3 {
		r.MXPatterns, r.MXMatch, r.Mismatch = []string{"mx.former.example"}, "none", "different_domain"
		r.MXUnused, r.MX[0].Matched = r.MXPatterns, new(false)
		r.Findings = []string{"mx_not_covered", "mx_pattern_unused"}
		r.Verdict, r.TLSRPTResult = "testing_would_fail", "validation-failure"
		if r.Mode == "enforce" {
			r.Verdict = "enforce_refused"
		}
	}
	text := "version: STSv1\r\nmode: " + r.Mode + "\r\nmx: " + r.MXPatterns[0] + "\r\nmax_age: 604800\r\n"
	sum := sha256.Sum256([]byte(text))
	r.PolicyText, r.BodyBytes, r.PolicySHA256 = []byte(text), new(int64(len(text))), hex.EncodeToString(sum[:])
}
