package explain

import (
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// Advice never adds to a policy what it cannot list.
func TestCoverageAdvice(t *testing.T) {
	const (
		add    = "Add to the policy: mx: mx.example.com (section 4.1). Then change the id of the record."
		rename = "Rename mx_1.example.com: an mx cannot have an underscore (section 3.2)."
		pseudo = "Remove the MX records that name no host (RFC 5321, section 5.1)."
		only   = "Replace the MX records, which name no host, by one that names your mail server (RFC 5321, section 5.1)."
	)
	for _, tt := range []struct {
		hosts []string
		want  []string
	}{
		{[]string{"mx.example.com"}, []string{add}},
		{[]string{"localhost"}, []string{only}},
		{[]string{"192.0.2.1", `e\027[31m.example.com`}, []string{only}},
		{[]string{"mx_1.example.com", "localhost"}, []string{rename, pseudo}},
		{[]string{"mx_1.example.com"}, []string{rename}},
		{[]string{"mx.example.com", "mx_1.example.com", "localhost"}, []string{add + " " + rename, pseudo}},
	} {
		row := &output.Row{Domain: "example.com", Record: "valid", Policy: "valid", MXMatch: "none"}
		for _, host := range tt.hosts {
			row.MX = append(row.MX, output.MXHost{Host: host, Matched: new(false)})
		}
		if last := tt.want[len(tt.want)-1]; last == pseudo || last == only {
			row.Findings = []string{"mx_host_pseudo"}
		}
		if got := advice(row, nil); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.hosts, got, tt.want)
		}
	}
}

// The first remedy mends what the verdict rests on, whatever else is found.
func TestRemedyOfVerdict(t *testing.T) {
	noise := []string{
		"media_type_other", "length_and_transfer_encoding", "max_age_short", "tlsrpt_missing", "cert_key_short",
	}
	host := func(name string, matched bool, starttls string) output.MXHost {
		h := output.MXHost{Host: name, Matched: &matched}
		if starttls != "" {
			h.STARTTLS = &starttls
		}
		if starttls == "certificate" {
			h.TLSError = new("expired")
		}
		return h
	}
	const (
		add       = "Add to the policy: mx: a.example (section 4.1)."
		renew     = "Renew the certificate of a.example (section 4.2)."
		accept    = "Let a.example accept STARTTLS (section 4.2; RFC 3207)."
		replacing = "Replace the MX records, which name no host, by one that names your mail server (RFC 5321, section 5.1)."
		removing  = "Remove the MX records that name no host (RFC 5321, section 5.1)."
	)
	for _, tt := range []struct {
		verdicts, match, tls string
		mx                   []output.MXHost
		want                 string
	}{
		{"enforce_refused testing_would_fail", "none", "", []output.MXHost{host("a.example", false, "")}, add},
		{"enforce_refused testing_would_fail", "none", "", []output.MXHost{host("a.example", false, "not_offered")}, add},
		{"enforce_refused testing_would_fail", "none", "", []output.MXHost{host("mx.invalid", false, "")}, replacing},
		{"enforce_refused testing_would_fail", "none", "", []output.MXHost{host("a.example", false, ""), host("mx.invalid", false, "")}, add},
		{"enforce_refused testing_would_fail", "all", "none", []output.MXHost{host("a.example", true, "certificate")}, renew},
		{"enforce_refused testing_would_fail", "all", "none", []output.MXHost{host("a.example", true, "rejected")}, accept},
		{"enforce_refused testing_would_fail", "all", "none", []output.MXHost{host("a.example", true, "not_offered"), host("b.example", true, "handshake")},
			"Let a.example offer STARTTLS; let b.example complete a TLS handshake (section 4.2; RFC 3207)."},
		{"enforce_refused testing_would_fail", "all", "none", []output.MXHost{
			host("a.example", true, "certificate"), host("b.example", true, "certificate"),
			host("c.example", true, "not_offered"), host("d.example", true, "rejected"),
		}, "Renew the certificate of a.example; renew the certificate of b.example; and mend 2 more (section 4.2)."},
		{"enforce_refused", "some", "none", []output.MXHost{host("b.example", false, "rejected"), host("a.example", true, "certificate")}, renew},
		{"testing_would_fail", "some", "none", []output.MXHost{host("mx.invalid", false, ""), host("a.example", true, "certificate")}, renew},
		{"enforce_partial", "all", "some", []output.MXHost{host("b.example", true, "ok"), host("a.example", true, "rejected")}, accept},
		{"enforce_partial testing_would_fail", "some", "all", []output.MXHost{host("b.example", true, "ok"), host("a.example", false, "not_offered")}, add},
		{"enforce_partial testing_would_fail", "some", "", []output.MXHost{host("b.example", true, ""), host("mx.invalid", false, "")}, removing},
		{"valid_none", "none", "", []output.MXHost{host("a.example", false, "")}, "Serve the policy as text/plain (section 3.2)."},
		{"enforce_partial testing_would_fail", "some", "some", []output.MXHost{host("b.example", true, "ok"), host("a.example", false, "ok")}, add},
	} {
		for verdict := range strings.FieldsSeq(tt.verdicts) {
			row := &output.Row{
				Domain: "example.com", Record: "valid", Policy: "valid", Verdict: verdict, MXKind: "hosts",
				MXMatch: tt.match, MXTLS: tt.tls, MX: tt.mx, Findings: noise,
			}
			if strings.Contains(Reason(row), "invalid") {
				row.Findings = append(slices.Clone(noise), "mx_host_pseudo")
			}
			if got := Remedy(row); got != tt.want {
				t.Errorf("%s, %s, %s: %q, want %q", verdict, tt.match, tt.tls, got, tt.want)
			}
		}
	}
	all := Remedies()
	broken := func(set, word string, row *output.Row) {
		row.Domain, row.Verdict, row.Findings = placeDomain, "broken", noise
		row.MXMatch, row.MX = "none", []output.MXHost{host("b.example", false, "rejected")}
		if want := all[set][word]; want != "" && advice(row, nil)[0] != want {
			t.Errorf("%s %s: %q, want %q", set, word, advice(row, nil)[0], want)
		}
	}
	for _, stage := range codes.Stages() {
		for _, reason := range codes.PolicyReasons(stage) {
			broken(string(stage), string(reason), &output.Row{
				Record: "valid", Policy: "unreachable", PolicyStage: string(stage), PolicyReason: string(reason),
			})
		}
	}
	broken("record", "multiple", &output.Row{Record: "multiple"})
	broken("record", "id_missing", &output.Row{Record: "invalid", RecordReason: "id_missing"})
}

// Advice is for the party that runs what an alias leads to, by its label where that is known for sure.
func TestAdviceToParty(t *testing.T) {
	mx := []output.MXHost{{Host: "mx.example.net", Matched: new(false)}}
	for _, tt := range []struct {
		row  output.Row
		want string
	}{
		{output.Row{Record: "valid", Policy: "unreachable", PolicyStage: "tls", PolicyReason: "expired", HostDelegatedTo: "mta-sts.tech", Provider: "powerdmarc"},
			"Ask powerdmarc: renew the certificate of mta-sts.example.com (section 3.3)."},
		{output.Row{Record: "valid", Policy: "unreachable", PolicyStage: "tls", PolicyReason: "expired", HostDelegatedTo: "example.net"},
			"Ask example.net: renew the certificate of mta-sts.example.com (section 3.3)."},
		{output.Row{Record: "valid", Policy: "unreachable", PolicyStage: "tls", PolicyReason: "expired", RecordDelegatedTo: "mta-sts.tech", Provider: "powerdmarc"},
			"Renew the certificate of mta-sts.example.com (section 3.3)."},
		{output.Row{Record: "multiple", RecordDelegatedTo: "mta-sts.tech", HostDelegatedTo: "example.net", Provider: "powerdmarc"},
			"Ask mta-sts.tech: leave exactly one MTA-STS record at _mta-sts.example.com (section 3.1)."},
		{output.Row{Record: "invalid", RecordReason: "id_missing", RecordDelegatedTo: "mta-sts.tech", HostDelegatedTo: "mta-sts.tech", Provider: "powerdmarc"},
			"Ask powerdmarc: correct the TXT record at _mta-sts.example.com: v=STSv1; id= and 1 to 32 letters and digits (section 3.1)."},
		{output.Row{Record: "valid", Policy: "valid", Verdict: "enforce_refused", MXMatch: "none", MX: mx, HostDelegatedTo: "example.net"},
			"Ask example.net: add to the policy: mx: mx.example.net (section 4.1)."},
		{output.Row{Record: "valid", Policy: "valid", Verdict: "enforce_ok", Findings: []string{"media_type_other"}, HostDelegatedTo: "example.net"},
			"Ask example.net: serve the policy as text/plain (section 3.2)."},
		{output.Row{Record: "valid", Policy: "valid", Verdict: "enforce_ok", Findings: []string{"tlsrpt_invalid"}, HostDelegatedTo: "example.net"},
			"Correct the TXT record at _smtp._tls.example.com (RFC 8460, section 3)."},
		{output.Row{Record: "absent", RecordReason: "no_domain"},
			"The domain does not exist: register it again, or take it off the list."},
	} {
		tt.row.Domain = "example.com"
		if got := Remedy(&tt.row); got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.row, got, tt.want)
		}
	}
}

// What a web server answered tells what to change there.
func TestAdviceToWebServer(t *testing.T) {
	for reason, want := range map[string]string{
		"not_found":         "Serve /.well-known/mta-sts.txt with status 200 at mta-sts.example.com (section 3.3).",
		"forbidden":         "Serve /.well-known/mta-sts.txt with status 200 at mta-sts.example.com (section 3.3).",
		"blocked":           "Let the filter in front of mta-sts.example.com pass requests for /.well-known/mta-sts.txt (section 3.3).",
		"malformed":         "Let the web server of mta-sts.example.com answer in HTTP/1.1 (section 3.3).",
		"headers_too_large": "Let the web server of mta-sts.example.com send a header of at most 16 KiB (section 3.3).",
		"reset":             "Let the web server of mta-sts.example.com answer requests for /.well-known/mta-sts.txt (section 3.3).",
	} {
		row := &output.Row{
			Domain: "example.com", Record: "valid", Policy: "unreachable", PolicyStage: "http", PolicyReason: reason,
		}
		if got := Remedy(row); got != want {
			t.Errorf("%s: %q, want %q", reason, got, want)
		}
	}
}
