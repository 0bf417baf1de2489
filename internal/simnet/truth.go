package simnet

import (
	"slices"

	"stsscan/internal/codes"
)

// TruthFindings are the findings that a complete truth names wherever they hold: no other column says what they
// say, or the verdict rests on them.
func TruthFindings() []codes.Finding {
	return append(codes.ClientLimits(),
		codes.FindRecordNearMiss, codes.FindRecordIdentical, codes.FindNegativeWithoutSOA,
		codes.FindHostForbidden, codes.FindPlainHTTP, codes.FindCertKeyShort,
		codes.FindMediaTypeMissing, codes.FindMediaTypeOther, codes.FindCharsetOther,
		codes.FindTruncationPossible, codes.FindLengthAndTransferEncoding,
		codes.FindMXNotALabel, codes.FindNullMXPreference, codes.FindNullMXNotAlone, codes.FindTLSRPTRUA)
}

// Truth is what a perfect observer concludes about one Policy Domain. A field is named after the column of the
// table that it is compared with. Empty strings, slices and nil pointers stand for NULL; a text world leaves
// empty what its truth line does not say. The names in JSON are those of the columns.
type Truth struct {
	Class string `json:"class,omitempty"` // name of the story that the world tells about the domain; for people

	Record       codes.Record       `json:"record,omitempty"`
	RecordReason codes.RecordReason `json:"record_reason,omitempty"`
	RecordID     string             `json:"record_id,omitempty"`
	CNAMEs       []string           `json:"cnames,omitempty"` // alias targets, in order: lower case, no final dot
	Error        codes.Sentinel     `json:"error,omitempty"`  // of the lookup or the fetch; empty when all is well

	Policy     codes.Policy       `json:"policy,omitempty"`
	Stage      codes.Stage        `json:"policy_stage,omitempty"` // at which retrieval failed
	Reason     codes.PolicyReason `json:"policy_reason,omitempty"`
	TLSError   codes.TLSError     `json:"tls_error,omitempty"`
	HTTPStatus int                `json:"http_status,omitempty"` // 0: no response
	HostCNAMEs []string           `json:"host_cnames,omitempty"`

	Mode   codes.Mode `json:"mode,omitempty"`
	MaxAge *int64     `json:"max_age,omitempty"`     // seconds
	MX     []string   `json:"mx_patterns,omitempty"` // patterns as published, in order

	// The mail side: what is so for every domain, whether or not a scan asks.
	MXKind   codes.MXKind   `json:"mx_kind,omitempty"`
	MXHosts  []string       `json:"mx,omitempty"` // preference and name, in order
	MXMatch  codes.MXMatch  `json:"mx_match,omitempty"`
	MXUnused []string       `json:"mx_unused,omitempty"`
	Mismatch codes.Mismatch `json:"mismatch,omitempty"`
	// By host, empty where it names none: starttls, and after a space tls_error; starttls of the first of two
	// probes.
	Probes            []string           `json:"probes,omitempty"`
	FirstProbes       []string           `json:"first_probes,omitempty"`
	TLSRPT            codes.Record       `json:"tlsrpt,omitempty"`
	TLSRPTReason      codes.TLSRPTReason `json:"tlsrpt_reason,omitempty"`
	TLSRPTResult      codes.TLSRPTResult `json:"tlsrpt_result,omitempty"` // where the policy is not valid
	RUA               []string           `json:"rua,omitempty"`
	TLSA              []string           `json:"tlsa,omitempty"` // by host, likewise
	DANE              codes.DANE         `json:"dane,omitempty"`
	WildcardSuspected *bool              `json:"wildcard_suspected,omitempty"` // nil: there is no record
	Delegation        codes.Delegation   `json:"delegation,omitempty"`
	Verdict           codes.Verdict      `json:"verdict,omitempty"`        // by the names of MX hosts
	VerdictProbed     codes.Verdict      `json:"verdict_probed,omitempty"` // by their certificates too

	// Findings are those that the row must have. It may have others, but none of [TruthFindings].
	Findings []codes.Finding `json:"findings,omitempty"`

	Strict  *bool `json:"strict,omitempty"` // the two readings of every text that can be read; nil: there is none
	Lenient *bool `json:"lenient,omitempty"`
}

// limited reports whether a perfect observer with the limits of this client says so.
func (t *Truth) limited() bool {
	return slices.ContainsFunc(codes.ClientLimits(), func(f codes.Finding) bool { return slices.Contains(t.Findings, f) })
}
