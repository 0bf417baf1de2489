package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/chromedp/chromedp"
)

// attacks are what strangers write to be taken for something else than text.
func attacks() []string {
	return []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</script><!--`, `=cmd|'/C calc'!A0`, `+1+1`, `@SUM(A1)`, `{{.}}`, `${alert(1)}`,
		"\u202egnp.exe\u202c", "zero\u200bwidth", "\u2028line", "javascript:alert(1)", "&lt;b&gt;", "'; DROP TABLE rows; --",
	}
}

// What strangers write into policies, headers, records and lists is shown as text:
// in the page, in the files for spreadsheets, and by the charts.
func TestHostileWorld(t *testing.T) {
	w := make(world)
	for i, attack := range attacks() {
		name := string(rune('a'+i)) + "-hostile.com"
		s := good(name, "1")
		s.record = "v=STSv1; id=1; x=" + strings.Map(func(r rune) rune {
			if r == '"' || r == '\\' || r > '~' {
				return -1
			}
			return r
		}, attack)
		s.policy = policyText("testing", 86400, "mail."+name) + "note: " + attack + "\n"
		header := strings.Map(func(r rune) rune {
			if r > '~' {
				return -1
			}
			return r
		}, attack)
		s.faults = []string{"header Server: " + header, "header Content-Type: " + header}
		if i%2 == 0 {
			s.record = "v=STSv1; id=1;"
		}
		w.add(s)
	}
	dir := filepath.Join(t.TempDir(), "run")
	path := dir + ".txtar"
	if err := os.WriteFile(path, []byte(w.text()), 0o644); err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	out := csv.NewWriter(&list)
	_ = out.Write([]string{"domain", "owner"})
	for i, domain := range w.domains() {
		_ = out.Write([]string{domain, attacks()[i] + "\x1b[31m"})
	}
	out.Flush()
	if err := os.WriteFile(dir+".csv", []byte(list.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	runScan(t, dir, "--sim", path, "--tags", "owner", dir+".csv")

	r, report := makeReport(t, []string{dir})
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{"all": string(data)}
	for _, reader := range []string{forTeam, forPaper} {
		var page strings.Builder
		r.Layout = Layout{For: reader, Title: attacks()[8] + attacks()[0]}
		if err := r.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		pages[reader] = page.String()
	}
	r.Layout = Layout{}
	for reader, page := range pages {
		page = strings.ReplaceAll(page, chartLibrary, "")
		for _, at := range []string{"\u202e", "\u200b", "\x1b", "\u2028", "<script>alert"} {
			if strings.Contains(page, at) {
				t.Errorf("%q is in the page for %s", at, reader)
			}
		}
	}
	for _, shown := range []string{`\u{202e}gnp.exe\u{202c}`, `&lt;script&gt;alert`, `=cmd|&#39;/C calc&#39;!A0`} {
		if !strings.Contains(string(data), shown) {
			t.Errorf("%q is not shown", shown)
		}
	}
	for name, table := range r.Tables {
		var file strings.Builder
		if err := table.WriteCSV(&file); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(strings.NewReader(file.String())).ReadAll()
		if err != nil {
			t.Fatal(name, err)
		}
		for line, record := range records[1:] {
			for column, text := range record {
				_, stranger := table.Rows[line][column].(string)
				if stranger && text != "" && strings.ContainsRune("=+-@|%", rune(text[0])) {
					t.Errorf("%s.csv: a formula: %q", name, text)
				}
				if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || unicode.Is(unicode.Bidi_Control, r) }) {
					t.Errorf("%s.csv: %q", name, text)
				}
			}
		}
	}
	if !t.Run("browser", func(t *testing.T) { testBrowser(t, report, chartNames(t, r), true) }) {
		return
	}
	ctx := browser(t)
	const count = `document.querySelectorAll('main script, main img, main iframe, ' +
		'main a:not([href^="#evidence-"]), main b:not(.method b), [onerror]').length`
	drawn := chromedp.WaitReady(chromedp.CSS("html[data-drawn=yes]"))
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+report), drawn); err != nil {
		t.Fatal(err)
	}
	elements, err := chromedp.Run(ctx, chromedp.Evaluate[int](count))
	if err != nil || elements != 0 {
		t.Errorf("%d elements of strangers, %v", elements, err)
	}
}
