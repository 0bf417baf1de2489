package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// shotsDir is set in the environment to keep the screenshots that people look at.
const shotsDir = "STSSCAN_ANALYSIS_SHOTS"

// patience is how long a browser may take to start on a busy machine.
const patience = 2 * time.Minute

// browser starts Chromium, or skips the test where there is none. Its directory is
// not the test's: processes of Chromium may write to it a moment after its end.
func browser(t *testing.T) context.Context {
	t.Helper()
	path, err := findBrowser()
	if err != nil {
		t.Skip(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.WSURLReadTimeout(patience))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 5*patience)
	t.Cleanup(cancel)
	return ctx
}

// A visit is how the page is looked at.
type visit struct {
	name          string
	width, height int64
	dark, print   bool
}

// testBrowser opens a report as people do: no complaint on the console, no request
// for anything but the file, every chart drawn, nothing cut, no text over text. Where
// little was scanned, charts may be blank.
func testBrowser(t *testing.T, report string, charts []string, blank bool) {
	ctx := browser(t)
	var heard sync.Mutex
	var complaints, requests []string
	err := chromedp.Listen(ctx, func(event any) {
		heard.Lock()
		defer heard.Unlock()
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			text, _ := json.Marshal(e.Args)
			complaints = append(complaints, fmt.Sprintf("console.%s: %s", e.Type, text))
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, "exception: "+e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			complaints = append(complaints, string(e.Entry.Source)+": "+e.Entry.Text)
		case *network.EventRequestWillBeSent:
			requests = append(requests, e.Request.URL)
		}
	})
	if err == nil {
		err = enable(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	address := (&url.URL{Scheme: "file", Path: report}).String()
	for _, v := range []visit{
		{name: "desktop", width: 1280, height: 800},
		{name: "dark", width: 1280, height: 800, dark: true},
		{name: "tablet", width: 800, height: 1100},
		{name: "phone", width: 390, height: 844},
		{name: "print", width: 800, height: 1100, print: true},
	} {
		t.Run(v.name, func(t *testing.T) {
			heard.Lock()
			complaints, requests = nil, nil
			heard.Unlock()
			seen, err := v.open(ctx, address)
			heard.Lock()
			complaints, requests := slices.Clone(complaints), slices.Clone(requests)
			heard.Unlock()
			if err != nil {
				t.Fatal(err, complaints)
			}
			t.Logf("painted after %.0f ms, drawn after %v", seen.First, seen.Took)
			if len(complaints) > 0 {
				t.Errorf("complaints: %q", complaints)
			}
			if len(requests) != 1 || requests[0] != address {
				t.Errorf("requests for %q, want the file alone", requests)
			}
			if seen.Drawn != len(charts) || seen.Empty != "" {
				t.Errorf("%d charts drawn, want %d; without marks: %s", seen.Drawn, len(charts), seen.Empty)
			}
			if seen.Blank != "" && !blank {
				t.Errorf("nothing is drawn for %s", seen.Blank)
			}
			if seen.Width > v.width {
				t.Errorf("the page is %d wide in a window of %d", seen.Width, v.width)
			}
			if len(seen.Cut) > 0 || len(seen.Over) > 0 {
				t.Errorf("cut: %q; text over text: %q", seen.Cut, seen.Over)
			}
			if seen.Tiles > 1 && v.width == 1280 {
				t.Errorf("the tiles stand in %d rows", seen.Tiles)
			}
			if white := seen.Background == "rgb(255, 255, 255)"; white == v.dark {
				t.Errorf("the background is %s", seen.Background)
			}
			keep(ctx, t, v)
		})
	}
}

// enable asks the browser to report what happens.
func enable(ctx context.Context) error {
	_, network := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	_, log := chromedp.Call(ctx, log.Enable, cdp.Empty{})
	_, runtime := chromedp.Call(ctx, runtime.Enable, cdp.Empty{})
	return errors.Join(network, log, runtime)
}

// A sight is what is seen of the page.
type sight struct {
	First      float64       `json:"first"` // milliseconds until something was painted
	Took       time.Duration `json:"-"`     // until all charts were drawn
	Drawn      int           `json:"drawn"`
	Empty      string        `json:"empty"`
	Blank      string        `json:"blank"` // charts that say that there is nothing to draw
	Width      int64         `json:"width"`
	Cut        []string      `json:"cut"`   // what is wider than its place, or ends in an ellipsis that a chart made
	Over       []string      `json:"over"`  // texts of charts that lie over each other
	Tiles      int           `json:"tiles"` // rows of them
	Background string        `json:"background"`
}

// look measures the page.
//
//go:embed testdata/look.js
var look string

// open opens the page and waits until its charts are drawn.
func (v visit) open(ctx context.Context, address string) (sight, error) {
	scheme, media := "light", "screen"
	if v.dark {
		scheme = "dark"
	}
	if v.print {
		media = "print"
	}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: media, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	}); err != nil {
		return sight{}, err
	}
	began := time.Now()
	drawn := chromedp.WaitReady(chromedp.CSS("html[data-drawn=yes]"))
	size := chromedp.EmulateViewport(v.width, v.height)
	if err := chromedp.Do(ctx, size, chromedp.Navigate(address), drawn); err != nil {
		return sight{}, err
	}
	took := time.Since(began)
	seen, err := chromedp.Run(ctx, chromedp.Evaluate[sight](look))
	seen.Took = took
	return seen, err
}

// keep writes what is seen to shotsDir.
func keep(ctx context.Context, t *testing.T, v visit) {
	dir := os.Getenv(shotsDir)
	if dir == "" {
		return
	}
	dir = filepath.Join(dir, filepath.Dir(t.Name())) // each page has its own
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if v.print {
		pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPrintBackground(), chromedp.PDFPreferCSSPageSize()))
		if err != nil {
			t.Fatal(err)
		}
		write("print.pdf", pdf)
	}
	height, err := chromedp.Run(ctx, chromedp.Evaluate[int64](`document.documentElement.scrollHeight`))
	if err != nil {
		t.Fatal(err)
	}
	const slice = 1500
	beyond := true
	for i, top := 0, int64(0); top < height; i, top = i+1, top+slice {
		shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
			CaptureBeyondViewport: &beyond,
			Clip:                  &page.Viewport{Y: float64(top), Width: float64(v.width), Height: float64(min(slice, height-top)), Scale: 1},
		})
		if err != nil {
			t.Fatal(err)
		}
		write(fmt.Sprintf("%s-%02d.png", v.name, i), shot.Data)
	}
}

// chartNames are the charts that a report must have drawn.
func chartNames(t *testing.T, r *Report) []string {
	t.Helper()
	all, err := Charts()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range all {
		if table := r.Tables[name]; table != nil && len(table.Rows) > 0 {
			names = append(names, name)
		}
	}
	return names
}

// A chart in a part of the page that is folded is drawn when the part is opened.
func TestFoldedChart(t *testing.T) {
	ctx := browser(t)
	chart, err := chartOf(&Table{
		Query:   Query{Name: "modes"},
		Columns: []Column{{"mode", KindText}, {"domains", KindCount}, {"share", KindShare}},
		Rows:    [][]any{{"enforce", int64(3), 0.75}, {"testing", int64(1), 0.25}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := writeFiguresPage(&text, []*Chart{chart}); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(t.TempDir(), "folded.html")
	folded := strings.Replace(text.String(), `<div class="chart"`, `<details><summary>more</summary><div class="chart"`, 1)
	if err := os.WriteFile(page, []byte(strings.Replace(folded, "</div>", "</div></details>", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	drawn := chromedp.WaitReady(chromedp.CSS("html[data-drawn=yes]"))
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+page), drawn); err != nil {
		t.Fatal(err)
	}
	const marks = `document.querySelectorAll('.chart svg .role-mark text').length`
	if before, err := chromedp.Run(ctx, chromedp.Evaluate[int](marks)); err != nil || before != 0 {
		t.Errorf("%d texts are drawn in what is folded, %v", before, err)
	}
	opened := chromedp.WaitReady(chromedp.CSS(".chart[data-drawn=yes]"))
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("summary")), opened); err != nil {
		t.Fatal(err)
	}
	if after, err := chromedp.Run(ctx, chromedp.Evaluate[int](marks)); err != nil || after != 2 {
		t.Errorf("%d texts are drawn, want 2, %v", after, err)
	}
}
