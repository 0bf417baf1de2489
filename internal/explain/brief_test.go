package explain

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// briefRows are rows with each verdict, reason and finding, and how an MX host may fail.
func briefRows() (rows []output.Row) {
	mx := []output.MXHost{
		{Host: "mx1.example.net", Matched: new(false)},
		{Host: "mx2.example.net", Matched: new(true), STARTTLS: new("certificate"), TLSError: new("expired")},
		{Host: "mx3.example.net", Matched: new(true), STARTTLS: new("not_offered")},
	}
	var findings []string
	for _, f := range codes.Findings() {
		if !slices.Contains(codes.ClientLimits(), f) {
			findings = append(findings, string(f))
		}
	}
	for _, record := range codes.Records() {
		for _, reason := range append(codes.RecordReasons(), "") {
			rows = append(rows, output.Row{
				Record: string(record), RecordReason: string(reason), TXT: [][]byte{[]byte("v=STSv1 id=1;")},
				Policy: "not_fetched", Verdict: "broken", MXKind: "mx",
			})
		}
	}
	for _, stage := range codes.Stages() {
		for _, reason := range codes.PolicyReasons(stage) {
			rows = append(rows, output.Row{
				Record: "valid", Verdict: "broken",
				Policy: "unreachable", PolicyStage: string(stage), PolicyReason: string(reason),
			})
		}
	}
	for _, verdict := range codes.Verdicts() {
		for _, match := range codes.MXMatches() {
			for _, basis := range codes.Bases() {
				rows = append(rows, output.Row{
					Record: "valid", Policy: "valid", Verdict: string(verdict), VerdictBasis: string(basis),
					MXMatch: string(match), MX: mx, MXTLS: "some", MXReason: "servfail", Mismatch: "typo",
					Findings: findings, TLSRPT: "valid",
				})
			}
		}
	}
	rows = append(rows,
		output.Row{Record: "valid", Policy: "valid", Findings: []string{"mx_pattern_unused"}, MXUnused: []string{"*.a"}},
		output.Row{Record: "valid", Policy: "valid", Verdict: "enforce_ok", VerdictBasis: "mx", MXTLS: "unknown"},
		output.Row{Record: "multiple", RecordDelegatedTo: "example.net", Provider: "powerdmarc"},
		output.Row{Record: "valid", Policy: "missing", PolicyStage: "http", HostDelegatedTo: "example.net"},
	)
	for i := range rows {
		rows[i].Domain = "example.com"
	}
	return rows
}

// What is brief about a row rests on the columns that are said to be enough.
func TestBriefColumns(t *testing.T) {
	needed := make(map[string]bool)
	for _, row := range briefRows() {
		for field := range reflect.TypeFor[output.Row]().Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("parquet"), ",")
			less := row
			reflect.ValueOf(&less).Elem().FieldByIndex(field.Index).SetZero()
			if Reason(&less) != Reason(&row) || !slices.Equal(Advice(&less), Advice(&row)) {
				needed[name] = true
			}
		}
	}
	for _, name := range BriefColumns() {
		if !needed[name] {
			t.Errorf("%s is not needed", name)
		}
		delete(needed, name)
	}
	for name := range needed {
		t.Errorf("%s is needed and not listed", name)
	}
}

// Each row has a reason of one line, and a remedy that is one sentence of the advice.
func TestBrief(t *testing.T) {
	for _, row := range briefRows() {
		reason, remedy := Reason(&row), Remedy(&row)
		told := row.RecordReason != "" || row.Record == "valid" || row.Record == "multiple"
		if told && reason == "" || strings.ContainsAny(reason, "\n_") || strings.HasSuffix(reason, ".") {
			t.Errorf("%+v: reason %q", row, reason)
		}
		advice := Advice(&row)
		sentence := strings.HasSuffix(remedy, ".") && !strings.Contains(remedy, ". ")
		if (remedy == "") != (advice == nil) || advice != nil && (!sentence || !strings.HasPrefix(advice[0], remedy)) {
			t.Errorf("%+v: remedy %q of %q", row, remedy, advice)
		}
	}
}

// Where nothing else tells what a reason is about, it has a subject.
func TestReasonSubject(t *testing.T) {
	meanings := Meanings()
	for _, set := range []string{"record", "tlsrpt", "dns", "tcp", "tls", "http", "body", "syntax"} {
		for word, text := range meanings[set] {
			if first, _, _ := strings.Cut(text, " "); !slices.Contains([]string{"the", "there", "a", "no"}, first) {
				t.Errorf("%s %s: %q", set, word, text)
			}
		}
	}
}

func TestReason(t *testing.T) {
	host := func(name string, matched bool, starttls string) output.MXHost {
		h := output.MXHost{Host: name, Matched: &matched}
		if starttls != "" {
			h.STARTTLS = &starttls
		}
		return h
	}
	for _, tt := range []struct {
		row  output.Row
		want string
	}{
		{output.Row{Record: "absent", RecordReason: "nxdomain", Verdict: "no_sts"}, "there is no record"},
		{output.Row{Record: "unknown", RecordReason: "servfail", Verdict: "unknown"}, "the name servers fail"},
		{output.Row{Record: "multiple", Verdict: "broken"}, "more than one record counts as none (section 3.1)"},
		{output.Row{Record: "valid", Policy: "unreachable", PolicyStage: "tls", PolicyReason: "expired"},
			"the certificate has expired"},
		{output.Row{Record: "valid", Policy: "unreachable", PolicyStage: "tcp", PolicyReason: "refused"},
			"the policy host takes no connection to port 443: refused"},
		{output.Row{Record: "valid", Policy: "invalid", PolicyStage: "syntax", PolicyReason: "mx_missing"},
			"the policy breaks the grammar: mx missing (section 3.2)"},
		{output.Row{Record: "valid", Policy: "not_fetched", Verdict: "unknown"}, "the policy is unknown"},
		{output.Row{Record: "valid", Policy: "valid", Verdict: "enforce_ok", VerdictBasis: "certificates"}, "mail is protected"},
		{output.Row{Record: "valid", Policy: "valid", Verdict: "unknown", MXReason: "timeout"}, "the MX hosts are unknown: timeout"},
		{output.Row{Record: "valid", Policy: "valid", Verdict: "enforce_refused", MXMatch: "none",
			MX: []output.MXHost{host("a.example", false, "")}}, "the policy does not list a.example (section 4.1)"},
		{output.Row{Record: "valid", Policy: "valid", Verdict: "enforce_partial", MXMatch: "some", MX: []output.MXHost{
			host("a.example", false, ""), host("b.example", false, ""), host("c.example", false, ""),
			host("d.example", true, ""),
		}}, "the policy does not list a.example, b.example and 1 more (section 4.1)"},
		{output.Row{Record: "valid", Policy: "valid", Verdict: "enforce_refused", MXMatch: "all", MX: []output.MXHost{
			host("a\x1b[31m.example", true, "not_offered"), host("b.example", true, "ok"), host("c.example", true, "rejected"),
		}}, `a\u001b[31m.example: it offers no STARTTLS; c.example: it offers STARTTLS and refuses it`},
		{output.Row{Record: "valid", Policy: "valid", Verdict: "enforce_refused", MXMatch: "some", MXTLS: "none", MX: []output.MXHost{
			host("a.example", false, ""), host("mx.invalid", false, ""), host("b.example", true, "certificate"),
			host("c.example", true, "rejected"), host("d.example", true, "rejected"),
		}}, "b.example: the handshake failed; c.example: it offers STARTTLS and refuses it; and 1 more; " +
			"the policy does not list a.example (section 4.1); an MX record names no host: mx.invalid (RFC 5321, section 5.1)"},
		{output.Row{Record: "valid", Policy: "valid", Verdict: "enforce_refused", MXMatch: "all", MX: []output.MXHost{
			{Host: "a.example", Matched: new(true), STARTTLS: new("certificate"), TLSError: new("name_mismatch")},
			{Host: "b.example", Matched: new(true), STARTTLS: new("handshake"), TLSError: new("not_tls")},
		}}, "a.example: the certificate is for other names (section 4.2); " +
			"b.example: the server does not speak TLS after STARTTLS"},
	} {
		if got := Reason(&tt.row); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
