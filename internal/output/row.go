// Package output is the survey's table: one row for each Policy Domain of RFC 8461, part files in Parquet that
// are whole or not there, and the manifest of the run, which accounts for every entry of the input.
//
// Whole rows are read by [ReadPart], part after part. A [Selection] reads few rows or few columns of all parts of a
// run, and leaves out what it can: a command that answers a question says which words it looks for, and which columns
// it shows. [Duplicates] are the entries that named a domain of the run again, with other tags.
//
// It gives the classes of what was seen no second thought: the words are those of package codes, and package
// verify holds rows against their evidence. It writes to local directories only.
package output

import "time"

// A Row is what one scan saw of one Policy Domain. The struct is the schema of the table, and its one source: a field
// is a column, the comment on its line is the column's entry in the data dictionary, and its tags say the rest:
//
//   - parquet: the name, and the encoding in full rows; denials choose their own (see denialRows)
//   - rfc: the section that the column is about, of RFC 8461 or of the RFC that is named; none: it is about the survey
//   - words: the function of package codes that lists the words of the column; none: it may have others
//   - denial: "yes" where the row of a denial ([Denial]) has the column too
//   - name: what the name is called whose labels the column counts; see names.go
//
// After a change run "go generate ./internal/output". Columns are only ever added. What was not observed is NULL. Text
// columns hold valid UTF-8 of bounded length; raw bytes are binary columns. Times are UTC in microseconds.
type Row struct {
	Domain           string            `parquet:"domain" rfc:"2" denial:"yes"`                                      // Policy Domain in A-labels, lower case, no final dot
	Rank             int64             `parquet:"rank,delta" denial:"yes"`                                          // 1-based position among the entries of all lists
	List             string            `parquet:"list,dict" denial:"yes"`                                           // name of the input list
	ListRank         *int64            `parquet:"list_rank,optional" denial:"yes"`                                  // the rank that the list itself states
	TLD              string            `parquet:"tld,dict" denial:"yes"`                                            // last label of the domain
	RegisteredLabels *int32            `parquet:"registered_labels,optional" denial:"yes" name:"registered_domain"` // number of labels of the registered domain, the public suffix and one label, with which the domain ends; NULL where the domain is a public suffix
	Tags             map[string]string `parquet:"tags,optional"`                                                    // columns of the list that were asked to be carried

	Record        string   `parquet:"record,dict" rfc:"3.1" words:"Records" denial:"yes"`                       // class of the record
	RecordReason  string   `parquet:"record_reason,optional,dict" rfc:"3.1" words:"RecordReasons" denial:"yes"` // why it is not valid
	Error         string   `parquet:"error,optional,dict" words:"Sentinels" denial:"yes"`                       // class of the error of the lookup or the fetch, NULL when all is well
	TXT           [][]byte `parquet:"txt,optional,list" rfc:"3.1"`                                              // each TXT record, its strings joined; at most 64 records and 16 KiB
	TXTCount      *int32   `parquet:"txt_count,optional" rfc:"3.1" denial:"yes"`                                // number of TXT records in the answer
	RecordID      string   `parquet:"record_id,optional" rfc:"3.1"`                                             // id of the record (section 3.1)
	Extensions    []string `parquet:"extensions,optional,list" rfc:"3.1"`                                       // other fields of the record, name=value; at most 64 and 16 KiB; each of at most 512 octets
	CNAMEs        []string `parquet:"cnames,optional,list" rfc:"8.2"`                                           // alias chain from _mta-sts.<domain>, in order
	Zone          string   `parquet:"zone,optional" rfc:"RFC 2308, 2" denial:"yes"`                             // owner of the SOA in a negative answer, where _mta-sts.<domain> does not end with it: behind an alias
	ZoneLabels    *int32   `parquet:"zone_labels,optional" rfc:"RFC 2308, 2" denial:"yes" name:"zone"`          // number of labels of that owner, where _mta-sts.<domain> ends with it; 0 is the root
	TTL           *int32   `parquet:"ttl,optional" rfc:"RFC 1035, 4.1"`                                         // of the record, in seconds; 0 where its top bit is set (RFC 2181, section 8)
	Rcode         string   `parquet:"rcode,optional,dict" rfc:"RFC 1035, 4.1" denial:"yes"`                     // DNS response code of the last reply
	Authenticated *bool    `parquet:"authenticated,optional" rfc:"RFC 4035, 3.2.3" denial:"yes"`                // AD bit of every reply that the answer rests on
	EDE           []int32  `parquet:"ede,optional,list" rfc:"RFC 8914, 2" denial:"yes"`                         // extended DNS errors (RFC 8914), the first 16 and those of filters
	Resolver      string   `parquet:"resolver,optional,dict" denial:"yes"`                                      // upstream that gave the last reply, host:port
	Attempts      int32    `parquet:"attempts,dict" denial:"yes"`                                               // DNS messages sent for the record, all upstreams and passes
	LookupMS      int32    `parquet:"lookup_ms" denial:"yes"`                                                   // from the first question to the last answer, waits included, in milliseconds
	TCP           bool     `parquet:"tcp" rfc:"RFC 7766, 5" denial:"yes"`                                       // the answer came over TCP

	HostCNAMEs     []string   `parquet:"host_cnames,optional,list" rfc:"8.2"`                       // alias chain from mta-sts.<domain>, in order
	HostAddrs      []string   `parquet:"host_addrs,optional,list" rfc:"3.3"`                        // addresses of the Policy Host, at most 16
	HostAddrsCount *int32     `parquet:"host_addrs_count,optional" rfc:"3.3"`                       // number of its addresses
	TriedAddrs     []string   `parquet:"tried_addrs,optional,list"`                                 // addresses that were dialled, in order; at most two of each family, the next only where one did not connect
	TriedOutcomes  []string   `parquet:"tried_outcomes,optional,list" words:"Connects"`             // how each of them met the connection
	TriedMS        []int32    `parquet:"tried_ms,optional,list"`                                    // how long each of them took, in milliseconds
	IPv4           string     `parquet:"ipv4,optional,dict" words:"Connects"`                       // how the IPv4 address dialled last met the connection, NULL where none was dialled
	IPv6           string     `parquet:"ipv6,optional,dict" words:"Connects"`                       // the same of IPv6
	Addr           string     `parquet:"addr,optional"`                                             // address that was dialled last
	TLSVersion     string     `parquet:"tls_version,optional,dict" rfc:"RFC 8446, 4.1"`             // as in "1.3"
	TLSCipher      string     `parquet:"tls_cipher,optional,dict" rfc:"RFC 8446, 4.1"`              // cipher suite, as IANA names it
	TLSGroup       string     `parquet:"tls_group,optional,dict" rfc:"RFC 8446, 4.2.7"`             // group of the key exchange, as IANA names it
	TLSAlert       *int32     `parquet:"tls_alert,optional" rfc:"RFC 8446, 6"`                      // alert that the server sent instead of going on (RFC 8446, section 6)
	TLSError       string     `parquet:"tls_error,optional,dict" rfc:"3.3" words:"TLSErrors"`       // why the handshake or the certificate was not accepted
	CertIssuer     string     `parquet:"cert_issuer,optional,dict" rfc:"RFC 5280, 4.1"`             // issuer of the leaf certificate; NULL where it has more than 8 KiB
	CertNames      []string   `parquet:"cert_names,optional,list" rfc:"3.3"`                        // first five DNS names of the leaf certificate
	CertNamesCount *int32     `parquet:"cert_names_count,optional" rfc:"3.3"`                       // number of its DNS names
	CertNotBefore  *time.Time `parquet:"cert_not_before,optional,timestamp(microsecond)" rfc:"3.3"` // start of its validity; NULL where its year is not 1 to 9999
	CertNotAfter   *time.Time `parquet:"cert_not_after,optional,timestamp(microsecond)" rfc:"3.3"`  // end of its validity; NULL where its year is not 1 to 9999
	CertSHA256     string     `parquet:"cert_sha256,optional"`                                      // of the leaf certificate's DER, in hexadecimal
	ChainLength    *int32     `parquet:"chain_length,optional" rfc:"RFC 8446, 4.4.2"`               // certificates that the server sent

	HTTPStatus      *int32 `parquet:"http_status,optional" rfc:"3.3"`                                      // status code
	HTTPLocation    string `parquet:"http_location,optional" rfc:"3.3"`                                    // where a 3xx pointed; never followed
	ContentType     string `parquet:"content_type,optional,dict" rfc:"3.2"`                                // as sent
	ContentEncoding string `parquet:"content_encoding,optional,dict" rfc:"RFC 9110, 8.4"`                  // as sent; a body in another encoding than identity is not decoded
	Server          string `parquet:"server,optional,dict" rfc:"RFC 9110, 10.2.4"`                         // as sent
	BodyBytes       *int64 `parquet:"body_bytes,optional" rfc:"3.2"`                                       // bytes read, at most 65537
	BodyFraming     string `parquet:"body_framing,optional,dict" rfc:"RFC 9112, 6.3" words:"BodyFramings"` // how the end of the body was marked
	DNSMS           *int32 `parquet:"dns_ms,optional"`                                                     // addresses of the Policy Host, in milliseconds
	ConnectMS       *int32 `parquet:"connect_ms,optional"`                                                 // TCP connection, in milliseconds
	TLSMS           *int32 `parquet:"tls_ms,optional"`                                                     // TLS handshake, in milliseconds
	HTTPMS          *int32 `parquet:"http_ms,optional"`                                                    // request and response header, in milliseconds
	BodyMS          *int32 `parquet:"body_ms,optional"`                                                    // body, in milliseconds

	Policy           string   `parquet:"policy,dict" rfc:"3.3" words:"Policies" denial:"yes"`            // class of the policy
	PolicyStage      string   `parquet:"policy_stage,optional,dict" rfc:"3.3" words:"Stages"`            // stage at which retrieval failed
	PolicyReason     string   `parquet:"policy_reason,optional,dict" rfc:"3.3" words:"AllPolicyReasons"` // why, within the stage
	PolicyText       []byte   `parquet:"policy_text,optional" rfc:"3.2"`                                 // the body as served, at most 64 KiB
	PolicySHA256     string   `parquet:"policy_sha256,optional"`                                         // of the body, in hexadecimal
	Mode             string   `parquet:"mode,optional,dict" rfc:"3.2" words:"Modes"`                     // what the policy asks of senders
	MaxAge           *int64   `parquet:"max_age,optional" rfc:"3.2"`                                     // for how long senders may keep the policy, in seconds
	MXPatterns       []string `parquet:"mx_patterns,optional,list" rfc:"3.2"`                            // as published
	PolicyExtensions []string `parquet:"policy_extensions,optional,list" rfc:"3.2"`                      // other fields of the policy, name: value; at most 64; each of at most 512 octets

	MXKind          string   `parquet:"mx_kind,optional,dict" rfc:"RFC 5321, 5.1" words:"MXKinds"`         // how the domain receives mail
	MXReason        string   `parquet:"mx_reason,optional,dict" rfc:"RFC 5321, 5.1" words:"RecordReasons"` // why that is unknown
	MX              []MXHost `parquet:"mx,optional,list" rfc:"RFC 5321, 5.1"`                              // MX hosts, in order of preference, at most 32
	MXCount         *int32   `parquet:"mx_count,optional" rfc:"RFC 5321, 5.1"`                             // number of MX records in the answer
	MXAuthenticated *bool    `parquet:"mx_authenticated,optional" rfc:"RFC 4035, 3.2.3"`                   // AD bit of every reply that the MX hosts rest on
	MXMatch         string   `parquet:"mx_match,optional,dict" rfc:"4.1" words:"MXMatches"`                // how the patterns of a valid policy cover the MX hosts (section 4.1)
	MXUnused        []string `parquet:"mx_unused,optional,list" rfc:"4.1"`                                 // patterns that match no MX host
	Mismatch        string   `parquet:"mismatch,optional,dict" rfc:"4.1" words:"Mismatches"`               // where none is covered, how the nearest of the first 64 patterns differs
	MXTLS           string   `parquet:"mx_tls,optional,dict" rfc:"4.2" words:"MXTLSs"`                     // probes of the MX hosts that are covered

	TLSRPT         string   `parquet:"tlsrpt,optional,dict" rfc:"RFC 8460, 3" words:"Records"`              // class of the TLSRPT record (RFC 8460, section 3)
	TLSRPTReason   string   `parquet:"tlsrpt_reason,optional,dict" rfc:"RFC 8460, 3" words:"TLSRPTReasons"` // why it is not valid
	TLSRPTTXT      [][]byte `parquet:"tlsrpt_txt,optional,list" rfc:"RFC 8460, 3"`                          // each TXT record at _smtp._tls.<domain>, its strings joined; at most 64 records and 16 KiB
	TLSRPTTXTCount *int32   `parquet:"tlsrpt_txt_count,optional" rfc:"RFC 8460, 3"`                         // number of TXT records in the answer
	TLSRPTCNAMEs   []string `parquet:"tlsrpt_cnames,optional,list" rfc:"RFC 8460, 3"`                       // alias chain from _smtp._tls.<domain>, in order
	RUA            []string `parquet:"rua,optional,list" rfc:"RFC 8460, 3"`                                 // destinations of TLS reports, as published, at most 16
	RUAKinds       []string `parquet:"rua_kinds,optional,list" rfc:"RFC 8460, 3" words:"RUAKinds"`          // kind of each destination
	RUADomains     []string `parquet:"rua_domains,optional,list" rfc:"RFC 8460, 3"`                         // registered domains of the destinations, each once
	DANE           string   `parquet:"dane,optional,dict" rfc:"RFC 7672, 2.2" words:"DANEs"`                // MX hosts that a DANE sender can authenticate (RFC 7672)
	TLSARecords    []string `parquet:"tlsa_records,optional,list" rfc:"RFC 6698, 2.1"`                      // TLSA records for port 25 of the MX hosts: host, usage, selector, matching type, data in hexadecimal

	WildcardSuspected *bool  `parquet:"wildcard_suspected,optional" rfc:"RFC 1034, 4.3.3"`      // a random name beside _mta-sts.<domain> has an MTA-STS record too
	Delegation        string `parquet:"delegation,optional,dict" rfc:"8.2" words:"Delegations"` // which of the two names leads to another registered domain
	RecordDelegatedTo string `parquet:"record_delegated_to,optional,dict" rfc:"8.2"`            // registered domain that the record's aliases lead to
	HostDelegatedTo   string `parquet:"host_delegated_to,optional,dict" rfc:"8.2"`              // registered domain that the Policy Host's aliases lead to
	Provider          string `parquet:"provider,optional,dict" rfc:"8.2"`                       // who runs MTA-STS for the domain, where the map of providers knows its aliases

	Verdict      string `parquet:"verdict,optional,dict" rfc:"5" words:"Verdicts" denial:"yes"` // what a compliant sender experiences that meets the domain for the first time
	VerdictBasis string `parquet:"verdict_basis,optional,dict" rfc:"5" words:"Bases"`           // evidence that the verdict rests on, NULL where the record alone decides

	Strict       *bool    `parquet:"strict,optional" rfc:"3.1, 3.2"`                                        // every text that was read, and how it was served, follows the letter of RFC 8461
	Lenient      *bool    `parquet:"lenient,optional" rfc:"3.1, 3.2"`                                       // most senders would use every text that was read, as it was served
	Findings     []string `parquet:"findings,optional,list" words:"Findings"`                               // every oddity
	TLSRPTResult string   `parquet:"tlsrpt_result,optional,dict" rfc:"RFC 8460, 4.3" words:"TLSRPTResults"` // result type of RFC 8460, section 4.3.2.2; NULL where nothing fails, or the record is not valid and senders know of no MTA-STS

	Vantage    string    `parquet:"vantage,optional,dict" denial:"yes"`                    // place that the run asked from, as --vantage names it
	ObservedAt time.Time `parquet:"observed_at,timestamp(microsecond),delta" denial:"yes"` // when the row was complete
	Pass       int32     `parquet:"pass,dict" denial:"yes"`                                // 1, or more where the domain was asked again after a failure
	Pending    string    `parquet:"pending,optional,dict" words:"Pendings"`                // why the row is provisional, NULL when it is final

	FirstRecord       string `parquet:"first_record,optional,dict" rfc:"3.1" words:"Records"`                 // record of the first pass, where there was a later one
	FirstRecordReason string `parquet:"first_record_reason,optional,dict" rfc:"3.1" words:"RecordReasons"`    // its record_reason
	FirstPolicy       string `parquet:"first_policy,optional,dict" rfc:"3.3" words:"Policies"`                // its policy
	FirstPolicyStage  string `parquet:"first_policy_stage,optional,dict" rfc:"3.3" words:"Stages"`            // its policy_stage
	FirstPolicyReason string `parquet:"first_policy_reason,optional,dict" rfc:"3.3" words:"AllPolicyReasons"` // its policy_reason
}

// elementOctets is what an element of a list costs beside its text: a string
// header in the row, an offset and levels in the column.
const elementOctets = 16

// Octets is about the size of the row in memory: all that strangers choose the length or the number of counts.
func (r *Row) Octets() int {
	n := 0
	for _, octets := range binaries(r) {
		n += len(octets)
	}
	for _, numbers := range numberLists(r) {
		n += 4 * len(numbers)
	}
	for _, text := range texts(r) {
		n += len(text)
	}
	for _, list := range lists(r) {
		for _, text := range list {
			n += elementOctets + len(text)
		}
	}
	for _, txts := range binaryLists(r) {
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
