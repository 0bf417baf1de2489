package verify

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
)

func whole() (*output.Row, simnet.Truth) {
	row := &output.Row{
		Record: "valid", RecordReason: "other_txt", Error: "ErrPolicyFetch", RecordID: "1", CNAMEs: []string{"a.example", "b.example"},
		Policy: "unreachable", PolicyStage: "tls", PolicyReason: "expired", TLSError: "expired", HTTPStatus: new(int32(200)),
		Mode: "enforce", MaxAge: new(int64(0)), MXPatterns: []string{"*.example"}, Strict: new(false), Lenient: new(true),
		HostCNAMEs: []string{"c.example"},
		MXKind:     "mx", MX: []output.MXHost{{Host: "mx.example", Preference: 10, TLSA: new("usable"), STARTTLS: new("certificate"), FirstSTARTTLS: new("refused"), TLSError: new("expired")}},
		MXMatch: "none", MXUnused: []string{"*.example"}, Mismatch: "typo", TLSRPT: "invalid", TLSRPTReason: "rua_invalid", RUA: []string{"x"},
		DANE: "some", WildcardSuspected: new(true), Delegation: "both", Verdict: "broken",
		TLSRPTResult: "sts-webpki-invalid", Findings: []string{"null_mx_not_alone", "policy_extension"},
	}
	return row, simnet.Truth{
		Class: "a story", Record: codes.RecordValid, RecordReason: codes.RecordOtherTXT, RecordID: "1",
		CNAMEs: []string{"a.example", "b.example"}, Error: codes.ErrPolicyFetch,
		Policy: codes.PolicyUnreachable, Stage: codes.StageTLS, Reason: "expired", TLSError: codes.TLSExpired, HTTPStatus: 200,
		HostCNAMEs: []string{"c.example"}, Mode: codes.ModeEnforce, MaxAge: new(int64(0)), MX: []string{"*.example"},
		Strict: new(false), Lenient: new(true),
		MXKind: codes.MXHosts, MXHosts: []string{"10 mx.example"}, Probes: []string{"certificate expired"}, TLSA: []string{"usable"}, FirstProbes: []string{"refused"},
		MXMatch: codes.MatchNone, MXUnused: []string{"*.example"}, Mismatch: codes.MismatchTypo,
		TLSRPT: codes.RecordInvalid, TLSRPTReason: codes.TLSRPTRUAInvalid, RUA: []string{"x"}, DANE: codes.DANESome,
		WildcardSuspected: new(true), Delegation: codes.DelegationBoth, Verdict: codes.VerdictUnknown, VerdictProbed: codes.VerdictBroken,
		TLSRPTResult: codes.TLSRPTWebPKIInvalid, Findings: []codes.Finding{codes.FindNullMXNotAlone},
	}
}

// Without probes, the verdict is the one by names.
func TestCompareVerdict(t *testing.T) {
	row, truth := whole()
	row.MX[0].STARTTLS, row.MX[0].TLSError = nil, nil
	if got := CompareTruth(row, truth); !slices.Equal(got, []string{`verdict: got "broken", want "unknown"`}) {
		t.Errorf("%q", got)
	}
}

// What was not asked for is not compared.
func TestCompareMailNotAsked(t *testing.T) {
	row, truth := whole()
	row.MXKind, row.MX, row.MXMatch, row.MXUnused, row.Mismatch = "", nil, "", nil, ""
	row.TLSRPT, row.TLSRPTReason, row.RUA, row.DANE = "", "", nil, ""
	if got := CompareTruth(row, truth); got != nil {
		t.Errorf("%q", got)
	}
}

// A lost answer about TLSA of a host counts if DANE depends on it.
func TestCompareTLSA(t *testing.T) {
	row, truth := whole()
	row.MX[0].TLSA = new("unknown")
	if got := CompareTruth(row, truth); !slices.Equal(got, []string{`mx.tlsa: got "unknown", want "usable"`}) {
		t.Errorf("%q", got)
	}
	row.DANE, truth.DANE = "none", codes.DANENone
	if got := CompareTruth(row, truth); got != nil {
		t.Errorf("%q", got)
	}
}

// The findings of a truth must be in the row, which may have others, but not all others if the truth is complete.
func TestCompareFindings(t *testing.T) {
	row, truth := whole()
	truth.Findings = []codes.Finding{codes.FindNegativeWithoutSOA}
	row.Findings = []string{"mx_missing"}
	const want = `findings: got ["mx_missing"], want "negative_without_soa" among them`
	if got := CompareTruth(row, truth); len(got) != 1 || got[0] != want {
		t.Errorf("%q, want %q", got, want)
	}
	row.Findings = append(row.Findings, "negative_without_soa")
	if got := CompareTruth(row, truth); got != nil {
		t.Errorf("%q", got)
	}

	// A row need not have findings about what it did not ask for.
	truth.Findings = append(truth.Findings, codes.FindTLSRPTRUA, codes.FindNullMXNotAlone)
	if got := CompareTruth(row, truth); len(got) != 2 {
		t.Errorf("%q, want two findings more", got)
	}
	row.TLSRPT, row.MXKind = "", ""
	if got := CompareTruth(row, truth); got != nil {
		t.Errorf("not asked: %q", got)
	}
	row, truth = whole()
	row.Findings = nil
	truth.Findings = nil

	row.Findings = append(row.Findings, "certificate_key_short")
	if got := CompareTruth(row, truth); len(got) != 1 ||
		!strings.HasSuffix(got[0], `"certificate_key_short" not among them`) {
		t.Errorf("a complete truth: %q", got)
	}
	truth.Class = ""
	if got := CompareTruth(row, truth); got != nil {
		t.Errorf("a truth that people wrote: %q", got)
	}
}

// Every field of a truth counts: a changed field differs; an empty one differs if the truth is complete, and says
// nothing otherwise.
func TestCompareTruth(t *testing.T) {
	columns := map[string]string{
		"Record": "record", "RecordReason": "record_reason", "RecordID": "record_id", "CNAMEs": "cnames", "Error": "error",
		"Policy": "policy", "Stage": "policy_stage", "Reason": "policy_reason", "TLSError": "tls_error", "HTTPStatus": "http_status",
		"HostCNAMEs": "host_cnames", "Mode": "mode", "MaxAge": "max_age", "MX": "mx_patterns", "Strict": "strict", "Lenient": "lenient",
		"MXKind": "mx_kind", "MXHosts": "mx", "Probes": "mx.starttls", "TLSA": "mx.tlsa", "FirstProbes": "mx.first_starttls",
		"MXMatch": "mx_match", "MXUnused": "mx_unused", "Mismatch": "mismatch",
		"TLSRPT": "tlsrpt", "TLSRPTReason": "tlsrpt_reason", "RUA": "rua", "DANE": "dane", "WildcardSuspected": "wildcard_suspected",
		"Delegation": "delegation", "VerdictProbed": "verdict", "TLSRPTResult": "tlsrpt_result",
	}
	if row, truth := whole(); CompareTruth(row, truth) != nil {
		t.Fatal(CompareTruth(row, truth))
	}
	fields := reflect.TypeFor[simnet.Truth]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if name == "Class" || name == "Verdict" || name == "Findings" { // see TestCompareVerdict, TestCompareFindings
			continue
		}
		column, ok := columns[name]
		if !ok {
			t.Errorf("%s of a truth is compared with nothing", name)
			continue
		}
		says := func(what string, truth simnet.Truth, want bool) {
			row, _ := whole()
			got := CompareTruth(row, truth)
			if want && (len(got) != 1 || !strings.HasPrefix(got[0], column+": got ")) || !want && got != nil {
				t.Errorf("%s %s: %q", name, what, got)
			}
		}
		_, changed := whole()
		switch f := reflect.ValueOf(&changed).Elem().Field(i); f.Kind() {
		case reflect.String:
			f.SetString("another")
		case reflect.Int:
			f.SetInt(404)
		case reflect.Slice:
			f.Set(reflect.ValueOf([]string{"another.example"}))
		case reflect.Pointer:
			_, other := whole()
			f = reflect.ValueOf(&other).Elem().Field(i).Elem()
			if f.Kind() == reflect.Bool {
				f.SetBool(!f.Bool())
			} else {
				f.SetInt(7)
			}
			changed = other
		}
		says("changed", changed, true)
		_, empty := whole()
		reflect.ValueOf(&empty).Elem().Field(i).SetZero()
		says("empty, complete", empty, true)
		empty.Class = ""
		says("empty, not complete", empty, false)
	}
}

func TestCompareTruthInWords(t *testing.T) {
	row, truth := whole()
	row.Mode, row.MaxAge, row.HTTPStatus, row.CNAMEs = "", nil, nil, nil
	want := []string{
		`cnames: got [], want ["a.example" "b.example"]`,
		"http_status: got NULL, want 200",
		`mode: got NULL, want "enforce"`,
		"max_age: got NULL, want 0",
	}
	if got := CompareTruth(row, truth); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// For an observer with one address family, hosts of the other do not count, and everything else does.
func TestCompareWithinReach(t *testing.T) {
	there := func(edit func(*output.Row)) []string {
		row, truth := whole()
		row.Policy, row.PolicyStage, row.PolicyReason, row.Error = "unknown", "tcp", "no_ipv4", "ErrPolicyFetch"
		row.TLSError, row.HTTPStatus, row.Mode, row.MaxAge, row.MXPatterns = "", nil, "", nil, nil
		row.MXMatch, row.MXUnused, row.Mismatch, row.TLSRPTResult = "", nil, "", ""
		row.Strict, row.Lenient, row.Verdict = new(true), new(true), "unknown"
		row.MX[0].STARTTLS, row.MX[0].TLSError, row.MX[0].FirstSTARTTLS = new("unknown"), nil, nil
		truth.Findings = append(truth.Findings, codes.FindCertKeyShort)
		edit(row)
		return CompareTruth(row, truthOfOneFamily(row, truth))
	}
	for _, tt := range []struct {
		edit func(*output.Row)
		want string // "": agreed
	}{
		{func(*output.Row) {}, ""},
		{func(r *output.Row) { r.RecordID = "2" }, "record_id: "},
		{func(r *output.Row) { r.TLSRPT = "valid" }, "tlsrpt: "},
		{func(r *output.Row) { r.Policy = "unreachable" }, "policy: "},
		{func(r *output.Row) { r.Verdict = "broken" }, "verdict: "},
		{func(r *output.Row) { r.Findings = append(r.Findings, "certificate_key_short") }, "findings: "},
		{func(r *output.Row) { r.MX[0].Addr = new("2a00::1") }, "mx.starttls: "},
	} {
		got := there(tt.edit)
		if tt.want == "" && got != nil || tt.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], tt.want)) {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
