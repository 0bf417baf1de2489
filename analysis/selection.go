package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Selection is what a run asked of what there was to ask: the rows of a class of
// an earlier run (--from and --only), or the first entries of its lists (--limit).
type Selection struct {
	Text    string   `json:"text"`              // in words
	Choices []Choice `json:"choices,omitempty"` // the first one first, where a selection was made from another
	Limit   int64    `json:"limit,omitempty"`   // entries that were asked; 0: all
}

// A Choice is of the rows of an earlier run that had a word in a column.
type Choice struct {
	Run    string `json:"run"`
	Column string `json:"column"`
	Word   string `json:"word"`
	Rows   int64  `json:"rows"`
	Status string `json:"status"`          // that the run had then
	Limit  int64  `json:"limit,omitempty"` // entries that the run had asked; 0: all
}

// lineage is what run.json says of the run that a run was made from.
type lineage struct {
	Run    string   `json:"run"`
	Only   string   `json:"only"`
	Rows   int64    `json:"rows"`
	Status string   `json:"status"`
	Limit  int64    `json:"limit"`
	From   *lineage `json:"from"`
}

// selectionOf is the selection that a run is, or nil where it asked everything.
func selectionOf(run Run, from *lineage) *Selection {
	s := new(Selection)
	for ; from != nil; from = from.From {
		column, word := chosenClass(from.Only)
		s.Choices = append(s.Choices, Choice{from.Run, column, word, from.Rows, from.Status, from.Limit})
	}
	slices.Reverse(s.Choices)
	var entries int64
	for _, in := range run.Inputs {
		entries += in.Entries
	}
	if limit, err := strconv.ParseInt(run.Config["limit"], 10, 64); err == nil && limit > 0 && entries >= limit {
		s.Limit = limit
	}
	if len(s.Choices) == 0 && s.Limit == 0 {
		return nil
	}
	s.Text = s.words()
	return s
}

// chosenClass is the column and the word of --only. A word alone is one of the
// columns record, policy, verdict or pending: the first that has it.
func chosenClass(only string) (column, word string) {
	if column, word, ok := strings.Cut(only, "="); ok {
		return column, word
	}
	switch only {
	case "valid", "invalid", "multiple", "absent", "unknown":
		return "record", only
	case "missing", "unreachable", "forbidden", "not_fetched":
		return "policy", only
	}
	if words, err := readDictionary(); err == nil && words.Meanings["verdict"][only] != "" {
		return "verdict", only
	}
	return "pending", only
}

// class is the choice as --only writes it.
func (c Choice) class() string { return c.Column + "=" + c.Word }

func (c Choice) words() string {
	text := fmt.Sprintf("the %s domains of the run %s with %s", thousands(c.Rows), printable(c.Run), printable(c.class()))
	if c.Rows == 1 {
		text = strings.Replace(text, "1 domains", "one domain", 1)
	}
	if c.Limit > 0 {
		text += fmt.Sprintf(", which asked the first %s entries of its lists", thousands(c.Limit))
	}
	if c.Status != "complete" && c.Status != "suspect" {
		text += ", which was not complete"
	}
	return text
}

func (s *Selection) words() string {
	if len(s.Choices) == 0 {
		return fmt.Sprintf("the first %s entries of the lists", thousands(s.Limit))
	}
	var text []string
	for _, c := range slices.Backward(s.Choices) {
		text = append(text, c.words())
	}
	words := strings.Join(text, ", chosen from ")
	if s.Limit > 0 {
		words = fmt.Sprintf("the first %s of ", thousands(s.Limit)) + words
	}
	return words
}

// title is a few words for the head of the report.
func (s *Selection) title() string {
	var classes []string
	for _, c := range s.Choices {
		classes = append(classes, printable(c.class()))
	}
	switch {
	case len(classes) == 0:
		return "the first " + thousands(s.Limit) + " entries"
	case s.Limit > 0:
		return "the first " + thousands(s.Limit) + " domains with " + strings.Join(classes, ", then ")
	}
	return "domains with " + strings.Join(classes, ", then ")
}

// domains is what the domains of a run are.
func (r Run) domains() string {
	switch s := r.Selection; {
	case s == nil:
		return "domains"
	case len(s.Choices) == 0:
		return "domains of " + s.title()
	}
	return "chosen domains"
}

// note is what to mind about the figures of the run; none is where it is no selection.
func (s *Selection) note() string {
	if s == nil {
		return ""
	}
	text := "This run is a selection: " + s.Text + "."
	if len(s.Choices) > 0 {
		text += " A share stands only where it would have chosen every domain of the denominator: the others are " +
			"left out, as fixed by the selection."
	}
	return text
}

// A share stands only where the selection would have chosen every domain of its
// denominator. denominatorClasses has the classes to which all domains of one
// belong, those that follow from others too, by QUESTION, by QUESTION.COLUMN where
// the shares of a question differ, or by QUESTION: LINE where its lines do. What is
// not there has domains of more than one class, and any selection fixes it.
func denominatorClasses() map[string]string {
	const validRecord, validPolicy = "record=valid", "record=valid policy=valid"
	return map[string]string{
		"absences":                "record=absent",
		"addresses":               validRecord,
		"body_sizes":              validRecord,
		"errors_by_manager":       validRecord,
		"http_status":             validRecord,
		"issuers":                 validRecord,
		"max_age":                 validPolicy,
		"media_types":             validRecord,
		"mismatches":              validPolicy,
		"modes":                   validPolicy,
		"mx_match":                validPolicy,
		"operators":               validRecord,
		"policy_errors":           validRecord,
		"redirects":               validRecord,
		"same_provider":           validPolicy,
		"servers":                 validRecord,
		"stale_patterns":          validPolicy,
		"tls_reasons":             validRecord,
		"tls_reasons.of_failures": validRecord + " policy=unreachable",
		"tls_versions":            validRecord,
		"tlsrpt_destinations":     "tlsrpt=valid",

		"cluster_effect: policy not retrieved or not valid": validRecord,
		"cluster_effect: fails at dns":                      validRecord,
		"cluster_effect: fails at tcp":                      validRecord,
		"cluster_effect: fails at tls":                      validRecord,
		"cluster_effect: fails at http":                     validRecord,
		"cluster_effect: fails at body":                     validRecord,
		"cluster_effect: fails at syntax":                   validRecord,
		"cluster_effect: mode enforce":                      validPolicy,
		"cluster_effect: mode testing":                      validPolicy,
		"cluster_effect: mode none":                         validPolicy,
		"cluster_effect: policy covers not every host":      validPolicy,
		"cluster_effect: policy covers no host":             validPolicy,
	}
}

// A place is that of a cell in a table.
type place struct{ row, column int }

// holdToSelections says in an answer of which domains it is, where runs that it is
// about are selections, and leaves out the shares that these fixed.
func (t *Table) holdToSelections(runs []Run) {
	var choices []Choice
	var titles []string
	for _, run := range runs {
		if s := run.Selection; s != nil {
			choices = append(choices, s.Choices...)
			if !slices.Contains(titles, s.title()) {
				titles = append(titles, s.title())
			}
		}
	}
	t.leaveOutFixed(choices)
	if len(titles) > 0 {
		t.Query.Denominator += " Here: " + strings.Join(titles, "; ") + "."
	}
}

// leaveOutFixed leaves out the shares that the choices fixed, and notes where.
func (t *Table) leaveOutFixed(choices []Choice) {
	classes := denominatorClasses()
	for i, row := range t.Rows {
		line, _ := row[0].(string)
		for k, c := range t.Columns {
			if row[k] == nil || c.Kind != KindShare && c.Name != "points" {
				continue
			}
			name := t.Query.Name
			belong := strings.Fields(classes[name] + " " + classes[name+"."+c.Name] + " " + classes[name+": "+line])
			chooses := func(choice Choice) bool { return slices.Contains(belong, choice.class()) }
			if fixed := slices.ContainsFunc(choices, func(c Choice) bool { return !chooses(c) }); fixed {
				row[k] = nil
				t.markFixed(place{i, k})
			}
		}
	}
}

func (t *Table) markFixed(at place) {
	if t.Fixed == nil {
		t.Fixed = make(map[place]bool)
	}
	t.Fixed[at] = true
}

// isFixed reports whether the share in the column of that name was left out.
func (t *Table) isFixed(row int, name string) bool { return t.Fixed[place{row, t.Column(name)}] }

// fixedColumns are the columns with a share that was left out, by name.
func (t *Table) fixedColumns() []string {
	var names []string
	for i, c := range t.Columns {
		for k := range t.Rows {
			if t.Fixed[place{k, i}] {
				names = append(names, c.Name)
				break
			}
		}
	}
	return names
}
