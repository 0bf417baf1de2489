// Package codes holds the closed sets of words that rows, errors and the simulated truth share, and nothing else:
// no logic beyond listing a set, mapping one set to another, saying which word was meant by a mistyped one, and the
// methods by which an error says such a word. Every word is lower case ASCII and is stored in the table as it stands
// here. Words are only ever added.
package codes

// A Record is the class of what a Policy Domain publishes at _mta-sts.<domain> (RFC 8461, section 3.1).
type Record string

const (
	RecordValid    Record = "valid"    // exactly one record, and it parses
	RecordInvalid  Record = "invalid"  // exactly one record, and it does not parse
	RecordMultiple Record = "multiple" // more than one record: as if there were none
	RecordAbsent   Record = "absent"   // the zone says that there is no record
	RecordUnknown  Record = "unknown"  // no answer: never counted as absent
)

// Records lists every Record.
func Records() []Record {
	return []Record{RecordValid, RecordInvalid, RecordMultiple, RecordAbsent, RecordUnknown}
}

// A RecordReason says why a Record is not valid.
type RecordReason string

const (
	// Absent.
	RecordNoDomain   RecordReason = "no_domain"   // no such domain: the denial comes from above the registered domain
	RecordNXDomain   RecordReason = "nxdomain"    // NXDOMAIN for the record's name
	RecordNoData     RecordReason = "nodata"      // the name exists and has no TXT record
	RecordOtherTXT   RecordReason = "other_txt"   // TXT records, none of them about MTA-STS
	RecordBadVersion RecordReason = "bad_version" // meant for MTA-STS, but without v=STSv1 and a delimiter

	// Invalid.
	RecordIDMissing        RecordReason = "id_missing"
	RecordIDInvalid        RecordReason = "id_invalid"        // empty, not alphanumeric, or white space before "="
	RecordIDTooLong        RecordReason = "id_too_long"       // more than 32 characters
	RecordFieldMalformed   RecordReason = "field_malformed"   // a field that is not name=value
	RecordExtensionInvalid RecordReason = "extension_invalid" // name=value, but not by the grammar of extensions

	// Unknown.
	RecordServfail        RecordReason = "servfail"
	RecordRefused         RecordReason = "refused"
	RecordTimeout         RecordReason = "timeout"
	RecordRcode           RecordReason = "rcode"            // another response code; the column rcode names it
	RecordMalformed       RecordReason = "malformed"        // it does not parse, or is about another name or zone
	RecordTruncated       RecordReason = "truncated"        // truncated, and TCP did not help
	RecordReferral        RecordReason = "referral"         // NOERROR, no answer, and name servers without an SOA
	RecordFiltered        RecordReason = "filtered"         // blocked, censored or filtered (extended errors 15 to 17)
	RecordCNAMELoop       RecordReason = "cname_loop"       // the aliases come back to where they were
	RecordCNAMETooLong    RecordReason = "cname_too_long"   // more than 16 aliases
	RecordZoneUnreachable RecordReason = "zone_unreachable" // no server of the zone answers, not even for its SOA
	RecordOther           RecordReason = "other"            // what no other word describes
)

// RecordReasons lists every RecordReason.
func RecordReasons() []RecordReason {
	return []RecordReason{
		RecordNoDomain, RecordNXDomain, RecordNoData, RecordOtherTXT, RecordBadVersion,
		RecordIDMissing, RecordIDInvalid, RecordIDTooLong, RecordFieldMalformed, RecordExtensionInvalid,
		RecordServfail, RecordRefused, RecordTimeout, RecordRcode, RecordMalformed, RecordTruncated,
		RecordReferral, RecordFiltered, RecordCNAMELoop, RecordCNAMETooLong, RecordZoneUnreachable, RecordOther,
	}
}

// A Policy is the class of what the Policy Host serves (section 3.3).
type Policy string

const (
	PolicyValid       Policy = "valid"       // retrieved, and it parses
	PolicyInvalid     Policy = "invalid"     // retrieved, and it does not parse
	PolicyMissing     Policy = "missing"     // no Policy Host, or the Policy Host says 404
	PolicyUnreachable Policy = "unreachable" // retrieval failed
	PolicyForbidden   Policy = "forbidden"   // every address is one that must not be contacted
	PolicyUnknown     Policy = "unknown"     // the failure says nothing about the Policy Host
	PolicyNotFetched  Policy = "not_fetched" // there is no valid record
)

// Policies lists every Policy.
func Policies() []Policy {
	return []Policy{
		PolicyValid, PolicyInvalid, PolicyMissing, PolicyUnreachable, PolicyForbidden, PolicyUnknown, PolicyNotFetched,
	}
}

// A Sentinel is the name of an error class of package mtasts.
type Sentinel string

const (
	ErrNoRecord        Sentinel = "ErrNoRecord"
	ErrMultipleRecords Sentinel = "ErrMultipleRecords"
	ErrRecordSyntax    Sentinel = "ErrRecordSyntax"
	ErrDNS             Sentinel = "ErrDNS"
	ErrNoPolicy        Sentinel = "ErrNoPolicy"
	ErrPolicyFetch     Sentinel = "ErrPolicyFetch"
	ErrPolicySyntax    Sentinel = "ErrPolicySyntax"
)

// Sentinels lists every Sentinel.
func Sentinels() []Sentinel {
	return []Sentinel{
		ErrNoRecord, ErrMultipleRecords, ErrRecordSyntax, ErrDNS, ErrNoPolicy, ErrPolicyFetch, ErrPolicySyntax,
	}
}

// A Mode is a policy's mode (section 5).
type Mode string

const (
	ModeEnforce Mode = "enforce"
	ModeTesting Mode = "testing"
	ModeNone    Mode = "none"
)

// Modes lists every Mode.
func Modes() []Mode { return []Mode{ModeEnforce, ModeTesting, ModeNone} }

// A RecordFailure is an error that says why there is no reply, or no usable one.
// The reason is empty where the fault is the observer's.
type RecordFailure interface {
	error
	RecordReason() RecordReason
}

// A PolicyFailure is an error that says where retrieval ended, and why.
type PolicyFailure interface {
	error
	PolicyStage() Stage
	PolicyReason() PolicyReason
}

// A TLSFailure is an error that says why a handshake or a certificate was not
// accepted. It is empty where TLS was not the matter.
type TLSFailure interface {
	error
	TLSError() TLSError
}

// A Pending says why a row is provisional: its domain will be asked again before
// the run is complete. A final row has none.
type Pending string

const (
	// What failed may mend, or an MX host is due a second probe: asked again in a later pass.
	PendingTransient Pending = "transient"
	// The address of the Policy Host, or of an MX host once the policy is at hand, has had its share of connections.
	PendingManners Pending = "manners"
	// The run ended before all answers were there, or this process was stopped or starved when it failed: not asked
	// again within five minutes (section 3.3).
	PendingInterrupted Pending = "interrupted"
	// A fault of this machine got in the way, or may have. That counts for no pass.
	PendingLocal Pending = "local"
)

// Pendings lists every Pending.
func Pendings() []Pending {
	return []Pending{PendingTransient, PendingManners, PendingInterrupted, PendingLocal}
}
