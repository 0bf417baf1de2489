package main

import (
	"bytes"
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

// maxTableRows is how many rows of an answer the page shows.
const maxTableRows = 200

// pageData is what the template shows.
type pageData struct {
	Title, Subtitle, Warning string
	Policy                   string
	CSS                      template.CSS
	Library, Tables, Script  template.JS
	Charts                   []*Chart
	Theme                    json.RawMessage
	Licences                 string
	Cards                    []card
	Facts                    []fact
	Lists                    [][]string
	Settings                 []string
	Chapters                 []chapter
	Made                     string
}

type card struct{ Label, Value, Of, Note string }

type fact struct{ Label, Value string }

type chapter struct {
	ID, Title string
	Figures   []figure
}

// A figure is a question and its answer.
type figure struct {
	Query
	Chart   bool
	Empty   bool
	Caution string // what the largest cluster does to it
	Count   string // of rows, in words
	Columns []head
	Rows    [][]shown
}

type head struct {
	Name   string
	Number bool
}

// A shown is a cell of a table, with the meaning of its word.
type shown struct{ Text, Class, Meaning string }

// WriteHTML writes the report as one file that needs nothing from elsewhere.
func (r *Report) WriteHTML(w io.Writer) error {
	p := pageData{
		Title: "MTA-STS survey", CSS: template.CSS(pageCSS),
		Library: template.JS(chartLibrary), Tables: template.JS(tableScript), Script: template.JS(pageScript),
		Theme: chartTheme, Licences: chartLicences, Charts: []*Chart{}, Made: r.Made.UTC().Format("2006-01-02 15:04 UTC"),
	}
	p.Policy = contentPolicy(pageCSS, chartLibrary, tableScript, pageScript)
	p.Subtitle, p.Warning = r.subtitle(), strings.TrimSpace(r.Run().warning()+" "+versionWarning(r.Runs))
	p.Cards, p.Facts, p.Lists, p.Settings = r.cards(), r.facts(), r.lists(), r.Run().Settings()
	meanings, err := readMeanings()
	if err != nil {
		return err
	}
	for _, section := range r.Sections {
		c := chapter{ID: section.ID, Title: section.Title}
		for _, name := range section.Queries {
			f, chart, err := r.figure(r.Tables[name], meanings)
			if err != nil {
				return err
			}
			c.Figures = append(c.Figures, f)
			if chart != nil {
				p.Charts = append(p.Charts, chart)
			}
		}
		p.Chapters = append(p.Chapters, c)
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

// figure makes the table of an answer, and its chart where it has one.
func (r *Report) figure(t *Table, meanings meanings) (figure, *Chart, error) {
	f := figure{Query: t.Query, Empty: len(t.Rows) == 0, Caution: r.caution(t.Query.Name)}
	chart, err := chartOf(t)
	if err != nil {
		return f, nil, err
	}
	f.Chart = chart != nil
	f.Count = thousands(int64(len(t.Rows))) + " rows"
	switch {
	case len(t.Rows) == 1:
		f.Count = "1 row"
	case len(t.Rows) > maxTableRows:
		f.Count = fmt.Sprintf("the first %d of %s rows; the files of --csv and --json have them all",
			maxTableRows, thousands(int64(len(t.Rows))))
	}
	var kept []int
	for i, c := range t.Columns {
		if c.Kind == KindTags && t.allNull(i) {
			continue // the list carried no columns
		}
		kept = append(kept, i)
		f.Columns = append(f.Columns, head{c.Name, c.Kind.number()})
	}
	for k, row := range t.Rows[:min(len(t.Rows), maxTableRows)] {
		var cells []shown
		for _, i := range kept {
			kind := t.Columns[i].Kind
			cell := shown{Text: Format(kind, row[i]), Meaning: meanings.of(t, k, i)}
			switch {
			case kind.number():
				cell.Class = "n"
			case len(cell.Text) > 24:
				cell.Class = "w"
			default: // names are read at a glance when they stand on one line
				cell.Class = "s"
			}
			if row[i] == nil {
				cell.Text = "–"
			}
			cells = append(cells, cell)
		}
		f.Rows = append(f.Rows, cells)
	}
	return f, chart, nil
}

func (k Kind) number() bool { return k == KindCount || k == KindShare || k == KindNumber }

func (t *Table) allNull(column int) bool {
	for _, row := range t.Rows {
		if row[column] != nil {
			return false
		}
	}
	return true
}
