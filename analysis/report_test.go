package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// makeReport answers everything about the runs and writes the page, of the layout where there is one.
func makeReport(t *testing.T, runs []string, layout ...Layout) (*Report, string) {
	t.Helper()
	read, err := ReadRuns(runs)
	if err != nil {
		t.Fatal(err)
	}
	r, err := NewReport(t.Context(), openRuns(t, runs...), read, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layout {
		r.Layout = l
	}
	if r.Before, err = AskBefore(t.Context(), StoreConfig{}, read); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := writeTo(path, nil, r.WriteHTML); err != nil {
		t.Fatal(err)
	}
	return r, path
}

// The report of several runs: every chart of every question, in a browser.
func testReport(t *testing.T, runs []string) {
	r, path := makeReport(t, runs)
	testPage(t, r, path)
	testTwin(t, r)
	testBrowser(t, path, chartNames(t, r), false)
	t.Run("figures", func(t *testing.T) { testFigures(t, r, chartNames(t, r)) })
}

// testPage holds the file against what it promises.
func testPage(t *testing.T, r *Report, path string) {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	words, err := readDictionary()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<html lang="en">`, `title="` + words.Meanings["verdict"]["no_sts"] + `"`,
		"Content-Security-Policy", "default-src &#39;none&#39;", r.Run().Plan,
		"Licences of what draws the charts",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	for name, table := range r.Tables {
		if strings.Count(text, `<figure id="figure-`+name+`"`) != 1 {
			t.Errorf("%s: not one figure", name)
		}
		if chart, _ := chartOf(table); chart != nil && strings.Count(text, `id="chart-`+name+`"`) != 1 {
			t.Errorf("%s: not one chart", name)
		}
	}
	for _, never := range []string{
		">" + totalColumn + "<", // the words above each table say it
		"unsafe-", `http-equiv="refresh`, "<link", "<img", "<iframe", `src="`, "@import", "url(",
	} {
		if strings.Contains(strings.ReplaceAll(strings.ReplaceAll(text, chartLibrary, ""), chartLicences, ""), never) {
			t.Errorf("%q is in the page", never)
		}
	}
}

// testTwin holds the machine-readable twins against the answers.
func testTwin(t *testing.T, r *Report) {
	var out bytes.Buffer
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var twin struct {
		Runs        []Run `json:"runs"`
		Regressions int64 `json:"regressions"`
		Tables      map[string]struct {
			Columns []Column         `json:"columns"`
			Rows    []map[string]any `json:"rows"`
		} `json:"tables"`
	}
	if err := json.Unmarshal(out.Bytes(), &twin); err != nil {
		t.Fatal(err)
	}
	if len(twin.Runs) != len(r.Runs) || twin.Regressions != r.Regressions() || len(twin.Tables) != len(r.Tables) {
		t.Errorf("%d runs, %d regressions, %d tables", len(twin.Runs), twin.Regressions, len(twin.Tables))
	}
	for name, table := range r.Tables {
		if len(twin.Tables[name].Rows) != len(table.Rows) || len(twin.Tables[name].Columns) != len(table.Columns) {
			t.Errorf("%s: %d rows", name, len(twin.Tables[name].Rows))
		}
		var file bytes.Buffer
		if err := table.WriteCSV(&file); err != nil {
			t.Fatal(err)
		}
		records, err := csv.NewReader(&file).ReadAll()
		if err != nil || len(records) != 1+len(table.Rows) {
			t.Errorf("%s.csv: %d records, %v", name, len(records), err)
		}
	}
}

// What people see of values, and what a spreadsheet sees.
func TestFormat(t *testing.T) {
	for _, test := range []struct {
		kind      Kind
		value     any
		page, csv string
	}{
		{KindCount, int64(1234567), "1,234,567", "1234567"},
		{KindCount, int64(-1234), "-1,234", "-1234"},
		{KindNumber, int64(2026), "2026", "2026"},
		{KindShare, 0.00073, "0.0730 %", "0.00073"},
		{KindShare, 0.5, "50.0 %", "0.5"},
		{KindShare, 1.0, "100.0 %", "1"},
		{KindShare, 0.0, "0.0 %", "0"},
		{KindNumber, 1.005, "1", "1.005"},
		{KindFlag, true, "yes", "true"},
		{KindText, nil, "", ""},
		{KindTime, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "2026-01-02 03:04 UTC", "2026-01-02T03:04:05Z"},
		{KindTags, Tags{"b": "2", "a": "=1"}, "a: =1; b: 2", "a: =1; b: 2"},
		{KindText, "plain", "plain", "plain"},
		{KindText, "=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
		{KindText, "+1", "+1", "'+1"},
		{KindText, "-1", "-1", "'-1"},
		{KindText, "@SUM(1)", "@SUM(1)", "'@SUM(1)"},
		{KindText, "  =1", "  =1", "'  =1"},
		{KindText, "\uFF1D1", "\uFF1D1", "'\uFF1D1"},
		{KindText, "a\tb\x1b[31m\x00", `a\x09b\x1b[31m\x00`, `a\x09b\x1b[31m\x00`},
		{KindText, "abc\u202edef\u200b\u2066\ufeff", `abc\u{202e}def\u{200b}\u{2066}\u{feff}`, `abc\u{202e}def\u{200b}\u{2066}\u{feff}`},
		{KindText, "caf\u00e9 \u4f8b", "caf\u00e9 \u4f8b", "caf\u00e9 \u4f8b"},
		{KindText, "a\u00a0b\u3164c", `a\xa0b\u{3164}c`, `a\xa0b\u{3164}c`},
		{KindText, "bad\xff", `bad\xff`, `bad\xff`},
	} {
		if got := Format(test.kind, test.value); got != test.page {
			t.Errorf("%v: the page says %q, want %q", test.value, got, test.page)
		}
		if got := cell(test.value); got != test.csv {
			t.Errorf("%v: CSV says %q, want %q", test.value, got, test.csv)
		}
	}
}
