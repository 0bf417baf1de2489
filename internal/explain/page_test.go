package explain

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
	"stsscan/internal/starttls"
	"stsscan/internal/survey"
)

var update = flag.Bool("update", false, "write the golden pages and the file of meanings")

// night is when the pages are written.
var night = time.Date(2026, 11, 30, 2, 10, 0, 0, time.UTC)

// The pages of one world, as people see them. Time is simulated, so that they are the same each time.
func TestPages(t *testing.T) {
	for domain, probed := range map[string]bool{
		"good.example.com": true, "mismatch.example.com": false, "broken.example.com": true, "testing.example.com": true,
		"none.example.com": false, "partial.example.com": true, "hosted.example.com": false, "names.example.com": false, "typed.example.com": false,
		"limited.example.com": false,
	} {
		t.Run(domain, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world, err := simnet.Open("testdata/pages/world.txtar")
				if err != nil {
					t.Fatal(err)
				}
				defer world.Close()
				transport, err := egress.NewTransport(egress.Config{
					Resolve: survey.Hosts(world, nil), Dial: world.DialContext, Roots: world.Roots(), Manners: egress.NoManners(),
				})
				if err != nil {
					t.Fatal(err)
				}
				config := survey.Config{
					Client: &mtasts.Client{Exchanger: world, Transport: transport},
					Mail:   survey.Mail{MX: survey.ExtentAll, TLSRPT: survey.ExtentAll, DANE: survey.ExtentAll},
				}
				if probed {
					config.Mail.Prober = starttls.New(starttls.Config{Dialer: survey.MailDoor(transport.MailDialer())})
				}
				row, err := survey.Domain(t.Context(), config, domains.Name{Domain: domain, Rank: 1, List: "command line"})
				if err != nil {
					t.Fatal(err)
				}
				row.Resolver, row.Attempts, row.LookupMS = netip.MustParseAddrPort("192.0.2.153:5353").String(), 1, 1234
				lookup := Lookup{Row: row, UserAgent: "stsscan/1 (no contact given)", Now: night}
				page := pageOf(t, lookup, false)
				wantPage(t, filepath.Join("testdata", "pages", domain+".txt"), page)
				wantColour(t, lookup, page)
			})
		})
	}
}

// The first line of a page says where a good verdict rests on names alone.
func TestPageByNames(t *testing.T) {
	const (
		unprobed = "; the certificates of the mail servers were not probed"
		unseen   = "; the certificates of the mail servers could not be seen"
	)
	for _, tt := range []struct {
		verdict codes.Verdict
		basis   codes.Basis
		match   codes.MXMatch
		tls     codes.MXTLS
		want    string
	}{
		{codes.VerdictEnforceOK, codes.BasisCertificates, codes.MatchAll, codes.MXTLSAll, "mail is protected"},
		{codes.VerdictEnforceOK, codes.BasisMX, codes.MatchAll, "", "protected, judging by names" + unprobed},
		{codes.VerdictEnforceOK, codes.BasisMX, codes.MatchAll, codes.MXTLSUnknown, "protected, judging by names" + unseen},
		{codes.VerdictEnforceOK, codes.BasisMX, codes.MatchNullMX, "", "nothing to protect: the domain accepts no mail"},
		{codes.VerdictEnforceOK, codes.BasisMX, codes.MatchNoMX, "", "nothing to protect: the domain accepts no mail"},
		{codes.VerdictEnforcePartial, codes.BasisCertificates, codes.MatchSome, codes.MXTLSAll, "mail is protected, but some MX hosts get none"},
		{codes.VerdictEnforcePartial, codes.BasisMX, codes.MatchSome, "", "protected, judging by names, but some MX hosts get no mail" + unprobed},
		{codes.VerdictEnforceRefused, codes.BasisMX, codes.MatchNone, "", "mail would be refused"},
		{codes.VerdictTestingOK, codes.BasisCertificates, codes.MatchAll, codes.MXTLSAll, "testing, and nothing fails"},
		{codes.VerdictTestingOK, codes.BasisMX, codes.MatchAll, "", "testing, and nothing fails, judging by names" + unprobed},
		{codes.VerdictTestingOK, codes.BasisMX, codes.MatchAll, codes.MXTLSUnknown, "testing, and nothing fails, judging by names" + unseen},
		{codes.VerdictTestingWouldFail, codes.BasisMX, codes.MatchNone, "", "testing, and not ready for enforce"},
	} {
		row := &output.Row{
			Domain: "example.com", Record: "valid", Policy: "valid",
			Verdict: string(tt.verdict), VerdictBasis: string(tt.basis), MXMatch: string(tt.match), MXTLS: string(tt.tls),
		}
		page := pageOf(t, Lookup{Row: row}, false)
		line, _, _ := strings.Cut(page, "judged by")
		want := "example.com Verdict " + string(tt.verdict) + ": " + tt.want
		if got := strings.Join(strings.Fields(line), " "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func pageOf(t *testing.T, l Lookup, colour bool) string {
	t.Helper()
	var page strings.Builder
	if err := l.WritePage(&page, colour); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

func wantPage(t *testing.T, path, page string) {
	t.Helper()
	wantWidth(t, page)
	if *update {
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if page != string(want) {
		t.Errorf("the page is\n%s\nand %s says\n%s", page, path, want)
	}
}

func wantWidth(t *testing.T, page string) {
	t.Helper()
	for line := range strings.Lines(page) {
		if utf8.RuneCountInString(strings.TrimRight(line, "\n")) > pageWidth {
			t.Errorf("more than %d columns: %s", pageWidth, line)
		}
	}
}

// Words of ours keep to the width of the page, whatever they explain.
func TestPageWidth(t *testing.T) {
	findings := &output.Row{}
	for _, finding := range codes.Findings() {
		findings.Findings = append(findings.Findings, string(finding))
	}
	rows := []*output.Row{findings}
	for _, stage := range codes.Stages() {
		for _, reason := range codes.PolicyReasons(stage) {
			rows = append(rows, &output.Row{Policy: "unreachable", PolicyStage: string(stage), PolicyReason: string(reason)})
		}
	}
	for _, reason := range codes.TLSRPTReasons() {
		rows = append(rows, &output.Row{TLSRPT: "invalid", TLSRPTReason: string(reason)})
	}
	for _, e := range codes.TLSErrors() {
		rows = append(rows, &output.Row{MXKind: "hosts", MXCount: new(int32(1)), MX: []output.MXHost{{
			Host: "mx.example.com", Addr: new("2001:db8::25"), STARTTLS: new("certificate"), TLSError: new(string(e)),
		}}})
	}
	for _, row := range rows {
		row.Domain, row.Record = "example.com", "valid"
		page := pageOf(t, Lookup{Row: row}, false)
		wantWidth(t, page)
	}
}

// wantColour holds the coloured page to the words of the plain one: a colour says nothing that a word does
// not.
func wantColour(t *testing.T, l Lookup, plain string) {
	t.Helper()
	page, row := pageOf(t, l, true), l.Row
	coloured := page
	for _, sequence := range []string{"\x1b[32m", "\x1b[33m", "\x1b[1;31m", "\x1b[0m"} {
		coloured = strings.ReplaceAll(coloured, sequence, "")
	}
	if coloured != plain {
		t.Errorf("without its colours the page is\n%s\nnot\n%s", coloured, plain)
	}
	bad := row.Verdict == "broken" || row.Verdict == "enforce_refused"
	if bad != strings.Contains(page, "\x1b[1;31m"+row.Verdict) {
		t.Errorf("%s: is it red?\n%s", row.Verdict, page)
	}
}

// Only what could have been probed is said not to be.
func TestPageOfProbes(t *testing.T) {
	const (
		unprobed = "certificates of MX hosts: not probed (--probe-mx)"
		none     = "certificates of MX hosts: no host to probe"
	)
	local := output.MXHost{Host: "localhost", Matched: new(false)}
	host := output.MXHost{Host: "mx.example.net", Matched: new(false)}
	seen := host
	seen.STARTTLS = new("ok")
	for _, tt := range []struct {
		mx   []output.MXHost
		want string
	}{
		{[]output.MXHost{local}, none},
		{[]output.MXHost{local, host}, unprobed},
		{[]output.MXHost{host}, unprobed},
		{[]output.MXHost{local, seen}, ""},
	} {
		row := &output.Row{Domain: "example.com", Record: "valid", Policy: "valid", MXMatch: "none", MX: tt.mx}
		got := ""
		for _, c := range checks(row) {
			if strings.HasPrefix(c.what, "certificates") {
				got = c.what
			}
		}
		if got != tt.want {
			t.Errorf("%+v: %q, want %q", tt.mx, got, tt.want)
		}
	}
}

// A record that is elsewhere is to be moved, and no second one published.
func TestAdviceAboutElsewhere(t *testing.T) {
	elsewhere := []mtasts.Elsewhere{{Name: "example.com", TXT: []string{"v=STSv1; id=1;"}}, {Name: "_mta_sts.example.com"}}
	for _, tt := range []struct{ reason, want string }{
		{"nxdomain", "Change Move the TXT record at example.com to _mta-sts.example.com once mta-sts.example.com serves a policy (section 3)."},
		{"bad_version", "Change Move the TXT record at example.com to _mta-sts.example.com, in place of what is there, " +
			"once mta-sts.example.com serves a policy (section 3)."},
	} {
		row := &output.Row{Domain: "example.com", Record: "absent", RecordReason: tt.reason, MXKind: "implicit"}
		page := pageOf(t, Lookup{Row: row, Elsewhere: elsewhere}, false)
		if got := strings.Join(strings.Fields(page), " "); !strings.Contains(got, tt.want) {
			t.Errorf("%s: the page is\n%s", tt.reason, page)
		}
	}
}

// Reports go where a valid record of TLSRPT says, and nowhere for another one.
func TestPageOfReports(t *testing.T) {
	for _, tt := range []struct{ class, rua, want string }{
		{"valid", "mailto:a@example.com", "reports go to mailto:a@example.com\n"},
		{"valid", ":::", "reports do not go to :::\n"},
		{"invalid", "mailto:a@example.com", "reports do not go to mailto:a@example.com\n"},
	} {
		row := &output.Row{Domain: "example.com", TLSRPT: tt.class, RUA: []string{tt.rua}}
		page := pageOf(t, Lookup{Row: row}, false)
		if !strings.Contains(page, tt.want) {
			t.Errorf("%+v: the page is\n%s", tt, page)
		}
	}
}

// What is not known about a policy is not said of it, and what most senders do is.
func TestPageOfSenders(t *testing.T) {
	for _, tt := range []struct{ policy, stage, reason, match, mark, senders string }{
		{"unknown", "dns", "servfail", "", "unknown", "unknown: those that get no policy either deliver"},
		{"unknown", "tls", "handshake_timeout", "", "unknown", "unknown: those that get no policy either deliver"},
		{"unknown", "tcp", "no_ipv4", "", "unknown", "unknown: those that reach the policy host"},
		{"forbidden", "dns", "opted_out", "", "unknown", "unknown: those that get no policy either deliver"},
		{"forbidden", "dns", "forbidden_address", "", "FAIL", "deliver without MTA-STS"},
		{"unreachable", "tls", "reset", "", "FAIL", "deliver without MTA-STS"},
		{"invalid", "syntax", "max_age_over", "", "FAIL", "deliver without MTA-STS"},
		{"invalid", "syntax", "blank_line", "", "FAIL", "most use the policy anyway"},
		{"valid", "", "", "null_mx", "ok", "have nothing to deliver"},
		{"valid", "", "", "no_mx", "ok", "have nothing to deliver"},
		{"valid", "", "", "all", "ok", "deliver only to MX hosts"},
	} {
		row := &output.Row{
			Domain: "example.com", Record: "valid", Policy: tt.policy, PolicyStage: tt.stage, PolicyReason: tt.reason,
			MXMatch: tt.match, Lenient: new(tt.reason != "max_age_over"),
		}
		if got := policyMark(row); got != tt.mark {
			t.Errorf("%+v: marked %s", tt, got)
		}
		if got := senders(row); !strings.HasPrefix(got, tt.senders) {
			t.Errorf("%+v: senders %s", tt, got)
		}
	}
}
