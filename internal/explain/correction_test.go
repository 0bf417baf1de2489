package explain

import (
	"slices"
	"strings"
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// goodPolicy needs no correction where the MX host is mx.example.net.
const goodPolicy = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.net\r\nmax_age: 604800\r\n"

// wrongPolicies are texts with each fault and oddity of the grammar.
func wrongPolicies() []string {
	changed := func(old, with string) string { return strings.Replace(goodPolicy, old, with, 1) }
	texts := []string{
		"", " \r\n", "\x00\x01\xff", "<html><body>not found</body></html>", "\ufeff" + goodPolicy, goodPolicy + "\r\n",
		changed("\r\n", "\n"), strings.ReplaceAll(goodPolicy+"\r\n", "\r", ""),
		changed("\r\n", "\r\r\n"), strings.TrimSuffix(goodPolicy, "\r\n"), "\r\n" + goodPolicy,
		" " + goodPolicy, changed("enforce", "enforce "), changed("mode:", "mode"), goodPolicy + "mode: testing\r\n",
		goodPolicy + "note: a\r\n", goodPolicy + "note: \x01\r\n", goodPolicy + "-: a\r\n", goodPolicy + "nothing\r\n",
		changed("mode", "Mode"), changed("max_age", "Max_Age"), changed("mx:", "MX:"), changed("version", "Version"),
		changed("version: STSv1\r\n", ""), changed("STSv1", "STSv2"),
		changed("version: STSv1\r\nmode: enforce\r\n", "mode: enforce\r\nversion: STSv1\r\n"),
		changed("mode: enforce\r\n", ""), changed("max_age: 604800\r\n", ""), changed("mx: mx.example.net\r\n", ""),
		goodPolicy + "mx: mx.example.net\r\n",
	}
	for _, mode := range []string{"report", "Enforce", "testing", "none", ""} {
		texts = append(texts, changed("enforce", mode))
	}
	for _, age := range []string{"", "week", "-1", "0", "60", "86400", "31557601", "99999999999", "1209601"} {
		texts = append(texts, changed("604800", age), strings.Replace(changed("604800", age), "enforce", "testing", 1))
	}
	for _, mx := range []string{
		"", "MX.example.net", "mx.example.net.", "mx_1.example.net", "192.0.2.1", "[192.0.2.1]", "2001:db8::1", "mx", "a@example.net",
		"https://mx.example.net/", "mx.example.net mx2.example.net", "mx.example.net, mx2.example.net", "b\u00fccher.example", "xn--a.example",
		"mx.*.example.net", "*.example.net", "*.net", "*.co.uk", "-mx.example.net", "mx..example.net", "other.example.org", "*.*.example.net", "*", ".",
	} {
		texts = append(texts, changed("mx.example.net", mx), goodPolicy+"mx: "+mx+"\r\n")
	}
	return texts
}

// rowOfPolicy is the row of a domain with this policy and MX hosts.
func rowOfPolicy(text string, kind codes.MXKind, hosts ...string) *output.Row {
	row := &output.Row{
		Domain: "example.com", Record: string(codes.RecordValid), RecordID: "1", TXT: [][]byte{[]byte("v=STSv1; id=1;")},
		Policy: string(codes.PolicyValid), PolicyText: []byte(text), MXKind: string(kind), MXCount: new(int32(len(hosts))),
	}
	mx := mtasts.MX{Kind: kind}
	for _, host := range hosts {
		row.MX = append(row.MX, output.MXHost{Host: host})
		mx.Hosts = append(mx.Hosts, mtasts.MXHost{Name: host})
	}
	reading := mtasts.ReadPolicy(row.PolicyText)
	row.Mode = string(reading.Policy.Mode)
	coverage := mtasts.Cover(row.Domain, reading.Policy.MX, mx)
	for _, f := range append(reading.Findings, coverage.Findings...) {
		row.Findings = append(row.Findings, string(f))
	}
	if !reading.Strict {
		row.Policy, row.PolicyStage = string(codes.PolicyInvalid), string(codes.StageSyntax)
		row.PolicyReason = string(reading.Reason)
	}
	return row
}

// A corrected policy is right by the letter and without a finding, asks for no less than the old one, and covers the
// MX hosts.
func TestCorrectedPolicies(t *testing.T) {
	reasons, findings := make(map[string]bool), make(map[string]bool)
	for _, text := range wrongPolicies() {
		for _, hosts := range [][]string{
			{"mx.example.net"}, {"mx.example.net", "mx2.example.net", "a.mx.example.org"}, {"example.com"},
			{"mx.example.net", "mx_1.example.net", "192.0.2.1", "localhost", "."},
		} {
			row := rowOfPolicy(text, codes.MXHosts, hosts...)
			reasons[row.PolicyReason] = true
			for _, f := range row.Findings {
				findings[f] = true
			}
			asked := mtasts.ReadPolicy(row.PolicyText).Policy
			c := Correct(row, night)
			if asked.Mode == "" && slices.Contains([]string{"empty", "not_text", "html"}, row.PolicyReason) {
				if !c.First {
					t.Errorf("%q is no policy: %+v", text, c)
				}
				asked = mtasts.Policy{Mode: codes.ModeTesting, MaxAge: firstMaxAge}
			}
			if asked.Mode == "" {
				if c.Policy != nil || c.Record != "" || !strings.Contains(c.Missing, "mode") {
					t.Errorf("%q has no mode: %+v", text, c)
				}
				continue
			}
			if c.Missing != "" || c.Policy == nil && row.Policy != "valid" {
				t.Errorf("%q, %q: %+v", text, hosts, c)
			}
			if c.Policy == nil {
				continue
			}
			body := strings.Join(c.Policy, "\r\n") + "\r\n"
			reading := mtasts.ReadPolicy([]byte(body))
			if !reading.Strict || !reading.Lenient || reading.Findings != nil {
				t.Errorf("%q, %q: corrected to %q, with %v, %q", text, hosts, body, reading.Err, reading.Findings)
			}
			if got := mtasts.ReadPolicy([]byte(strings.ReplaceAll(body, "\r", ""))); !got.Strict ||
				!slices.Equal(got.Findings, []codes.Finding{codes.FindLineFeedEnds}) {
				t.Errorf("%q: as lines ending in LF: %v, %q", body, got.Err, got.Findings)
			}
			if p := reading.Policy; p.Mode != asked.Mode || p.MaxAge < asked.MaxAge {
				t.Errorf("%q, %q: corrected to less: %q", text, hosts, body)
			}
			if reading.Policy.Mode == codes.ModeNone {
				continue
			}
			wantCover(t, body, reading.Policy.MX, hosts, c.LeftOut)
		}
	}
	for _, reason := range codes.PolicyReasons(codes.StageSyntax) {
		if !reasons[string(reason)] {
			t.Errorf("no policy fails with %s", reason)
		}
	}
	for _, f := range codes.Findings() {
		if textMeaning(f) != "" && !findings[string(f)] {
			t.Errorf("no policy has the finding %s", f)
		}
	}
}

func wantCover(t *testing.T, body string, patterns []mtasts.MXPattern, hosts, leftOut []string) {
	t.Helper()
	mx := mtasts.MX{Kind: codes.MXHosts}
	for _, host := range hosts {
		if !slices.Contains(leftOut, host) {
			mx.Hosts = append(mx.Hosts, mtasts.MXHost{Name: host})
		}
	}
	if c := mtasts.Cover("example.com", patterns, mx); c.Match != codes.MatchAll || c.Findings != nil {
		t.Errorf("%q covers %q: %+v", body, hosts, c)
	}
}

// What a domain has and needs is kept, and what is not known is not made up.
func TestCorrection(t *testing.T) {
	changed := func(old, with string) string { return strings.Replace(goodPolicy, old, with, 1) }
	hosts := slices.Repeat([]string{"mx.example.net"}, mostHosts)
	manyHosts := rowOfPolicy(changed("604800", "60"), codes.MXHosts, hosts...)
	manyHosts.MXCount = new(int32(mostHosts + 1))
	const first = "version: STSv1|mode: testing|mx: mx.example.net|max_age: 86400"
	unserved := func(class, stage, reason string, hosts ...string) *output.Row {
		row := rowOfPolicy("", codes.MXHosts, hosts...)
		row.Policy, row.PolicyStage, row.PolicyReason, row.PolicyText = class, stage, reason, nil
		if hosts == nil {
			row.MXKind = string(codes.MXNull)
		}
		return row
	}
	for _, tt := range []struct {
		name string
		row  *output.Row
		want string // the policy, or what is missing
	}{
		{"nothing is wrong", rowOfPolicy(goodPolicy, codes.MXHosts, "mx.example.net"), ""},
		{"harmless oddities", rowOfPolicy(strings.ReplaceAll(goodPolicy, "\r", "")+"note: a\n", codes.MXHosts, "mx.example.net"), ""},
		{"a wildcard over the hosts of others", rowOfPolicy(changed("mx.", "*.")+"\r\n", codes.MXHosts, "mx.example.net", "mx.example.org"),
			"version: STSv1|mode: enforce|mx: mx.example.net|mx: mx.example.org|max_age: 604800"},
		{"a wildcard of its own", rowOfPolicy(changed("mx.example.net", "*.mx.example.com")+"\r\n", codes.MXHosts, "a.mx.example.com", "mx.example.org"),
			"version: STSv1|mode: enforce|mx: *.mx.example.com|mx: mx.example.org|max_age: 604800"},
		{"a short max_age", rowOfPolicy(changed("604800", "60"), codes.MXHosts, "mx.example.net"),
			"version: STSv1|mode: enforce|mx: mx.example.net|max_age: 1209600"},
		{"an implicit MX", rowOfPolicy(changed("604800", "60"), codes.MXImplicit, "example.com"),
			"version: STSv1|mode: enforce|mx: example.com|max_age: 1209600"},
		{"none needs no mx, and may be short", rowOfPolicy("version: STSv1\r\nmode: none\r\n\r\nmax_age: 60\r\n", "", ""),
			"version: STSv1|mode: none|max_age: 60"},
		{"none covers nothing", rowOfPolicy(changed("enforce", "none"), codes.MXHosts, "other.example.org"), ""},
		{"no mode", rowOfPolicy(changed("enforce", "report"), codes.MXHosts, "mx.example.net"), "its mode is not known: enforce, testing or none"},
		{"MX hosts were not asked for", rowOfPolicy(changed("604800", "60"), ""), "the MX hosts of the domain are not known"},
		{"MX hosts are unknown", rowOfPolicy(changed("604800", "60"), codes.MXUnknown), "the MX hosts of the domain are not known"},
		{"a null MX", rowOfPolicy(changed("604800", "60"), codes.MXNull), "the domain has no MX host that a policy can list"},
		{"pseudo hosts", rowOfPolicy(changed("604800", "60"), codes.MXPseudo, "localhost", "mx.local"), "the domain has no MX host that a policy can list"},
		{"too many", manyHosts, "the domain has more MX hosts than are known here"},
		{"a policy that was not seen", &output.Row{Domain: "example.com", Record: "valid", Policy: "unreachable", PolicyStage: "tls",
			PolicyReason: "expired", TXT: [][]byte{[]byte("v=STSv1; id=1;")}}, ""},
		{"no policy", unserved("missing", "http", "not_found", "mx.example.net", "localhost"), first},
		{"no policy host", unserved("missing", "dns", "nxdomain", "mx.example.net"), first},
		{"too large", unserved("invalid", "body", "too_large", "mx.example.net"), first},
		{"empty", rowOfPolicy("", codes.MXHosts, "mx.example.net"), first},
		{"a web page", rowOfPolicy("<html></html>", codes.MXHosts, "mx.example.net"), first},
		{"no policy, and no mail", unserved("missing", "http", "not_found"), ""},
		{"a policy behind a filter", unserved("unreachable", "http", "blocked", "mx.example.net"), ""},
		{"a policy elsewhere", unserved("unreachable", "http", "redirect", "mx.example.net"), ""},
		{"no record", &output.Row{Domain: "example.com", Record: "absent", RecordReason: "nxdomain", Policy: "not_fetched",
			MXKind: "hosts", MX: []output.MXHost{{Host: "mx.example.net"}}}, ""},
	} {
		c := Correct(tt.row, night)
		if got := strings.Join(c.Policy, "|") + c.Missing; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if (c.Record != "") != (c.Policy != nil) || c.First != (tt.want == first) {
			t.Errorf("%s: the record is %q", tt.name, c.Record)
		}
	}
}

// A corrected record is right by the letter, without a finding, and has an id that senders have not seen.
func TestCorrectedRecords(t *testing.T) {
	reasons := make(map[string]bool)
	for _, txts := range [][]string{
		{"v=STSv1; id=1;", "v=STSv1; id=1;"}, {"v=STSv1; id=1;", "v=STSv1; id=2;"},
		{"v=STSv1;"}, {"v=STSv1; id=;"}, {"v=STSv1; id=a-b;"}, {"v=STSv1; id=" + strings.Repeat("1", 33) + ";"},
		{"v=STSv1; id"}, {"v=STSv1; id=1; note;"}, {"v=STSv1; id=1; note=a b;"}, {"v=STSv1;; id=1;"}, {"v=STSv1; id=1 "},
		{"v=STSv1 ; id=1;"}, {"v=STSv1 ; id=1;", "v=spf1 -all"}, {"v=STSv1; id=1; a=\u00e4;"}, {"v=STSv1; id=1; id=2;"},
		{`"v=STSv1; id=1;"`}, {"v=STSv2; id=1;"}, {"v=stsv1; id=20261130T021000Z;"}, {"v=STSv1; id=20261130T021000Z; id=2;"},
	} {
		reading := mtasts.ReadRecords(txts)
		row := &output.Row{
			Domain: "example.com", Record: string(reading.Class), RecordReason: string(reading.Reason),
			RecordID: reading.Record.ID, Policy: string(codes.PolicyNotFetched),
		}
		for _, txt := range txts {
			row.TXT = append(row.TXT, []byte(txt))
		}
		reasons[row.RecordReason] = true
		c := Correct(row, night)
		corrected := mtasts.ReadRecords([]string{c.Record})
		if !corrected.Strict || corrected.Findings != nil || corrected.Record.ID == reading.Record.ID {
			t.Errorf("%q: corrected to %q, with %v, %q", txts, c.Record, corrected.Err, corrected.Findings)
		}
		if c.Policy != nil || c.Missing != "" {
			t.Errorf("%q: and a policy: %+v", txts, c)
		}
	}
	for _, txts := range [][]string{
		{"v=STSv1; id=1;"}, {"v=STSv1; id=1"}, {"v=STSv1; id=1;", "other"}, {"v=STSv1; id=1; note=a;"},
	} {
		row := &output.Row{Domain: "example.com", Record: "valid", RecordID: "1"}
		for _, txt := range txts {
			row.TXT = append(row.TXT, []byte(txt))
		}
		if c := Correct(row, night); c.Record != "" {
			t.Errorf("%q: corrected to %q", txts, c.Record)
		}
	}
	for _, reason := range []codes.RecordReason{
		codes.RecordBadVersion, codes.RecordIDMissing, codes.RecordIDInvalid, codes.RecordIDTooLong,
		codes.RecordFieldMalformed, codes.RecordExtensionInvalid,
	} {
		if !reasons[string(reason)] {
			t.Errorf("no record fails with %s", reason)
		}
	}
}

// No correction is given where there is nothing to correct: no record, or none that was seen.
func TestNoCorrection(t *testing.T) {
	for _, reason := range codes.RecordReasons() {
		for _, class := range []codes.Record{codes.RecordAbsent, codes.RecordUnknown} {
			row := &output.Row{Domain: "example.com", Record: string(class), RecordReason: string(reason), Policy: "not_fetched"}
			c := Correct(row, time.Time{})
			wrong := class == codes.RecordAbsent && reason == codes.RecordBadVersion
			if (c.Record != "") != wrong || c.Policy != nil {
				t.Errorf("%s %s: %+v", class, reason, c)
			}
		}
	}
}

// Each finding has a sentence on the page, and one that is called harmless needs no change.
func TestFindingsHaveMeanings(t *testing.T) {
	for _, f := range codes.Findings() {
		words := findingMeaning(f)
		page := pageOf(t, Lookup{Row: &output.Row{Domain: "example.com", Findings: []string{string(f)}}}, false)
		if words == "" || !strings.Contains(strings.Join(strings.Fields(page), " "), string(f)+" "+words) {
			t.Errorf("%s: %q is not on the page\n%s", f, words, page)
		}
		if strings.HasPrefix(words, "harmless") && !harmless(f) || harmless(f) && findingAdvice(f, &output.Row{}) != "" {
			t.Errorf("%s: is it harmless? %s", f, words)
		}
	}
}
