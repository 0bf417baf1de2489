package codes

// An MXKind says how a Policy Domain receives mail.
type MXKind string

const (
	MXHosts    MXKind = "mx"       // an MX RRset with at least one host
	MXImplicit MXKind = "implicit" // no MX, and an address: the domain is its own MX (RFC 5321, section 5.1)
	MXNull     MXKind = "null"     // the null MX: no mail (RFC 7505)
	MXPseudo   MXKind = "pseudo"   // MX records that name no host: localhost, an address
	MXNone     MXKind = "none"     // neither MX nor address
	MXUnknown  MXKind = "unknown"  // no answer
)

// MXKinds lists every MXKind.
func MXKinds() []MXKind {
	return []MXKind{MXHosts, MXImplicit, MXNull, MXPseudo, MXNone, MXUnknown}
}

// An MXMatch says how the patterns of a policy cover the MX hosts (RFC 8461, section 4.1).
type MXMatch string

const (
	MatchAll     MXMatch = "all"     // every host matches a pattern
	MatchSome    MXMatch = "some"    // at least one does, and at least one does not
	MatchNone    MXMatch = "none"    // no host does
	MatchNoMX    MXMatch = "no_mx"   // there is no host
	MatchNullMX  MXMatch = "null_mx" // the domain says that there is none
	MatchUnknown MXMatch = "unknown" // the hosts are not known
)

// MXMatches lists every MXMatch.
func MXMatches() []MXMatch {
	return []MXMatch{MatchAll, MatchSome, MatchNone, MatchNoMX, MatchNullMX, MatchUnknown}
}

// A Mismatch says how patterns none of which matches differ from the MX hosts:
// of all pairs, that of the nearest. Studies count mta_sts_label, extra_label
// and other_host as one class, names that differ from the third label on.
type Mismatch string

const (
	MismatchMTASTSLabel     Mismatch = "mta_sts_label"    // the pattern has the label mta-sts in it
	MismatchExtraLabel      Mismatch = "extra_label"      // the same registered domain, with more or fewer labels
	MismatchTLD             Mismatch = "tld"              // only the public suffixes differ
	MismatchTypo            Mismatch = "typo"             // at most three letters to change, add or leave out
	MismatchOtherHost       Mismatch = "other_host"       // another host of the same registered domain
	MismatchDifferentDomain Mismatch = "different_domain" // another registered domain
)

// Mismatches lists every Mismatch, the nearest first.
func Mismatches() []Mismatch {
	return []Mismatch{
		MismatchMTASTSLabel, MismatchExtraLabel, MismatchTLD, MismatchTypo, MismatchOtherHost, MismatchDifferentDomain,
	}
}

// A TLSRPTReason says why a TLSRPT record (RFC 8460, section 3) is not valid.
type TLSRPTReason string

const (
	// Absent and unknown: as for the record of MTA-STS.
	TLSRPTNXDomain   TLSRPTReason = "nxdomain"
	TLSRPTNoData     TLSRPTReason = "nodata"
	TLSRPTOtherTXT   TLSRPTReason = "other_txt"
	TLSRPTBadVersion TLSRPTReason = "bad_version" // meant for TLSRPT, but without v=TLSRPTv1 and a delimiter
	TLSRPTServfail   TLSRPTReason = "servfail"
	TLSRPTRefused    TLSRPTReason = "refused"
	TLSRPTTimeout    TLSRPTReason = "timeout"
	TLSRPTOther      TLSRPTReason = "other" // no answer for another reason

	// Invalid.
	TLSRPTRUAMissing       TLSRPTReason = "rua_missing"
	TLSRPTRUAInvalid       TLSRPTReason = "rua_invalid"     // none that senders can use: mailto with an address, or https
	TLSRPTFieldMalformed   TLSRPTReason = "field_malformed" // not name=value, or white space after the last one
	TLSRPTExtensionInvalid TLSRPTReason = "extension_invalid"
)

// TLSRPTReasons lists every TLSRPTReason.
func TLSRPTReasons() []TLSRPTReason {
	return []TLSRPTReason{
		TLSRPTNXDomain, TLSRPTNoData, TLSRPTOtherTXT, TLSRPTBadVersion, TLSRPTServfail, TLSRPTRefused, TLSRPTTimeout,
		TLSRPTOther, TLSRPTRUAMissing, TLSRPTRUAInvalid, TLSRPTFieldMalformed, TLSRPTExtensionInvalid,
	}
}

// A RUAKind is the kind of a destination of TLS reports.
type RUAKind string

const (
	RUAMail  RUAKind = "mailto"
	RUAHTTPS RUAKind = "https"
	RUAOther RUAKind = "other" // not by RFC 8460
)

// RUAKinds lists every RUAKind.
func RUAKinds() []RUAKind { return []RUAKind{RUAMail, RUAHTTPS, RUAOther} }

// A TLSA is the class of the TLSA records of one MX host (RFC 7672).
type TLSA string

const (
	TLSAUsable   TLSA = "usable"   // authenticated, and at least one of usage DANE-TA(2) or DANE-EE(3)
	TLSAUnusable TLSA = "unusable" // authenticated, and none that SMTP can use (section 3.1)
	TLSAInsecure TLSA = "insecure" // the host's addresses, or the records, are not authenticated: none would count
	TLSAAbsent   TLSA = "absent"   // the zone says that there are none
	TLSAUnknown  TLSA = "unknown"  // no answer
)

// TLSAs lists every TLSA.
func TLSAs() []TLSA {
	return []TLSA{TLSAUsable, TLSAUnusable, TLSAInsecure, TLSAAbsent, TLSAUnknown}
}

// A DANE says how many MX hosts a DANE sender can authenticate: those with usable TLSA records, where the MX
// RRset was authenticated too (RFC 7672, section 2.2).
type DANE string

const (
	DANEAll     DANE = "all"
	DANESome    DANE = "some"
	DANENone    DANE = "none"
	DANEUnknown DANE = "unknown" // too little was answered to tell
)

// DANEs lists every DANE.
func DANEs() []DANE { return []DANE{DANEAll, DANESome, DANENone, DANEUnknown} }

// A Delegation says which of the two names of MTA-STS are aliases into another registered domain.
type Delegation string

const (
	DelegationNone   Delegation = "none"
	DelegationBoth   Delegation = "both"
	DelegationRecord Delegation = "record_only" // _mta-sts.<domain>
	DelegationHost   Delegation = "host_only"   // mta-sts.<domain>
)

// Delegations lists every Delegation.
func Delegations() []Delegation {
	return []Delegation{DelegationNone, DelegationBoth, DelegationRecord, DelegationHost}
}
