package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"html/template"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

var (
	//go:embed web/figures.html.tmpl
	figuresTemplate string
	//go:embed web/figures.js
	figuresScript string
)

// figuresCSS makes figures as wide as the text of a page of paper.
const figuresCSS = "body { margin: 0; width: 720px; } .chart { width: 100%; }"

// figuresFont is named in figures: programs that show SVG files know no system-ui.
const figuresFont = "Helvetica, Arial, 'Liberation Sans', sans-serif"

// figuresConfig says where the figures go and how they are drawn.
type figuresConfig struct {
	dir        string // "": none are written
	background string // none or white
	timeout    time.Duration
	browser    string // set by check
}

func (c *figuresConfig) flags(flags *flag.FlagSet) {
	flags.StringVar(&c.dir, "figures", "", "write each chart as SVG, drawn by Chromium, and each answer as CSV to "+
		"this `directory`")
	flags.StringVar(&c.background, "figures-background", "none", "`colour` behind the charts of --figures: none or white")
	flags.DurationVar(&c.timeout, "figures-timeout", 5*time.Minute, "how long Chromium may take for --figures")
}

// check finds what draws the figures.
func (c *figuresConfig) check() (err error) {
	if c.background != "none" && c.background != "white" {
		return fmt.Errorf("--figures-background %q: none or white", c.background)
	}
	if c.timeout <= 0 {
		return fmt.Errorf("--figures-timeout %v: must be positive", c.timeout)
	}
	if c.dir == "" {
		return nil
	}
	if c.browser, err = findBrowser(); err != nil {
		return fmt.Errorf("--figures: %w", err)
	}
	return nil
}

// WriteFigures writes each chart as an SVG file that needs nothing from elsewhere.
func (r *Report) WriteFigures(ctx context.Context, c figuresConfig) error {
	var charts []*Chart
	for _, section := range r.Sections {
		for _, name := range section.Queries {
			chart, err := chartOf(r.Tables[name])
			if err != nil {
				return err
			}
			if chart != nil {
				charts = append(charts, chart)
			}
		}
	}
	var page bytes.Buffer
	if err := writeFiguresPage(&page, charts); err != nil {
		return err
	}
	late := fmt.Errorf("not drawn within %v (--figures-timeout)", c.timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, late)
	defer cancel()
	dom, err := drawnPage(ctx, c.browser, page.Bytes())
	if err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	drawn := figuresIn(dom)
	for _, chart := range charts {
		svg, ok := drawn[chart.Name]
		if !ok {
			continue // there is nothing to draw, as the page says too
		}
		text, err := selfContained(svg, r.Tables[chart.Name].Query, chart, c.background)
		if err != nil {
			return fmt.Errorf("figures: %s: %w", chart.Name, err)
		}
		write := func(w io.Writer) error { _, err := w.Write(text); return err }
		if err := writeTo(filepath.Join(c.dir, chart.Name+".svg"), nil, write); err != nil {
			return err
		}
	}
	if len(drawn) == 0 && len(charts) > 0 {
		return errors.New("figures: the browser drew nothing")
	}
	return nil
}

// writeFiguresPage writes a page of charts alone, in the colours of paper.
func writeFiguresPage(w io.Writer, charts []*Chart) error {
	var theme struct {
		Config map[string]any `json:"config"`
	}
	if err := json.Unmarshal(chartTheme, &theme); err != nil {
		return fmt.Errorf("web/theme.json: %w", err)
	}
	theme.Config["font"] = figuresFont
	t, err := template.New("figures").Parse(figuresTemplate)
	if err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	if err := t.Execute(w, map[string]any{
		"Policy": contentPolicy(figuresCSS, chartLibrary, figuresScript, pageScript), "CSS": template.CSS(figuresCSS), "Charts": charts,
		"Theme": map[string]any{"config": theme.Config}, "Library": template.JS(chartLibrary), "Figures": template.JS(figuresScript),
		"Script": template.JS(pageScript),
	}); err != nil {
		return fmt.Errorf("figures: %w", err)
	}
	return nil
}

// selfContained makes a file of a chart: colours instead of their names, a title and
// a description. It is well-formed XML.
func selfContained(svg []byte, q Query, chart *Chart, background string) ([]byte, error) {
	palette := paperColours()
	text := regexp.MustCompile(`var\(--([a-z0-9-]+)\)`).ReplaceAllStringFunc(string(svg), func(name string) string {
		return palette[strings.TrimSuffix(strings.TrimPrefix(name, "var(--"), ")")]
	})
	text = strings.NewReplacer("currentColor", palette["text"], `fill="transparent"`, `fill="none"`).Replace(text)
	head, rest, ok := strings.Cut(text, ">")
	if !ok || !strings.HasPrefix(head, "<svg") {
		return nil, errors.New("no SVG")
	}
	var about bytes.Buffer
	description, _ := chart.Spec["description"].(string)
	for _, part := range []struct{ name, text string }{
		{"title", q.Question},
		{"desc", fmt.Sprintf("%s Counted: %s Out of: %s Mind: %s", description, q.Numerator, q.Denominator, q.Caveat)},
	} {
		about.WriteString("<" + part.name + ">")
		if err := xml.EscapeText(&about, []byte(part.text)); err != nil {
			return nil, err
		}
		about.WriteString("</" + part.name + ">")
	}
	if background == "white" {
		about.WriteString(`<rect width="100%" height="100%" fill="#ffffff"/>`)
	}
	text = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + head + ` role="img">` + about.String() + rest + "\n"
	decoder := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := decoder.Token(); err == io.EOF {
			return []byte(text), nil
		} else if err != nil {
			return nil, err
		}
	}
}

// paperColours are the colours of the light page by their names.
func paperColours() map[string]string {
	colours := make(map[string]string)
	light, _, _ := strings.Cut(pageCSS, "}")
	for _, colour := range regexp.MustCompile(`--([a-z0-9-]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(light, -1) {
		colours[colour[1]] = colour[2]
	}
	return colours
}
