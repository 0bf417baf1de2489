// Package output is the survey's table: one row for each Policy Domain of RFC
// 8461, part files in Parquet that are whole or not there, and the manifest of
// the run, which accounts for every entry of the input.
//
// It gives the classes of what was seen no second thought: the words are those
// of package codes, and package verify holds rows against their evidence. It
// writes to local directories only.
package output

import "time"

// A Row is what one scan saw of one Policy Domain. The struct is the schema of
// the table: a field is a column, and the comment on its line is the column's
// entry in the data dictionary. What was not observed is NULL. Text columns
// hold valid UTF-8 of bounded length; raw bytes are binary columns. Times are
// UTC in microseconds. Columns are only ever added. The encodings that tags ask
// for are those of full rows; denials choose their own (see denialRows).
type Row struct {
	Domain           string            `parquet:"domain"`                     // Policy Domain in A-labels, lower case, no final dot
	Rank             int64             `parquet:"rank,delta"`                 // 1-based position among the entries of all lists
	List             string            `parquet:"list,dict"`                  // name of the input list
	ListRank         *int64            `parquet:"list_rank,optional"`         // the rank that the list itself states
	TLD              string            `parquet:"tld,dict"`                   // last label of the domain
	RegisteredDomain string            `parquet:"registered_domain,optional"` // public suffix and one label; NULL where the domain is a public suffix
	Tags             map[string]string `parquet:"tags,optional"`              // columns of the list that were asked to be carried

	Record        string   `parquet:"record,dict"`                 // class of the record: codes.Record
	RecordReason  string   `parquet:"record_reason,optional,dict"` // why it is not valid: codes.RecordReason
	Error         string   `parquet:"error,optional,dict"`         // class of the error of the lookup or the fetch, NULL when all is well: codes.Sentinel
	TXT           [][]byte `parquet:"txt,optional,list"`           // each TXT record, its strings joined; at most 64 records and 16 KiB
	TXTCount      *int32   `parquet:"txt_count,optional"`          // number of TXT records in the answer
	RecordID      string   `parquet:"record_id,optional"`          // id of the record (section 3.1)
	Extensions    []string `parquet:"extensions,optional,list"`    // other fields of the record, name=value; at most 64 and 16 KiB; each of at most 512 octets
	CNAMEs        []string `parquet:"cnames,optional,list"`        // alias chain from _mta-sts.<domain>, in order
	Zone          string   `parquet:"zone,optional"`               // owner of the SOA in a negative answer
	TTL           *int32   `parquet:"ttl,optional"`                // of the record, in seconds; 0 where its top bit is set (RFC 2181, section 8)
	Rcode         string   `parquet:"rcode,optional,dict"`         // DNS response code of the last reply
	Authenticated *bool    `parquet:"authenticated,optional"`      // AD bit of every reply that the answer rests on
	EDE           []int32  `parquet:"ede,optional,list"`           // extended DNS errors (RFC 8914), the first 16 and those of filters
	Resolver      string   `parquet:"resolver,optional,dict"`      // upstream that gave the last reply, host:port
	Attempts      int32    `parquet:"attempts,dict"`               // DNS messages sent for the record, all upstreams and passes
	LookupMS      int32    `parquet:"lookup_ms"`                   // from the first question to the last answer, waits included, in milliseconds
	TCP           bool     `parquet:"tcp"`                         // the answer came over TCP

	HostCNAMEs     []string   `parquet:"host_cnames,optional,list"`                       // alias chain from mta-sts.<domain>, in order
	HostAddrs      []string   `parquet:"host_addrs,optional,list"`                        // addresses of the Policy Host, at most 16
	HostAddrsCount *int32     `parquet:"host_addrs_count,optional"`                       // number of its addresses
	TriedAddrs     []string   `parquet:"tried_addrs,optional,list"`                       // addresses that were dialled, in order; at most two of each family, the next only where one did not connect
	TriedOutcomes  []string   `parquet:"tried_outcomes,optional,list"`                    // how each of them met the connection: codes.Connect
	TriedMS        []int32    `parquet:"tried_ms,optional,list"`                          // how long each of them took, in milliseconds
	IPv4           string     `parquet:"ipv4,optional,dict"`                              // how the IPv4 address dialled last met the connection, NULL where none was dialled: codes.Connect
	IPv6           string     `parquet:"ipv6,optional,dict"`                              // the same of IPv6: codes.Connect
	Addr           string     `parquet:"addr,optional"`                                   // address that was dialled last
	TLSVersion     string     `parquet:"tls_version,optional,dict"`                       // as in "1.3"
	TLSCipher      string     `parquet:"tls_cipher,optional,dict"`                        // cipher suite, as IANA names it
	TLSGroup       string     `parquet:"tls_group,optional,dict"`                         // group of the key exchange, as IANA names it
	TLSAlert       *int32     `parquet:"tls_alert,optional"`                              // alert that the server sent instead of going on (RFC 8446, section 6)
	TLSError       string     `parquet:"tls_error,optional,dict"`                         // why the handshake or the certificate was not accepted: codes.TLSError
	CertIssuer     string     `parquet:"cert_issuer,optional,dict"`                       // issuer of the leaf certificate; NULL where it has more than 8 KiB
	CertNames      []string   `parquet:"cert_names,optional,list"`                        // first five DNS names of the leaf certificate
	CertNamesCount *int32     `parquet:"cert_names_count,optional"`                       // number of its DNS names
	CertNotBefore  *time.Time `parquet:"cert_not_before,optional,timestamp(microsecond)"` // start of its validity; NULL where its year is not 1 to 9999
	CertNotAfter   *time.Time `parquet:"cert_not_after,optional,timestamp(microsecond)"`  // end of its validity; NULL where its year is not 1 to 9999
	CertSHA256     string     `parquet:"cert_sha256,optional"`                            // of the leaf certificate's DER, in hexadecimal
	ChainLength    *int32     `parquet:"chain_length,optional"`                           // certificates that the server sent

	HTTPStatus      *int32 `parquet:"http_status,optional"`           // status code
	HTTPLocation    string `parquet:"http_location,optional"`         // where a 3xx pointed; never followed
	ContentType     string `parquet:"content_type,optional,dict"`     // as sent
	ContentEncoding string `parquet:"content_encoding,optional,dict"` // as sent; a body in another encoding than identity is not decoded
	Server          string `parquet:"server,optional,dict"`           // as sent
	BodyBytes       *int64 `parquet:"body_bytes,optional"`            // bytes read, at most 65537
	BodyFraming     string `parquet:"body_framing,optional,dict"`     // how the end of the body was marked: codes.BodyFraming
	DNSMS           *int32 `parquet:"dns_ms,optional"`                // addresses of the Policy Host, in milliseconds
	ConnectMS       *int32 `parquet:"connect_ms,optional"`            // TCP connection, in milliseconds
	TLSMS           *int32 `parquet:"tls_ms,optional"`                // TLS handshake, in milliseconds
	HTTPMS          *int32 `parquet:"http_ms,optional"`               // request and response header, in milliseconds
	BodyMS          *int32 `parquet:"body_ms,optional"`               // body, in milliseconds

	Policy           string   `parquet:"policy,dict"`                     // class of the policy: codes.Policy
	PolicyStage      string   `parquet:"policy_stage,optional,dict"`      // stage at which retrieval failed: codes.Stage
	PolicyReason     string   `parquet:"policy_reason,optional,dict"`     // why, within the stage: codes.PolicyReason
	PolicyText       []byte   `parquet:"policy_text,optional"`            // the body as served, at most 64 KiB
	PolicySHA256     string   `parquet:"policy_sha256,optional"`          // of the body, in hexadecimal
	Mode             string   `parquet:"mode,optional,dict"`              // what the policy asks of senders: codes.Mode
	MaxAge           *int64   `parquet:"max_age,optional"`                // for how long senders may keep the policy, in seconds
	MXPatterns       []string `parquet:"mx_patterns,optional,list"`       // as published
	PolicyExtensions []string `parquet:"policy_extensions,optional,list"` // other fields of the policy, name: value; at most 64; each of at most 512 octets

	MXKind          string   `parquet:"mx_kind,optional,dict"`     // how the domain receives mail: codes.MXKind
	MXReason        string   `parquet:"mx_reason,optional,dict"`   // why that is unknown: codes.RecordReason
	MX              []MXHost `parquet:"mx,optional,list"`          // MX hosts, in order of preference, at most 32
	MXCount         *int32   `parquet:"mx_count,optional"`         // number of MX records in the answer
	MXAuthenticated *bool    `parquet:"mx_authenticated,optional"` // AD bit of every reply that the MX hosts rest on
	MXMatch         string   `parquet:"mx_match,optional,dict"`    // how the patterns of a valid policy cover the MX hosts (section 4.1): codes.MXMatch
	MXUnused        []string `parquet:"mx_unused,optional,list"`   // patterns that match no MX host
	Mismatch        string   `parquet:"mismatch,optional,dict"`    // where none is covered, how the nearest of the first 64 patterns differs: codes.Mismatch
	MXTLS           string   `parquet:"mx_tls,optional,dict"`      // probes of the MX hosts that are covered: codes.MXTLS

	TLSRPT         string   `parquet:"tlsrpt,optional,dict"`        // class of the TLSRPT record (RFC 8460, section 3): codes.Record
	TLSRPTReason   string   `parquet:"tlsrpt_reason,optional,dict"` // why it is not valid: codes.TLSRPTReason
	TLSRPTTXT      [][]byte `parquet:"tlsrpt_txt,optional,list"`    // each TXT record at _smtp._tls.<domain>, its strings joined; at most 64 records and 16 KiB
	TLSRPTTXTCount *int32   `parquet:"tlsrpt_txt_count,optional"`   // number of TXT records in the answer
	TLSRPTCNAMEs   []string `parquet:"tlsrpt_cnames,optional,list"` // alias chain from _smtp._tls.<domain>, in order
	RUA            []string `parquet:"rua,optional,list"`           // destinations of TLS reports, as published, at most 16
	RUAKinds       []string `parquet:"rua_kinds,optional,list"`     // kind of each destination: codes.RUAKind
	RUADomains     []string `parquet:"rua_domains,optional,list"`   // registered domains of the destinations, each once
	DANE           string   `parquet:"dane,optional,dict"`          // MX hosts that a DANE sender can authenticate (RFC 7672): codes.DANE
	TLSARecords    []string `parquet:"tlsa_records,optional,list"`  // TLSA records for port 25 of the MX hosts: host, usage, selector, matching type, data in hexadecimal

	WildcardSuspected *bool  `parquet:"wildcard_suspected,optional"`       // a random name beside _mta-sts.<domain> has an MTA-STS record too
	Delegation        string `parquet:"delegation,optional,dict"`          // which of the two names leads to another registered domain: codes.Delegation
	RecordDelegatedTo string `parquet:"record_delegated_to,optional,dict"` // registered domain that the record's aliases lead to
	HostDelegatedTo   string `parquet:"host_delegated_to,optional,dict"`   // registered domain that the Policy Host's aliases lead to
	Provider          string `parquet:"provider,optional,dict"`            // who runs MTA-STS for the domain, where the map of providers knows its aliases

	Verdict      string `parquet:"verdict,optional,dict"`       // what a compliant sender experiences that meets the domain for the first time: codes.Verdict
	VerdictBasis string `parquet:"verdict_basis,optional,dict"` // evidence that the verdict rests on, NULL where the record alone decides: codes.Basis

	Strict       *bool    `parquet:"strict,optional"`             // every text that was read, and how it was served, follows the letter of RFC 8461
	Lenient      *bool    `parquet:"lenient,optional"`            // most senders would use every text that was read, as it was served
	Findings     []string `parquet:"findings,optional,list"`      // every oddity: codes.Finding
	TLSRPTResult string   `parquet:"tlsrpt_result,optional,dict"` // result type of RFC 8460, section 4.3.2.2; NULL where nothing fails, or the record is not valid and senders know of no MTA-STS: codes.TLSRPTResult

	ObservedAt time.Time `parquet:"observed_at,timestamp(microsecond),delta"` // when the row was complete
	Pass       int32     `parquet:"pass,dict"`                                // 1, or more where the domain was asked again after a failure
	Pending    string    `parquet:"pending,optional,dict"`                    // why the row is provisional, NULL when it is final: codes.Pending

	FirstRecord       string `parquet:"first_record,optional,dict"`        // record of the first pass, where there was a later one: codes.Record
	FirstRecordReason string `parquet:"first_record_reason,optional,dict"` // its record_reason: codes.RecordReason
	FirstPolicy       string `parquet:"first_policy,optional,dict"`        // its policy: codes.Policy
	FirstPolicyStage  string `parquet:"first_policy_stage,optional,dict"`  // its policy_stage: codes.Stage
	FirstPolicyReason string `parquet:"first_policy_reason,optional,dict"` // its policy_reason: codes.PolicyReason
}

// elementOctets is what an element of a list costs beside its text: a string
// header in the row, an offset and levels in the column.
const elementOctets = 16

// Octets is about the size of the row in memory: all that strangers choose the
// length or the number of counts.
func (r *Row) Octets() int {
	n := len(r.PolicyText) + 4*(len(r.EDE)+len(r.TriedMS))
	for _, text := range texts(r) {
		n += len(text)
	}
	for _, list := range lists(r) {
		for _, text := range list {
			n += elementOctets + len(text)
		}
	}
	for _, txts := range [][][]byte{r.TXT, r.TLSRPTTXT} {
		for _, txt := range txts {
			n += elementOctets + len(txt)
		}
	}
	for i := range r.MX {
		for _, text := range r.MX[i].texts() {
			n += elementOctets + len(text)
		}
	}
	for name, value := range r.Tags {
		n += 2*elementOctets + len(name) + len(value)
	}
	return n
}
