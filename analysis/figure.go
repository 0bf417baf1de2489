package main

import "slices"

// maxTableRows is how many rows of an answer the page shows.
const maxTableRows = 200

// A figure is a question and its answer.
type figure struct {
	Query
	Chart   bool
	Empty   bool
	Open    bool   // the table is seen at once
	Caution string // what the largest cluster does to it
	Count   string // of rows, in words
	Columns []head
	Rows    [][]shown
}

type head struct {
	Name    string
	Number  bool
	Meaning string
}

// A shown is a cell of a table, with the meaning of its word, or the anchor that it leads to.
type shown struct{ Text, Class, Meaning, Link string }

// figure makes the table of an answer, and adds its chart, where it has one, and the words that it shows.
func (r *Report) figure(t *Table, charts *[]*Chart, words glossary) (figure, error) {
	f := figure{Query: t.Query, Empty: len(t.Rows) == 0, Caution: r.caution(t.Query.Name)}
	chart, err := chartOf(t)
	if err != nil {
		return f, err
	}
	if chart != nil {
		f.Chart = true
		*charts = append(*charts, chart)
	}
	f.Open = chart == nil || r.Layout.For == forPaper
	f.Count = t.rowsInWords(maxTableRows)
	most := min(len(t.Rows), maxTableRows)
	f.Rows = make([][]shown, most)
	for i, c := range t.Columns {
		if c.Kind == KindTags {
			for _, name := range t.tagNames(i) {
				f.Columns = append(f.Columns, head{Name: printable(name)})
				for k, row := range t.Rows[:most] {
					tags, _ := row[i].(Tags)
					var value any
					if v, ok := tags[name]; ok {
						value = v
					}
					f.Rows[k] = append(f.Rows[k], newShown(KindText, value))
				}
			}
			continue
		}
		switch {
		case c.Name == totalColumn:
			continue // the same in each row: f.Count says it
		case t.Column("remedy") >= 0 && (c.Name == "cause" || c.Name == "hosts"):
			continue // the remedy is about them, and names them
		}
		f.Columns = append(f.Columns, head{c.Name, c.Kind.number(), columnMeanings[c.Name]})
		for k, row := range t.Rows[:most] {
			cell := newShown(c.Kind, row[i])
			if t.Fixed[place{k, i}] {
				cell.Text = fixedWords
			}
			set, meaning := r.words.Meanings.of(t, k, i)
			if word, ok := row[i].(string); ok && meaning != "" {
				cell.Meaning = meaning
				words.add(set, word, meaning)
			}
			if c.Name == "domain" {
				cell.Link = r.anchor(cell.Text)
			}
			f.Rows[k] = append(f.Rows[k], cell)
		}
	}
	return f, nil
}

// newShown is a value as people read it.
func newShown(kind Kind, v any) shown {
	cell := shown{Text: Format(kind, v)}
	switch {
	case kind.number():
		cell.Class = "n"
	case len(cell.Text) > 24:
		cell.Class = "w"
	default: // names are read at a glance when they stand on one line
		cell.Class = "s"
	}
	if v == nil {
		cell.Text = "–"
	}
	return cell
}

// anchor is where the evidence of a domain stands; empty where the page has none.
func (r *Report) anchor(domain string) string {
	if r.Layout.For != forPaper && slices.ContainsFunc(r.Evidence, func(e Evidence) bool { return e.Domain == domain }) {
		return "evidence-" + domain
	}
	return ""
}

func (k Kind) number() bool { return k == KindCount || k == KindShare || k == KindNumber }

// tagNames are the columns of the lists that any of the rows has.
func (t *Table) tagNames(column int) []string {
	names := make(map[string]bool)
	for _, row := range t.Rows {
		tags, _ := row[column].(Tags)
		for name := range tags {
			names[name] = true
		}
	}
	return sortedKeys(names)
}

// count says how many there are of something.
func count(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(n) + " " + what + "s"
}
