package output

import "time"

// A Denial is the short form of a [Row] without a record: its columns are those that the lookup can fill, and all
// others are NULL. More than 99 rows in 100 are such. It is a quarter of the size.
type Denial struct {
	Domain           string
	Rank             int64
	List             string
	ListRank         *int64
	TLD              string
	RegisteredDomain string
	Record           string
	RecordReason     string
	Error            string
	TXTCount         *int32
	Zone             string
	Rcode            string
	Authenticated    *bool
	EDE              []int32
	Resolver         string
	Attempts         int32
	LookupMS         int32
	TCP              bool
	Policy           string
	Verdict          string
	ObservedAt       time.Time
	Pass             int32
}

// Row is the whole row.
func (d *Denial) Row() *Row {
	return &Row{
		Domain: d.Domain, Rank: d.Rank, List: d.List, ListRank: d.ListRank, TLD: d.TLD, RegisteredDomain: d.RegisteredDomain,
		Record: d.Record, RecordReason: d.RecordReason, Error: d.Error, TXTCount: d.TXTCount, Zone: d.Zone, Rcode: d.Rcode,
		Authenticated: d.Authenticated, EDE: d.EDE, Resolver: d.Resolver, Attempts: d.Attempts, LookupMS: d.LookupMS, TCP: d.TCP,
		Policy: d.Policy, Verdict: d.Verdict, ObservedAt: d.ObservedAt, Pass: d.Pass,
	}
}

// denialOf is the short form of r.
func denialOf(r *Row) Denial {
	return Denial{
		Domain: r.Domain, Rank: r.Rank, List: r.List, ListRank: r.ListRank, TLD: r.TLD, RegisteredDomain: r.RegisteredDomain,
		Record: r.Record, RecordReason: r.RecordReason, Error: r.Error, TXTCount: r.TXTCount, Zone: r.Zone, Rcode: r.Rcode,
		Authenticated: r.Authenticated, EDE: r.EDE, Resolver: r.Resolver, Attempts: r.Attempts, LookupMS: r.LookupMS, TCP: r.TCP,
		Policy: r.Policy, Verdict: r.Verdict, ObservedAt: r.ObservedAt, Pass: r.Pass,
	}
}

// isDenial reports whether all columns but those of [Denial] are NULL.
func isDenial(r *Row) bool {
	return r.Tags == nil && r.TXT == nil && r.RecordID == "" && r.Extensions == nil && r.CNAMEs == nil && r.TTL == nil &&
		r.HostCNAMEs == nil && r.HostAddrs == nil && r.HostAddrsCount == nil &&
		r.TriedAddrs == nil && r.TriedOutcomes == nil && r.TriedMS == nil && r.IPv4 == "" && r.IPv6 == "" && r.Addr == "" &&
		r.TLSVersion == "" && r.TLSCipher == "" && r.TLSGroup == "" && r.TLSAlert == nil && r.TLSError == "" &&
		r.CertIssuer == "" && r.CertNames == nil && r.CertNamesCount == nil && r.CertNotBefore == nil &&
		r.CertNotAfter == nil && r.CertSHA256 == "" && r.ChainLength == nil &&
		r.HTTPStatus == nil && r.HTTPLocation == "" && r.ContentType == "" && r.ContentEncoding == "" && r.Server == "" &&
		r.BodyBytes == nil && r.BodyFraming == "" &&
		r.DNSMS == nil && r.ConnectMS == nil && r.TLSMS == nil && r.HTTPMS == nil && r.BodyMS == nil &&
		r.PolicyStage == "" && r.PolicyReason == "" && r.PolicyText == nil && r.PolicySHA256 == "" && r.Mode == "" &&
		r.MaxAge == nil && r.MXPatterns == nil && r.PolicyExtensions == nil &&
		r.MXKind == "" && r.MXReason == "" && r.MX == nil && r.MXCount == nil && r.MXAuthenticated == nil &&
		r.MXMatch == "" && r.MXUnused == nil && r.Mismatch == "" && r.MXTLS == "" &&
		r.TLSRPT == "" && r.TLSRPTReason == "" && r.TLSRPTTXT == nil && r.TLSRPTTXTCount == nil && r.TLSRPTCNAMEs == nil &&
		r.RUA == nil && r.RUAKinds == nil &&
		r.RUADomains == nil && r.DANE == "" && r.TLSARecords == nil && r.WildcardSuspected == nil && r.Delegation == "" &&
		r.RecordDelegatedTo == "" && r.HostDelegatedTo == "" && r.Provider == "" && r.VerdictBasis == "" &&
		r.Strict == nil && r.Lenient == nil && r.Findings == nil && r.TLSRPTResult == "" &&
		r.Pending == "" && r.FirstRecord == "" && r.FirstRecordReason == "" && r.FirstPolicy == "" &&
		r.FirstPolicyStage == "" && r.FirstPolicyReason == ""
}
