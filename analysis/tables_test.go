package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// Tables are sorted by a click on a head, or a key, and a field finds rows.
func TestTables(t *testing.T) {
	ctx := browser(t)
	rows := ""
	for _, row := range [][3]string{
		{"name-10.com", "1,234", "12.3 %"}, {"name-9.com", "7", "–"}, {"<b>.org", "-5", "0.0730 %"}, {"b.org", "–", "100.0 %"},
		{"", "0", "1.0 to 2.0 %"}, {"Z.net", "33", "9.9 %"}, {"a.net", "200", "50.0 %"},
	} {
		domain := strings.ReplaceAll(row[0], "<", "&lt;")
		rows += fmt.Sprintf("<tr><td>%s</td><td>%s</td><td>%s</td></tr>", domain, row[1], row[2])
	}
	page := filepath.Join(t.TempDir(), "tables.html")
	if err := os.WriteFile(page, []byte(`<!DOCTYPE html><meta charset="utf-8"><style>`+pageCSS+`</style>
<div class="wide"><table class="sortable">
<thead><tr><th>domain</th><th class="n">domains</th><th class="n">share</th></tr></thead>
<tbody>`+rows+`</tbody></table></div>
<table class="sortable"><thead><tr><th>one</th></tr></thead><tbody><tr><td>row</td></tr></tbody></table>
<script>`+tableScript+`
const table = document.querySelector('table');
const state = column => [...table.querySelectorAll('th')].map(head => head.ariaSort ?? '-').join(' ') + ': ' +
	[...table.tBodies[0].rows].filter(row => row.checkVisibility()).map(row => row.cells[column].textContent).join('|');
const search = words => {
	const field = document.querySelector('input[type=search]');
	field.value = words;
	field.dispatchEvent(new Event('input'));
};
</script>`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+page)); err != nil {
		t.Fatal(err)
	}
	const (
		click  = "document.querySelectorAll('th button')[%d].click();"
		state  = `;state(%d)`
		search = `search(%q);`
	)
	for _, test := range []struct {
		name, do string
		column   int
		want     string
	}{
		{"as it came", "", 0, "- - -: name-10.com|name-9.com|<b>.org|b.org||Z.net|a.net"},
		{"words", fmt.Sprintf(click, 0), 0, "ascending - -: <b>.org|a.net|b.org|name-9.com|name-10.com|Z.net|"},
		{"the other way, what is missing last", fmt.Sprintf(click, 0), 0, "descending - -: Z.net|name-10.com|name-9.com|b.org|a.net|<b>.org|"},
		{"counts, the largest first", fmt.Sprintf(click, 1), 1, "- descending -: 1,234|200|33|7|0|-5|–"},
		{"counts, the smallest first", fmt.Sprintf(click, 1), 1, "- ascending -: -5|0|7|33|200|1,234|–"},
		{"shares and intervals", fmt.Sprintf(click, 2), 2, "- - descending: 100.0 %|50.0 %|12.3 %|9.9 %|1.0 to 2.0 %|0.0730 %|–"},
		{"found", fmt.Sprintf(search, "NAME com"), 0, "- - descending: name-10.com|name-9.com"},
		{"nothing is found", fmt.Sprintf(search, "nowhere"), 0, "- - descending: "},
		{"all again", fmt.Sprintf(search, ""), 0, "- - descending: b.org|a.net|name-10.com|Z.net||<b>.org|name-9.com"},
	} {
		got, err := chromedp.Run(ctx, chromedp.Evaluate[string](test.do+fmt.Sprintf(state, test.column)))
		if err != nil || got != test.want {
			t.Errorf("%s: %q, want %q, %v", test.name, got, test.want, err)
		}
	}
	got, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(search, "net")+`
		document.querySelector('output').textContent + ', ' + document.querySelectorAll('input').length + ' of ' +
		document.querySelectorAll('table').length + ' tables, ' + document.querySelector('input').ariaLabel + ', ' +
		document.querySelector('th button').tabIndex`))
	if want := "2 of 7 rows, 1 of 2 tables, Search the rows of this table, 0"; err != nil || got != want {
		t.Errorf("%q, want %q, %v", got, want, err)
	}
}
