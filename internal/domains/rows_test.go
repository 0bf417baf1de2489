package domains

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
)

// rowLines is a list in FormatRows.
func rowLines(t *testing.T, rows ...RowLine) string {
	t.Helper()
	var b strings.Builder
	for _, row := range rows {
		if err := json.NewEncoder(&b).Encode(row); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// Rows keep rank and tags, however long these are.
func TestRows(t *testing.T) {
	rows := []RowLine{
		{7, "a.com", map[string]string{"x,y": strings.Repeat(`"`, 3*maxLine), "z": "a\nb"}},
		{9, "xn--bcher-kva.com", nil},
		{10, "xn--a.com", nil},
		{11, "_a.b_c.com", nil}, // of a zone
		{1 << 40, "c.com", map[string]string{"z": "{}"}},
	}
	list := writeList(t, "list", rowLines(t, rows...))
	cfg := PrepareConfig{Dir: t.TempDir(), Lists: []List{{list}}, Format: FormatRows, Tags: []string{"x,y", "z"}}
	plan, err := Prepare(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	for name, err := range plan.Chunk(0) {
		if err != nil {
			t.Fatal(err)
		}
		want := rows[i]
		if name.Domain != want.Domain || name.ListRank != want.Rank || !maps.Equal(name.Tags, want.Tags) {
			t.Errorf("%.100v, want %.100v", name, want)
		}
		i++
	}
	if i != len(rows) {
		t.Errorf("%d names", i)
	}
}

// A row without a valid name, and a list that is cut off, leave no plan.
func TestRowsRefused(t *testing.T) {
	good := rowLines(t, RowLine{1, "a.com", nil})
	for text, want := range map[string]string{
		good + rowLines(t, RowLine{2, "b.test", nil}):      "list:2: b.test cannot be scanned here: a special-use name",
		good + rowLines(t, RowLine{2, "B.com", nil}):       "list:2: B.com cannot be scanned here: its name is now b.com",
		good + rowLines(t, RowLine{2, "b com", nil}):       "cannot be scanned here: a character",
		good + rowLines(t, RowLine{2, "", nil}):            "cannot be scanned here: no name",
		good + strings.TrimSuffix(good, "}\n"):             "list:2: unexpected EOF",
		good + "b.com\n":                                   "list:2: invalid character 'b'",
		rowLines(t, RowLine{1, "\u05d0a.com", nil}) + good: "list:1: \u05d0a.com cannot be scanned here: not a valid",
	} {
		dir := t.TempDir()
		cfg := PrepareConfig{Dir: dir, Lists: []List{{writeList(t, "list", text)}}, Format: FormatRows}
		if _, err := Prepare(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		if _, err := ReadPlan(dir); err == nil {
			t.Errorf("%q: there is a plan", want)
		}
	}
}

// A comma in the name of a tag does not make it two.
func TestReuseTagWithComma(t *testing.T) {
	cfg := &PrepareConfig{Tags: []string{"a", "b"}}
	if got := cfg.difference(&Plan{Tags: []string{"a,b"}}); got != `tags: now "a", "b", then "a,b"` {
		t.Error(got)
	}
}
