package main

import (
	"encoding/csv"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// portfolio writes two nights of the domains of a company: what breaks between them, what has long been broken, and
// who owns it, not all of it known, and some of it hostile.
func portfolio() (nights [2]world, list string) {
	w := make(world)
	for i := range 40 {
		w.add(good(fmt.Sprintf("brand-%02d.com", i), "1"))
	}
	for i := range 9 {
		s := good(fmt.Sprintf("shop-%d.net", i), "1")
		s.host, s.addrs = fmt.Sprintf("shop-%d.sts.provider.net", i), []string{"22.1.200.1"}
		w.add(s)
	}
	for i := range 15 {
		domain := fmt.Sprintf("trial-%02d.org", i)
		s := good(domain, "1")
		s.policy = policyText("testing", 604800, "mail."+domain)
		w.add(s)
	}
	for i := range 30 {
		w.add(site{domain: fmt.Sprintf("parked-%02d.org", i)})
	}
	old := good("old.com", "1")
	old.faults = []string{"tls expired"}
	dangling := good("left-behind.com", "1")
	dangling.policy, dangling.host, dangling.addrs = "", "gone.provider.net", []string{"none"}
	w.add(old, dangling)
	nights[0] = w

	w = clone(w)
	w.edit("brand-00.com", func(s *site) { s.mx = "mx.elsewhere.example" })
	w.edit("brand-01.com", func(s *site) { s.record = "" })
	w.edit("brand-02.com", func(s *site) { s.faults = []string{"http 404"} })
	w.edit("brand-03.com", func(s *site) { s.record += "\nv=STSv1; id=2;" })
	w.edit("brand-04.com", func(s *site) { s.policy = strings.Replace(s.policy, "enforce", "testing", 1) })
	for i := range 9 {
		w.edit(fmt.Sprintf("shop-%d.net", i), func(s *site) { s.faults = []string{"tls self-signed"} })
	}
	nights[1] = w

	owners := []string{"Alice", "Bob", "", "<script>alert(1)</script>", "\u202egnirts", "=cmd|'/C calc'!A0"}
	teams := []string{"web", "mail", "shop", ""}
	var b strings.Builder
	out := csv.NewWriter(&b)
	_ = out.Write([]string{"domain", "owner", "team"})
	for i, domain := range w.domains() {
		_ = out.Write([]string{domain, owners[i%len(owners)], teams[i%len(teams)]})
	}
	out.Flush()
	return nights, b.String()
}

// scanPortfolio scans both nights.
func scanPortfolio(t *testing.T) (runs []string) {
	t.Helper()
	nights, list := portfolio()
	for i, w := range nights {
		dir := filepath.Join(t.TempDir(), fmt.Sprintf("night-%d", i+1))
		for name, text := range map[string]string{dir + ".txtar": w.text(), dir + ".csv": list} {
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		runScan(t, dir, "--sim", dir+".txtar", "--tags", "owner,team", dir+".csv")
		runs = append(runs, dir)
	}
	return runs
}

// What a team sees first: which names somebody else could take, what broke since the run before, whose it is, and
// what to do about it, in the words of lookup.
func TestTeam(t *testing.T) {
	runs := scanPortfolio(t)
	r, path := makeReport(t, runs, Layout{For: forTeam, Title: "Portfolio of Example <Ltd>"})
	team, err := r.team()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		list, domain, owner, team, what, why, remedy string
	}{
		{"team-takeover", "left-behind.com", `\u{202e}gnirts`, "web", "takeover risk: whoever registers the target serves the policy",
			"mta-sts.left-behind.com is an alias of gone.provider.net, which does not exist",
			"Remove the alias to a name that does not exist: whoever registers that name speaks for you (section 8.2)."},
		{"team-broken", "brand-00.com", "Alice", "web", "MX hosts refused; MX left the policy", "enforce_ok → enforce_refused",
			"Add to the policy: mx: mx.elsewhere.example (section 4.1). Then change the id of the record."},
		{"team-broken", "brand-01.com", "Bob", "mail", "abandoned abruptly", "valid → nxdomain",
			"Publish the record at _mta-sts.brand-01.com again. To leave, first serve mode none until the old max_age is over (section 8.3)."},
		{"team-broken", "brand-02.com", "–", "shop", "policy broken", "enforce → http: not_found",
			"Serve /.well-known/mta-sts.txt with status 200 at mta-sts.brand-02.com (section 3.3)."},
		{"team-broken", "brand-03.com", "<script>alert(1)</script>", "–", "record broken", "valid → multiple",
			"Leave exactly one MTA-STS record at _mta-sts.brand-03.com (section 3.1)."},
		{"team-broken", "brand-04.com", `\u{202e}gnirts`, "web", "mode lowered; policy changed, id did not", "enforce → testing",
			"Set mode enforce again unless this was meant, then change the id of the record (sections 3.1 and 5)."},
		{"team-broken", "shop-0.net", "none (2), Alice (2), Bob (2), 3 more", "web (3), none (2), mail (2), 1 more", "policy broken",
			"enforce → tls: self_signed", "Give mta-sts.DOMAIN a certificate from an authority that senders trust (section 3.3)."},
		{"team-fix-1", "brand-00.com", "Alice", "web", "mail is refused: no host that receives it is one that the policy allows", "",
			"Add to the policy: mx: mx.elsewhere.example (section 4.1). Then change the id of the record."},
		{"team-fix-2", "old.com", `=cmd|'/C calc'!A0`, "mail", "the policy cannot be retrieved: senders deliver without MTA-STS", "tls: expired",
			"Renew the certificate of mta-sts.old.com (section 3.3)."},
	} {
		k := slices.IndexFunc(team.Lists, func(l todo) bool { return l.ID == tt.list })
		if k < 0 {
			t.Fatalf("no list %s", tt.list)
		}
		i := slices.IndexFunc(team.Lists[k].First, func(l line) bool { return l.Domains[0].Domain == tt.domain })
		if i < 0 {
			t.Errorf("%s: no line for %s", tt.list, tt.domain)
			continue
		}
		l := team.Lists[k].First[i]
		want := []string{tt.owner, tt.team, tt.what, tt.why, tt.remedy}
		if got := []string{l.Tags[0].Text, l.Tags[1].Text, l.What, l.Why, l.Remedy}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %+v", tt.domain, got, tt)
		}
	}
	if got := team.Lists[1].Domains; got != "14 domains" {
		t.Errorf("%s broke, want 14", got)
	}
	testTagSummaries(t, r, team)
	testEvidence(t, r, path)
	testFirstScreen(t, path)
	t.Run("browser", func(t *testing.T) { testBrowser(t, path, nil, true) })
	testPaper(t, r)
}

// testPaper reads the report for a publication: method, tables and provenance, in this order, and no single domain.
func testPaper(t *testing.T, r *Report) {
	r.Layout = Layout{For: forPaper}
	var page strings.Builder
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	at := 0
	for _, want := range []string{
		"<h1>MTA-STS survey</h1>", `id="method"`, "the simulated Internet was asked", "not probed: verdicts about mail are by the names",
		`id="headline"`, `id="figure-cluster_effect"`, `id="figure-adoption"`, `id="glossary"`, `id="scan"`, r.Run().Inputs[0].SHA256,
	} {
		i := strings.Index(page.String()[at:], want)
		if i < 0 {
			t.Fatalf("no %q after the first %d octets", want, at)
		}
		at += i
	}
	for _, never := range []string{"brand-00.com", "left-behind.com", "Alice", `id="figure-fix_first"`, `id="evidence`} {
		if strings.Contains(page.String(), never) {
			t.Errorf("%q is in a paper", never)
		}
	}
	charts := regexp.MustCompile(`id="chart-[a-z_]+"`).FindAllString(page.String(), -1)
	if len(charts) == 0 {
		t.Error("a paper has no charts")
	}
	path := filepath.Join(t.TempDir(), "paper.html")
	if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Run("paper", func(t *testing.T) { testBrowser(t, path, charts, true) })
}

// testTagSummaries looks at the sums of each owner and team: with few values first, and whoever is not known in a row
// of their own.
func testTagSummaries(t *testing.T, r *Report, team *team) {
	if len(team.Tags) != 2 || team.Tags[0].Tag != "team" || team.Tags[0].Folded || !team.Tags[1].Folded {
		t.Fatalf("%+v", team.Tags)
	}
	sum, none := make([]string, 0, 4), false
	for _, row := range team.Tags[0].Rows {
		sum = append(sum, row[4].Text)
		none = none || row[0].Text == "(none)"
	}
	if slices.Sort(sum); !none || !slices.Equal(sum, []string{"3", "3", "3", "5"}) {
		t.Errorf("broken by team: %q, and a row for none: %v", sum, none)
	}
	r.Layout.GroupBy = "owner"
	if tags, err := r.tagSummaries(); err != nil || tags[0].Tag != "owner" || tags[0].Folded {
		t.Errorf("by owner: %+v, %v", tags, err)
	}
	r.Layout.GroupBy = "colour"
	if _, err := r.tagSummaries(); err == nil || !strings.Contains(err.Error(), "owner, team") {
		t.Errorf("by colour: %v", err)
	}
}

// testEvidence follows a link to what was seen of a domain.
func testEvidence(t *testing.T, r *Report, path string) {
	i := slices.IndexFunc(r.Evidence, func(e Evidence) bool { return e.Domain == "brand-00.com" })
	if i < 0 || r.Named != len(r.Evidence) {
		t.Fatalf("the evidence of %d domains, want %d and brand-00.com", len(r.Evidence), r.Named)
	}
	seen := make(map[string]string)
	for _, f := range r.Evidence[i].facts() {
		seen[f.Label] = f.Value
	}
	for label, want := range map[string]string{
		"TXT at _mta-sts.brand-00.com": "v=STSv1; id=1;", "MX host": "mx.elsewhere.example: not covered by the policy",
		"text of the policy": "version: STSv1\nmode: enforce\nmx: mail.brand-00.com\nmax_age: 604800", "HTTP status": "200",
		"verdict": "enforce_refused", "policy": "valid",
	} {
		if seen[label] != want {
			t.Errorf("%s: %q, want %q", label, seen[label], want)
		}
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<a href="#evidence-brand-00.com">`, `id="evidence-brand-00.com"`, "stsscan lookup DOMAIN",
		"<h1>Portfolio of Example &lt;Ltd&gt;</h1>", "&lt;script&gt;alert(1)",
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("no %q", want)
		}
	}
}

// firstScreen is the text that lies in the first 800 pixels, how high the page is, and how many rows the tiles take.
const firstScreen = `(() => {
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	const seen = [], range = document.createRange();
	for (let node = walker.nextNode(); node; node = walker.nextNode()) {
		range.selectNodeContents(node);
		const box = range.getBoundingClientRect();
		const inside = box.left >= 0 && box.top >= 0 && box.bottom <= 800 && box.right <= 1280;
		if (box.height > 0 && inside) seen.push(node.textContent);
	}
	return {
		text: seen.join(' '),
		height: document.documentElement.scrollHeight,
		rows: new Set([...document.querySelectorAll('.tiles > div')].map(tile => tile.getBoundingClientRect().top)).size,
	};
})()`

// testFirstScreen reads what stands on the first screen of a browser.
func testFirstScreen(t *testing.T, path string) {
	type view struct {
		Text   string `json:"text"`
		Height int    `json:"height"`
		Rows   int    `json:"rows"`
	}
	ctx := browser(t)
	address := (&url.URL{Scheme: "file", Path: path}).String()
	drawn := chromedp.WaitReady(chromedp.CSS("html[data-drawn=yes]"))
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 800), chromedp.Navigate(address), drawn); err != nil {
		t.Fatal(err)
	}
	seen, err := chromedp.Run(ctx, chromedp.Evaluate[view](firstScreen))
	if err != nil {
		t.Fatal(err)
	}
	unfold := chromedp.Evaluate[bool](`document.getElementById('adoption').open = true`)
	if _, err := chromedp.Run(ctx, unfold); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.WaitReady(chromedp.CSS("#chart-funnel[data-drawn=yes] svg"))); err != nil {
		t.Errorf("what is unfolded is not drawn: %v", err)
	}
	follow := chromedp.Evaluate[bool](`document.querySelector('a[href="#evidence-brand-00.com"]').click() ?? true`)
	if _, err := chromedp.Run(ctx, follow); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS(`[id="evidence-brand-00.com"]`))); err != nil {
		t.Errorf("a link leads to no evidence: %v", err)
	}
	for _, want := range []string{
		"takeover risk: whoever registers the target serves the policy", "left-behind.com", "Remove the alias",
		"Broken since the run before", "brand-00.com", "Alice", "MX hosts refused", "Add to the policy: mx: mx.elsewhere.example",
		"9 domains", "self_signed", "Give mta-sts.DOMAIN a certificate from an authority that senders trust",
	} {
		if !strings.Contains(seen.Text, want) {
			t.Errorf("the first screen lacks %q: %s", want, seen.Text)
		}
	}
	if most := 12 * 800; seen.Height > most || seen.Rows != 1 {
		t.Errorf("%d pixels high, at most %d; tiles in %d rows", seen.Height, most, seen.Rows)
	}
}
