package verify

import (
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// rowOf is what a scan would write for a domain with these texts.
func rowOf(rank int64) *output.Row {
	return newRow(domains.Name{Domain: "example.com", Rank: rank, List: "names.txt"})
}

func TestReasons(t *testing.T) {
	const (
		valid     = 1
		invalid   = 3 // the policy, that is
		multiple  = 4
		malformed = 5
		other     = 6
		negative  = 8
	)
	tests := []struct {
		name   string
		rank   int64
		change func(r *output.Row)
		want   string // in the discrepancies; "" for none
	}{
		{"as it was scanned", valid, func(r *output.Row) {}, ""},
		{"as it was scanned, not strict", 2, func(r *output.Row) {}, ""},
		{"as it was scanned, invalid", invalid, func(r *output.Row) {}, ""},
		{"as it was scanned, multiple", multiple, func(r *output.Row) {}, ""},
		{"as it was scanned, malformed", malformed, func(r *output.Row) {}, ""},
		{"as it was scanned, other text", other, func(r *output.Row) {}, ""},
		{"as it was scanned, negative", negative, func(r *output.Row) {}, ""},
		{"unknown", negative, func(r *output.Row) {
			r.Record, r.RecordReason, r.Error, r.Rcode, r.TXTCount = "unknown", "servfail", "ErrDNS", "SERVFAIL", nil
			r.SetZoneName("")
		}, ""},
		{"a policy that was not retrieved", valid, failed("unreachable", "tls", "expired", "ErrPolicyFetch"), ""},
		{"a policy host that is not there", valid, failed("missing", "dns", "nxdomain", "ErrNoPolicy"), ""},
		{"a body that is too long", valid, func(r *output.Row) {
			r.Policy, r.PolicyStage, r.PolicyReason, r.Error = "invalid", "body", "too_large", "ErrPolicySyntax"
			r.TLSRPTResult = "sts-policy-fetch-error"
			r.BodyBytes = new(int64(65537))
		}, ""},
		{"a text that is too long to be kept", other, func(r *output.Row) { r.TXT = nil }, ""},
		{"a text of another version that is too long", other, func(r *output.Row) { r.TXT, r.RecordReason = nil, "bad_version" }, ""},
		{"a denial where there are texts", other, func(r *output.Row) { r.TXT, r.RecordReason = nil, "nodata" }, "the answer has 1 TXT records"},
		{"texts that were not all kept", valid, func(r *output.Row) { r.TXTCount = new(int32(100)) }, ""},
		{"an alias to a name that does not exist", negative, func(r *output.Row) { r.CNAMEs = []string{"x.example.net"}; r.SetZoneName("net") }, ""},

		{"the last label", valid, func(r *output.Row) { r.TLD = "net" }, `tld "net" is not the last label`},
		{"a record of no class", valid, func(r *output.Row) { r.Record = "fine" }, `record is "fine", which is no word`},
		{"a finding of no kind", valid, func(r *output.Row) { r.Findings = []string{"odd"} }, `"odd" is no finding`},
		{"a reason of another stage", valid, failed("unreachable", "tcp", "expired", "ErrPolicyFetch"), `stage "tcp" has no reason "expired"`},
		{"another result", valid, func(r *output.Row) {
			failed("unreachable", "tls", "expired", "ErrPolicyFetch")(r)
			r.TLSRPTResult = "sts-policy-fetch-error"
		}, `tlsrpt_result is "sts-policy-fetch-error", and the evidence says "sts-webpki-invalid"`},
		{"a result where senders know of no MTA-STS", multiple, func(r *output.Row) { r.TLSRPTResult = "sts-policy-invalid" },
			"tlsrpt_result is sts-policy-invalid, and senders know of no MTA-STS"},
		{"a way to connect of no kind", valid, func(r *output.Row) { r.IPv6 = "fine" }, `ipv6 is "fine", which is no word`},
		{"a limit of the client", valid, func(r *output.Row) {
			failed("unreachable", "tls", "handshake_failure", "ErrPolicyFetch")(r)
			r.TLSAlert, r.Findings = new(int32(40)), []string{"client_limit_possible"}
			r.TLSRPTResult = string(codes.Result(codes.StageTLS, codes.PolicyReason(codes.TLSHandshakeFailure)))
		}, ""},
		{"a limit of the client with a certificate", valid, func(r *output.Row) {
			failed("unreachable", "tls", "handshake_failure", "ErrPolicyFetch")(r)
			r.TLSAlert, r.Findings, r.CertSHA256 = new(int32(40)), []string{"client_limit_possible"}, "ab"
		}, "the finding client_limit_possible is there"},
		{"a limit of the client without an alert", valid, func(r *output.Row) { r.Findings = []string{"client_limit_possible"} },
			"the finding client_limit_possible is there"},
		{"HTTP/2 alone, by frames", valid, func(r *output.Row) {
			failed("unreachable", "http", "malformed", "ErrPolicyFetch")(r)
			r.TLSRPTResult, r.Findings = "sts-policy-fetch-error", []string{"http2_only"}
		}, ""},
		{"HTTP/2 alone, and 404", valid, func(r *output.Row) {
			failed("missing", "http", "not_found", "ErrNoPolicy")(r)
			r.TLSRPTResult, r.Findings = "sts-policy-fetch-error", []string{"http2_only"}
		}, "the finding http2_only is there"},
		{"an address without an outcome", valid, func(r *output.Row) { r.TriedAddrs = []string{"22.1.0.1"} }, "1 addresses were tried, with 0 outcomes"},
		{"a reason without a stage", valid, func(r *output.Row) { r.PolicyReason = "timeout" }, `stage "" has no reason "timeout"`},
		{"another reason", malformed, func(r *output.Row) { r.RecordReason = "id_missing" }, `record_reason is "id_missing", and the evidence says "id_invalid"`},
		{"another id", valid, func(r *output.Row) { r.RecordID = "2" }, `record_id is "2", and the evidence says "1"`},
		{"no way to IPv4", valid, func(r *output.Row) {
			failed("unknown", "tcp", "no_ipv4", "ErrPolicyFetch")(r)
			r.HostAddrs = []string{"22.1.0.1"}
		}, ""},
		{"no way to IPv4, and an IPv6 address", valid, func(r *output.Row) {
			failed("unknown", "tcp", "no_ipv4", "ErrPolicyFetch")(r)
			r.HostAddrs = []string{"22.1.0.1", "2a00::1"}
		}, "policy_reason is no_ipv4, and an address is 2a00::1"},
		{"no way to IPv6, and an IPv4 address", valid, func(r *output.Row) {
			failed("unknown", "tcp", "no_ipv6", "ErrPolicyFetch")(r)
			r.HostAddrs = []string{"22.1.0.1"}
		}, "policy_reason is no_ipv6, and an address is 22.1.0.1"},
		{"a near miss of nothing", valid, func(r *output.Row) { r.Findings = []string{"record_near_miss"} },
			"whether record_near_miss is a finding is true, and the evidence says false"},
		{"a near miss that is none", other, func(r *output.Row) {
			r.TXT, r.RecordReason = [][]byte{[]byte(`"v=STSv1; id=1;"`)}, "bad_version"
		}, "whether record_near_miss is a finding is false, and the evidence says true"},
		{"a near miss", other, func(r *output.Row) {
			r.TXT, r.RecordReason, r.Findings = [][]byte{[]byte(`"v=STSv1; id=1;"`)}, "bad_version", []string{"record_near_miss"}
		}, ""},
		{"records that are alike", multiple, func(r *output.Row) { r.TXT = [][]byte{r.TXT[0], r.TXT[0]} },
			"whether record_identical is a finding is false, and the evidence says true"},
		{"multiple as valid", multiple, func(r *output.Row) { r.Record = "valid" }, `record is "valid", and the evidence says "multiple"`},
		{"more texts than were counted", valid, func(r *output.Row) { r.TXTCount = new(int32(0)) }, "txt_count is 0, and there are 1"},
		{"valid without a text", valid, func(r *output.Row) { r.TXT, r.TXTCount = nil, new(int32(0)) }, "record is valid, and there is no TXT record"},
		{"absent without a denial", negative, func(r *output.Row) { r.Rcode = "SERVFAIL" }, `record is absent, and the rcode is "SERVFAIL"`},
		{"absent and filtered", negative, func(r *output.Row) { r.EDE = []int32{17} }, "record is absent, and the answer was filtered"},
		{"denied by the zone above", negative, func(r *output.Row) { r.SetZoneName("com") }, `record_reason is "nxdomain", and the evidence says "no_domain"`},
		{"denied without an SOA", negative, func(r *output.Row) { r.SetZoneName(""); r.Findings = []string{"negative_without_soa"} }, ""},
		{"denied without an SOA, and no finding", negative, func(r *output.Row) { r.SetZoneName("") }, "zone is NULL, and negative_without_soa is no finding"},
		{"denied by a zone, and a finding", negative, func(r *output.Row) { r.Findings = []string{"negative_without_soa"} },
			", and negative_without_soa is a finding"},
		{"an alias that is too long to ask for", negative, func(r *output.Row) { r.CNAMEs = []string{strings.Repeat("a.", 130) + "net"}; r.SetZoneName("") }, ""},
		{"denied by another zone", negative, func(r *output.Row) { r.SetZoneName("ple.com") }, `record is absent, and the zone "ple.com" does not hold`},
		{"denied by the zone of the alias", negative, func(r *output.Row) { r.CNAMEs = []string{"x.example.net"} }, "does not hold x.example.net"},
		{"no registered domain", negative, func(r *output.Row) { r.RegisteredLabels = nil }, ""},
		{"a registered domain without a suffix", negative, func(r *output.Row) { r.RegisteredLabels = new(int32(1)) }, "registered_labels is 1, and the domain has 2 labels"},
		{"a registered domain longer than the domain", negative, func(r *output.Row) { r.RegisteredLabels = new(int32(3)) }, "registered_labels is 3, and the domain has 2 labels"},
		{"denied by the root", negative, func(r *output.Row) { r.ZoneLabels, r.RecordReason = new(int32(0)), "no_domain" }, ""},
		{"denied by the name of the record", negative, func(r *output.Row) { r.ZoneLabels = new(int32(3)) }, ""},
		{"a zone longer than the name of the record", negative, func(r *output.Row) { r.ZoneLabels = new(int32(4)) }, "zone_labels is 4, and the domain has 2 labels"},
		{"a zone of less than no labels", negative, func(r *output.Row) { r.ZoneLabels = new(int32(-1)) }, "zone_labels is -1, and the domain has 2 labels"},
		{"two zones", negative, func(r *output.Row) { r.Zone = "net" }, `zone_labels is 2, and zone is "net"`},
		{"a zone that should be counted", negative, func(r *output.Row) { r.Zone, r.ZoneLabels = "example.com", nil }, `zone is "example.com", and should be 2 in zone_labels`},
		{"NODATA as NXDOMAIN", negative, func(r *output.Row) { r.Rcode = "NOERROR" }, `record_reason is "nxdomain", and the evidence says "nodata"`},
		{"fetched without a record", negative, func(r *output.Row) { r.Policy = "missing" }, "record is absent, and policy is missing"},
		{"not fetched with a record", valid, func(r *output.Row) { r.Policy = "not_fetched" }, "record is valid, and policy is not_fetched"},
		{"another policy", valid, func(r *output.Row) { r.PolicyText = []byte("x") }, "policy_sha256 is"},
		{"a longer body than was read", valid, func(r *output.Row) { r.BodyBytes = new(int64(3)) }, "body_bytes is less than the body"},
		{"valid by another status", valid, func(r *output.Row) { r.HTTPStatus = new(int32(404)) }, "the status is not 200"},
		{"valid after a failure", valid, func(r *output.Row) { r.PolicyStage, r.PolicyReason = "tls", "expired" }, "policy is valid, and retrieval ended at stage tls"},
		{"an invalid policy as valid", invalid, func(r *output.Row) { r.Policy, r.PolicyStage, r.PolicyReason, r.Error = "valid", "", "", "" },
			`policy is "valid", and the evidence says "invalid"`},
		{"another syntax", invalid, func(r *output.Row) { r.PolicyReason = "mx_missing" }, `policy_reason is "mx_missing", and the evidence says "mode_invalid"`},
		{"another mode", valid, func(r *output.Row) { r.Mode = "testing" }, `mode is "testing", and the evidence says "enforce"`},
		{"another max_age", valid, func(r *output.Row) { r.MaxAge = new(int64(1)) }, "max_age is 1, and the evidence says 604800"},
		{"no max_age", valid, func(r *output.Row) { r.MaxAge = nil }, "max_age is NULL, and the evidence says 604800"},
		{"other patterns", valid, func(r *output.Row) { r.MXPatterns = nil }, `mx_patterns is [], and the evidence says ["*.example.com"]`},
		{"stricter than the texts", 2, func(r *output.Row) { r.Strict = new(true) }, "strict is true, and the evidence says false"},
		{"a body that may have been cut", valid, func(r *output.Row) {
			r.BodyFraming, r.Findings, r.Strict = "close", []string{"truncation_possible"}, new(false)
		}, ""},
		{"by the letter, and perhaps cut", valid, func(r *output.Row) { r.BodyFraming, r.Findings = "close", []string{"truncation_possible"} },
			"strict is true, and the evidence says false"},
		{"a whole body that may have been cut", valid, func(r *output.Row) {
			r.BodyFraming, r.Findings, r.Strict = "chunked", []string{"truncation_possible"}, new(false)
		}, `body_framing is "chunked", and the evidence says "close"`},
		{"a policy of another media type", valid, func(r *output.Row) {
			r.ContentType, r.Findings, r.Strict, r.Lenient = "text/html", []string{"media_type_other"}, new(false), new(false)
		}, ""},
		{"one that most senders would use", valid, func(r *output.Row) { r.Findings, r.Strict = []string{"media_type_other"}, new(false) },
			"lenient is true, and the evidence says false"},
		{"no reading", valid, func(r *output.Row) { r.Lenient = nil }, "lenient is NULL, and the evidence says true"},
		{"a reading of no record", other, func(r *output.Row) { r.Strict = new(true) }, "there is no text to read"},
		{"another error", valid, func(r *output.Row) { r.Error = "ErrDNS" }, `error is "ErrDNS", and the evidence says NULL`},
	}
	c := &check{words: closedSets()}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			row := rowOf(tt.rank)
			tt.change(row)
			got := c.discrepancies(row)
			if tt.want == "" && got != nil || tt.want != "" &&
				!slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, tt.want) }) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// failed turns a row with a policy into one whose retrieval failed.
func failed(policy, stage, reason, sentinel string) func(*output.Row) {
	return func(r *output.Row) {
		r.Policy, r.PolicyStage, r.PolicyReason, r.Error = policy, stage, reason, sentinel
		r.TLSRPTResult = string(codes.Result(codes.Stage(stage), codes.PolicyReason(reason)))
		r.HTTPStatus, r.PolicyText, r.BodyBytes, r.PolicySHA256 = nil, nil, nil, ""
		r.Mode, r.MaxAge, r.MXPatterns = "", nil, nil
	}
}
