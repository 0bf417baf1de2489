package verify

import (
	"slices"
	"strings"
	"testing"

	"stsscan/internal/output"
)

// mailed is a row whose columns of the mail side agree: one MX host is covered and has TLS, the other is not
// covered.
func mailed() *output.Row {
	r := rowOf(1)
	r.MXKind, r.MXCount, r.MXAuthenticated = "mx", new(int32(2)), new(true)
	r.MX = []output.MXHost{
		{Host: "mx1.example.com", Preference: 10, Matched: new(true), TLSA: new("usable"), STARTTLS: new("ok")},
		{Host: "mx1.example.net", Preference: 20, Matched: new(false), TLSA: new("absent"), STARTTLS: new("not_offered")},
	}
	r.MXMatch, r.MXTLS = "some", "all"
	r.Findings = append(r.Findings, "mx_partly_covered", "mx_no_starttls")
	r.TLSRPT, r.TLSRPTTXT, r.RUA, r.RUAKinds = "valid", [][]byte{[]byte("v=TLSRPTv1; rua=mailto:a@example.com")},
		[]string{"mailto:a@example.com"}, []string{"mailto"}
	r.DANE, r.TLSARecords = "some", []string{"mx1.example.com 3 1 1 " + strings.Repeat("ab", 32)}
	r.CNAMEs, r.RecordDelegatedTo, r.Delegation = []string{"x.example.net"}, "example.net", "record_only"
	r.Verdict, r.VerdictBasis, r.TLSRPTResult = "enforce_partial", "certificates", "validation-failure"
	return r
}

// Each column of the mail side is checked against its evidence.
func TestMailReasons(t *testing.T) {
	c := &check{words: closedSets()}
	for _, tt := range []struct {
		name   string
		change func(r *output.Row)
		want   string // in the discrepancies; "" for none
	}{
		{"as it was scanned", func(r *output.Row) {}, ""},
		{"a kind of no kind", func(r *output.Row) { r.MXKind = "many" }, `mx_kind is "many", which is no word`},
		{"a class of no class", func(r *output.Row) { r.MX[0].TLSA = new("fine") }, `mx.tlsa is "fine", which is no word`},
		{"a probe of no class", func(r *output.Row) { r.MX[0].STARTTLS = new("fine") }, `mx.starttls is "fine", which is no word`},
		{"a second probe", func(r *output.Row) { r.MX[1].FirstSTARTTLS = new("refused") }, ""},
		{"a first probe of no class", func(r *output.Row) { r.MX[1].FirstSTARTTLS = new("fine") }, `mx.first_starttls is "fine", which is no word`},
		{"a second probe of a host that was good", func(r *output.Row) { r.MX[1].FirstSTARTTLS = new("ok") },
			"the first probe of mx1.example.net ended in ok, and there was a second"},
		{"a first probe and no second", func(r *output.Row) { r.MX[1].FirstSTARTTLS, r.MX[1].STARTTLS = new("timeout"), nil },
			"first_starttls of mx1.example.net is timeout, and there is no second"},
		{"a destination of no kind", func(r *output.Row) { r.RUAKinds = []string{"ftp"} }, `rua_kinds is "ftp", which is no word`},
		{"hosts that are none", func(r *output.Row) { r.MX[0].Host, r.MX[1].Host = "localhost", "." }, "mx_kind is mx, and there is no host"},
		{"pseudo hosts that are hosts", func(r *output.Row) { r.MXKind = "pseudo" }, "mx_kind is pseudo, and mx says otherwise"},
		{"an implicit MX of another domain", func(r *output.Row) { r.MXKind = "implicit" }, "the host is not the domain"},
		{"a null MX with hosts", func(r *output.Row) { r.MXKind = "null" }, `mx_kind is "null", and there are hosts`},
		{"another match", func(r *output.Row) { r.MXMatch = "all" }, `mx_match is "all", and the evidence says "some"`},
		{"another host matched", func(r *output.Row) { r.MX[1].Matched = new(true) }, "matched of mx1.example.net is true, and the evidence says false"},
		{"a mismatch where some match", func(r *output.Row) { r.Mismatch = "typo" }, `mismatch is "typo", and the evidence says NULL`},
		{"unused and used", func(r *output.Row) { r.MXUnused = []string{"*.example.com"} }, "mx_unused is"},
		{"a finding left out", func(r *output.Row) { r.Findings = nil }, "the finding mx_partly_covered is not there"},
		{"a match of nothing", func(r *output.Row) { r.MXKind, r.MX = "", nil }, "mx_match is some, and there is nothing to match"},
		{"another report", func(r *output.Row) { r.TLSRPT = "invalid" }, `tlsrpt is "invalid", and the evidence says "valid"`},
		{"a bad destination, and no finding", func(r *output.Row) {
			r.TLSRPTTXT, r.RUA = [][]byte{[]byte("v=TLSRPTv1; rua=mailto:a@example.com,x")},
				[]string{"mailto:a@example.com", "x"}
		}, "the finding tlsrpt_rua_invalid is not there"},
		{"another destination", func(r *output.Row) { r.RUA = nil }, "rua is []"},
		{"a report without text", func(r *output.Row) { r.TLSRPTTXT = nil }, "tlsrpt is valid, and there is no TXT record"},
		{"a report that is too long to be kept", func(r *output.Row) { r.TLSRPTTXT, r.TLSRPTTXTCount = nil, new(int32(1)) }, ""},
		{"a report among more than were kept", func(r *output.Row) {
			r.TLSRPTTXT, r.TLSRPTTXTCount, r.TLSRPT = [][]byte{[]byte("other")}, new(int32(100)), "multiple"
		}, ""},
		{"delegated elsewhere", func(r *output.Row) { r.RecordDelegatedTo = "example.org" }, `record_delegated_to is "example.org", and the evidence says "example.net"`},
		{"delegated both", func(r *output.Row) { r.Delegation = "both" }, `delegation is "both", and the evidence says "record_only"`},
		{"usable and not", func(r *output.Row) { r.TLSARecords = []string{"mx1.example.com 1 1 1 ab"} }, `tlsa of mx1.example.com is "usable", and the evidence says "unusable"`},
		{"records and absent", func(r *output.Row) { r.TLSARecords = append(r.TLSARecords, "mx1.example.net 3 1 1 ab") }, "mx1.example.net has TLSA records"},
		{"records that are none", func(r *output.Row) { r.TLSARecords = append(r.TLSARecords, "mx1.example.net x") }, "tlsa_records: not a TLSA record"},
		{"more DANE", func(r *output.Row) { r.DANE = "all" }, `dane is "all", and the evidence says "some"`},
		{"DANE without DNSSEC", func(r *output.Row) { r.MXAuthenticated = new(false) }, `dane is "some", and the evidence says "none"`},
		{"other probes", func(r *output.Row) { r.MXTLS = "none" }, `mx_tls is "none", and the evidence says "all"`},
		{"another verdict", func(r *output.Row) { r.Verdict = "enforce_ok" }, `verdict is "enforce_ok", and the evidence says "enforce_partial"`},
		{"broken, and perhaps for a limit of the client", func(r *output.Row) {
			r.Policy, r.Verdict, r.VerdictBasis, r.Findings = "unreachable", "broken", "policy",
				append(r.Findings, "client_limit_possible")
		}, `verdict is "broken", and the evidence says "unknown"`},
		{"on another basis", func(r *output.Row) { r.VerdictBasis = "mx" }, `verdict_basis is "mx", and the evidence says "certificates"`},
		{"no verdict yet", func(r *output.Row) { r.Pending, r.Verdict = "transient", "unknown" }, ""},
	} {
		row := mailed()
		tt.change(row)
		var o discrepancies
		c.checkWords(&o, row)
		o.checkMail(row)
		if tt.want == "" && o != nil || tt.want != "" &&
			!slices.ContainsFunc(o, func(s string) bool { return strings.Contains(s, tt.want) }) {
			t.Errorf("%s: %q, want %q", tt.name, []string(o), tt.want)
		}
	}
}
