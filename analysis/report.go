package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// A Report is all answers about some runs.
type Report struct {
	Made     time.Time
	Runs     []Run // oldest first; questions about one run are about the last
	Sections []Section
	Tables   map[string]*Table // by the name of the question
	Before   map[string]*Table // those behind the tiles, of the run before the last: see AskBefore
	Evidence []Evidence        // of domains that the answers name, in their order
	Named    int               // domains that the answers name
	Layout   Layout
	words    dictionary
}

// A Layout says how the page is laid out. The zero value has everything, for whoever asks.
type Layout struct {
	Title   string // empty: MTA-STS survey
	For     string // forTeam, forPaper or empty
	GroupBy string // for a team: the tag whose values are summed up; empty: the one with the fewest values
}

// The readers that a page can be for.
const (
	forTeam  = "team"
	forPaper = "paper"
)

// NewReport asks every question about the runs. Progress, where it is not nil,
// hears of each answer.
func NewReport(ctx context.Context, store *Store, runs []Run, made time.Time, progress func(*Table)) (*Report, error) {
	queries, err := Queries()
	if err != nil {
		return nil, err
	}
	kept, byName, err := arrange(queries, len(runs))
	if err != nil {
		return nil, err
	}
	words, err := readDictionary()
	if err != nil {
		return nil, err
	}
	r := &Report{Made: made, Runs: runs, Sections: kept, Tables: make(map[string]*Table), words: words}
	var order []*Table
	for _, section := range kept {
		for _, name := range section.Queries {
			table, err := store.Answer(ctx, byName[name])
			if err != nil {
				return nil, err
			}
			table.holdToSelections(r.about(table.Query))
			if slices.Contains(remedied, name) {
				words.Remedies.add(table)
			}
			r.Tables[name] = table
			order = append(order, table)
			if progress != nil {
				progress(table)
			}
		}
	}
	if r.Evidence, r.Named, err = store.evidence(ctx, order); err != nil {
		return nil, err
	}
	return r, nil
}

// Run is the run that the report is about.
func (r *Report) Run() Run { return r.Runs[len(r.Runs)-1] }

// about are the runs that a question is about.
func (r *Report) about(q Query) []Run {
	if q.History() {
		return r.Runs
	}
	return r.Runs[len(r.Runs)-1:]
}

// Regressions counts the changes of the last run, against those before, that take
// protection away.
func (r *Report) Regressions() int64 {
	var n int64
	changes := r.Tables["changes"]
	if changes == nil {
		return 0
	}
	for i := range changes.Rows {
		if changes.Value(i, "night") == int64(len(r.Runs)) && changes.Value(i, "regression") == true {
			n += changes.Value(i, "domains").(int64)
		}
	}
	return n
}

// jsonTable is a table in the report's machine-readable twin.
type jsonTable struct {
	Question    string           `json:"question"`
	Numerator   string           `json:"numerator"`
	Denominator string           `json:"denominator"`
	Caveat      string           `json:"caveat"`
	Columns     []Column         `json:"columns"`
	TotalRows   int64            `json:"total_rows"` // with those that a LIMIT cut off
	Rows        []map[string]any `json:"rows"`
	Fixed       []string         `json:"fixed_by_selection,omitempty"` // columns with a share that is null for that
}

// WriteJSON writes the report for programs: what people see, with values as they
// are. Keys are only ever added.
func (r *Report) WriteJSON(w io.Writer) error {
	tables := make(map[string]jsonTable)
	for name, t := range r.Tables {
		q := t.Query
		out := jsonTable{
			q.Question, q.Numerator, q.Denominator, q.Caveat, t.Columns, t.Total(), []map[string]any{}, t.fixedColumns(),
		}
		for i := range t.Rows {
			out.Rows = append(out.Rows, t.record(i))
		}
		tables[name] = out
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(map[string]any{
		"made_at": r.Made.UTC(), "runs": r.Runs, "regressions": r.Regressions(), "tables": tables,
		"differences": differences(r.Runs),
	}); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// record is a row by the names of its columns.
func (t *Table) record(row int) map[string]any {
	values := make(map[string]any, len(t.Columns))
	for i, c := range t.Columns {
		values[c.Name] = t.Rows[row][i]
	}
	return values
}
