package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// maxHostAddrs bounds the addresses that a row keeps.
const maxHostAddrs = 16

// A rowMaker begins rows. Nothing that it points to ever changes.
type rowMaker struct {
	suffixes *domains.Suffixes
	none     int32 // for rows to point to
	no, yes  bool
}

func newRowMaker() *rowMaker { return &rowMaker{suffixes: domains.NewSuffixes(), yes: true} }

// newRow is a row that knows its domain and nothing else.
func (m *rowMaker) newRow(name *domains.Name) *output.Row {
	row := &output.Row{
		Domain:           name.Domain,
		Rank:             name.Rank,
		List:             name.List,
		TLD:              tld(name.Domain),
		RegisteredDomain: m.suffixes.Registered(name.Domain),
		Tags:             name.Tags,
		Policy:           string(codes.PolicyNotFetched),
		Verdict:          string(codes.VerdictUnknown),
		Pass:             1,
	}
	if name.ListRank > 0 {
		row.ListRank = new(name.ListRank)
	}
	return row
}

// tld is the last label of a domain.
func tld(domain string) string { return domain[strings.LastIndexByte(domain, '.')+1:] }

// fillNegative makes row that of a domain without a record, from the sieve's
// answer alone. It says the same as newRow, LookupRecord and fillLookup would.
func (m *rowMaker) fillNegative(row *output.Lean, name *domains.Name, a *resolver.Answer) {
	*row = output.Lean{
		Domain:           name.Domain,
		Rank:             name.Rank,
		List:             name.List,
		TLD:              tld(name.Domain),
		RegisteredDomain: m.suffixes.Registered(name.Domain),
		Record:           string(codes.RecordAbsent),
		RecordReason:     string(mtasts.NegativeReason(name.Domain, a.Rcode, a.Zone)),
		Error:            string(codes.ErrNoRecord),
		TXTCount:         &m.none,
		Zone:             a.Zone,
		Rcode:            resolver.RcodeName(a.Rcode),
		Authenticated:    &m.no,
		EDE:              ede(a.EDE),
		Attempts:         int32(a.Trace.Attempts),
		LookupMS:         *milliseconds(a.Trace.Elapsed),
		TCP:              a.Trace.TCP,
		Policy:           string(codes.PolicyNotFetched),
		Verdict:          string(codes.VerdictNoSTS),
		Pass:             1,
	}
	if a.Authenticated {
		row.Authenticated = &m.yes
	}
	if name.ListRank > 0 {
		row.ListRank = &name.ListRank
	}
}

// whole is the row of lean, apart from the slot that name is in.
func whole(lean *output.Lean, name *domains.Name) *output.Row {
	row := lean.Row()
	row.Tags = name.Tags
	if row.ListRank != nil {
		row.ListRank = new(name.ListRank)
	}
	return row
}

func ede(seen []uint16) (column []int32) {
	for _, code := range seen {
		column = append(column, int32(code))
	}
	return column
}

func fillAsked(row *output.Row, asked resolver.Trace) {
	if asked.Upstream.IsValid() {
		row.Resolver = asked.Upstream.String()
	}
	row.Attempts = int32(asked.Attempts)
	row.LookupMS = *milliseconds(asked.Elapsed)
	row.TCP = asked.TCP
}

// fillLookup fills the columns of the record.
func fillLookup(row *output.Row, l mtasts.Lookup, err error, asked resolver.Trace) {
	row.Record = string(l.Class)
	row.RecordReason = string(l.Reason)
	row.Error = string(mtasts.Sentinel(err))
	for _, txt := range l.TXT {
		row.TXT = append(row.TXT, []byte(txt))
	}
	row.CNAMEs = l.CNAMEs
	row.Zone = l.Zone
	if l.Rcode >= 0 {
		row.Rcode = resolver.RcodeName(l.Rcode)
		row.Authenticated = new(l.Authenticated)
	}
	if l.Class != codes.RecordUnknown {
		row.TXTCount = new(int32(l.TXTCount))
	}
	if l.TXTCount > 0 {
		row.TTL = new(int32(l.TTL)) // below 1<<31
	}
	row.EDE = ede(l.EDE)
	fillAsked(row, asked)
	addFindings(row, l.Findings)

	switch l.Class {
	case codes.RecordValid, codes.RecordInvalid, codes.RecordMultiple:
		row.RecordID = l.Record.ID
		row.Extensions = pairs(l.Record.Extensions, "=")
		row.Strict, row.Lenient = new(l.Strict), new(l.Lenient)
	}
	if l.Class == codes.RecordInvalid || l.Class == codes.RecordMultiple {
		row.TLSRPTResult = string(codes.TLSRPTPolicyInvalid)
	}
}

// fillFetch fills the columns of the Policy Host and of the policy.
func fillFetch(row *output.Row, f mtasts.Fetch, err error, host mtasts.Host, dialled egress.Trace) {
	fillHost(row, host, dialled)
	fillResponse(row, f, f.HeaderTime-dialled.DNSTime-dialled.TurnTime-dialled.ConnectTime-dialled.TLSTime)

	row.Policy = string(f.Class)
	row.Error = string(mtasts.Sentinel(err))
	if err != nil {
		row.PolicyStage = string(f.Stage)
		row.PolicyReason = string(f.Reason)
		row.TLSRPTResult = string(codes.Result(f.Stage, f.Reason))
	}
	addFindings(row, f.Findings)
	if dialled.HadForbidden && f.Class != codes.PolicyForbidden {
		addFindings(row, []codes.Finding{codes.FindHostForbidden})
	}
	if dialled.PlainHTTP {
		addFindings(row, []codes.Finding{codes.FindPlainHTTP})
	}
	if len(host.CNAMEs) > 0 && f.Stage == codes.StageDNS && f.Reason == codes.ReasonNXDomain {
		addFindings(row, []codes.Finding{codes.FindHostCNAMEDangling})
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
	}
	row.TLSVersion = dialled.TLSVersion
	row.TLSCipher, row.TLSGroup = dialled.TLSCipher, dialled.TLSGroup
	row.TLSError = string(dialled.TLSError)
	if dialled.TLSAlert != 0 {
		row.TLSAlert = new(int32(dialled.TLSAlert))
	}
	if dialled.TLSVersion != "" || dialled.TLSError != "" {
		row.TLSMS = milliseconds(dialled.TLSTime)
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

// date is a time as a row has it: the zero time is NULL.
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

// fillResponse fills the columns of the HTTP response, whose header came after
// the given time.
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

func addFindings(row *output.Row, findings []codes.Finding) {
	for _, f := range findings {
		row.Findings = append(row.Findings, string(f))
	}
}

func pairs(ps []mtasts.Pair, between string) []string {
	var texts []string
	for _, p := range ps {
		texts = append(texts, p.Text(between))
	}
	return texts
}

// milliseconds rounds d to whole milliseconds, so that the columns of times
// stay small.
func milliseconds(d time.Duration) *int32 {
	return new(int32(min(max(d, 0).Round(time.Millisecond).Milliseconds(), 1<<31-1)))
}
