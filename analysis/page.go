package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"strings"
)

var (
	//go:embed web/page.html.tmpl
	pageTemplate string
	//go:embed web/page.css
	pageCSS string
	//go:embed web/page.js
	pageScript string
	//go:embed web/tables.js
	tableScript string
	//go:embed web/charts.min.js
	chartLibrary string // built from npm: see web/package.json
	//go:embed web/LICENCES.txt
	chartLicences string
)

// pageData is what the template shows.
type pageData struct {
	Title, Subtitle, Warning string
	For                      string
	Policy                   string
	CSS                      template.CSS
	Library, Tables, Script  template.JS
	Charts                   []*Chart
	Theme                    json.RawMessage
	Licences                 string
	Contents                 []entry
	Tiles                    []tile
	Team                     *team
	TagColumns               []string
	Paper                    *paper
	Chapters                 []chapter
	Evidence                 []seen
	EvidenceCount            string
	Glossary                 []term
	Facts                    []fact
	Lists                    [][]string
	Settings                 []string
	Made                     string
}

// An entry is a line of the contents.
type entry struct{ ID, Title string }

type fact struct{ Label, Value string }

type chapter struct {
	ID, Title string
	Folded    bool
	Figures   []figure
}

// A seen is the evidence of a domain.
type seen struct {
	Domain string
	Facts  []fact
}

// WriteHTML writes the report as one file that needs nothing from elsewhere.
func (r *Report) WriteHTML(w io.Writer) error {
	p, err := r.page()
	if err != nil {
		return err
	}
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return fmt.Errorf("page: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// page is what stands on the page, from the top to its end.
func (r *Report) page() (pageData, error) {
	p := pageData{
		Title: printable(cmp.Or(r.Layout.Title, r.title())), For: r.Layout.For, CSS: template.CSS(pageCSS),
		Library: template.JS(chartLibrary), Tables: template.JS(tableScript), Script: template.JS(pageScript),
		Theme: chartTheme, Licences: chartLicences, Charts: []*Chart{}, Made: r.Made.UTC().Format("2006-01-02 15:04 UTC"),
	}
	p.Policy = contentPolicy(pageCSS, chartLibrary, tableScript, pageScript)
	p.Subtitle, p.Warning = r.subtitle(), strings.Join(r.notes(), " ")
	p.Facts, p.Lists, p.Settings = r.facts(), r.lists(), r.Run().Settings()
	shown := make(glossary)
	var err error
	switch r.Layout.For {
	case forTeam:
		p.Tiles = r.teamTiles()
		if p.Team, err = r.team(); err != nil {
			return p, err
		}
		p.TagColumns = tagColumns
		p.Contents = p.Team.contents()
	case forPaper:
		p.Tiles = r.tiles()
		if p.Paper, err = r.paper(&p.Charts, shown); err != nil {
			return p, err
		}
		p.Contents = []entry{{"method", "Method"}, {"headline", "Headline"}}
	default:
		p.Tiles = r.tiles()
	}
	for _, section := range r.Sections {
		c := chapter{ID: section.ID, Title: section.Title, Folded: r.Layout.For == forTeam}
		for _, name := range section.Queries {
			if p.Paper != nil && p.Paper.without(r.Tables[name]) {
				continue
			}
			f, err := r.figure(r.Tables[name], &p.Charts, shown)
			if err != nil {
				return p, err
			}
			c.Figures = append(c.Figures, f)
		}
		if len(c.Figures) > 0 {
			p.Chapters = append(p.Chapters, c)
			if !c.Folded {
				p.Contents = append(p.Contents, entry{c.ID, c.Title})
			}
		}
	}
	if p.Paper == nil && len(r.Evidence) > 0 {
		for _, e := range r.Evidence {
			p.Evidence = append(p.Evidence, seen{printable(e.Domain), e.facts()})
		}
		p.EvidenceCount = count(int64(len(r.Evidence)), "domain") + " of this report"
		if r.Named > len(r.Evidence) {
			p.EvidenceCount = fmt.Sprintf("the first %d of %s of this report", len(r.Evidence),
				count(int64(r.Named), "domain"))
		}
		p.Contents = append(p.Contents, entry{"evidence", "Evidence"})
	}
	p.Glossary = shown.list()
	p.Contents = append(p.Contents, entry{"glossary", "Glossary"}, entry{"scan", "Provenance"})
	return p, nil
}

// contentPolicy is a Content-Security-Policy (CSP3) that allows these styles and
// scripts by their hash, and nothing else.
func contentPolicy(style string, scripts ...string) string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return " 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	policy := "default-src 'none'; script-src"
	for _, script := range scripts {
		policy += hash(script)
	}
	return policy + "; style-src" + hash(style) + "; base-uri 'none'; form-action 'none'"
}
