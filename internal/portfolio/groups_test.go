package portfolio

import (
	"errors"
	"strings"
	"testing"

	"stsscan/internal/output"
)

// Groups have headings with what is broken, each domain counted once, and no column for what the headings say.
func TestGroups(t *testing.T) {
	unowned := testRow{"g.example", "enforce_refused", nil, nil}
	dir := writeRun(t, output.StatusComplete, "owner,team",
		testRow{"a.example", "no_sts", owned("Ann", "it"), nil},
		testRow{"b.example", "broken", owned("Bob", "retail"), nil},
		testRow{"c.example", "enforce_refused", owned("Bob", "retail"), nil},
		unowned, unowned, unowned,
		testRow{"d.example", "broken", owned("Ann", "it"), nil},
		testRow{"e.example", "no_sts", owned("Eve", "soc\x1b"), nil},
	)
	writeDuplicates(t, dir, `{"domain":"b.example","line":9,"tags":{"owner":"Dan","team":"retail"},"first":{}}
{"domain":"d.example","line":9,"tags":{"owner":"Dan","team":"net"},"first":{}}
`)
	const table = `team retail: 2 broken
DOMAIN     VERDICT          OWNER
b.example  broken           Bob
b.example  broken           Dan
c.example  enforce_refused  Bob

team it: 1 broken, 1 other
DOMAIN     VERDICT          OWNER
a.example  no_sts           Ann
d.example  broken           Ann

team net: 1 broken
DOMAIN     VERDICT          OWNER
d.example  broken           Dan

team soc\u001b: 1 domain
DOMAIN     VERDICT          OWNER
e.example  no_sts           Eve

No team: 3 broken
DOMAIN     VERDICT          OWNER
g.example  enforce_refused
g.example  enforce_refused
g.example  enforce_refused
`
	q := Query{Columns: []string{"domain", "verdict", "owner"}, By: "team"}
	if text, result := list(t, dir, q, Format{}); text != table || result.Lines != 10 {
		t.Errorf("%d lines: %s", result.Lines, text)
	}
	q.Limit = 3
	if text, _ := list(t, dir, q, Format{Width: 20}); text != `team retail: 2
  broken

b.example  broken
    owner: Bob
b.example  broken
    owner: Dan
c.example
    enforce_refused
    owner: Bob
` {
		t.Error(text)
	}
	text, _ := list(t, dir, Query{By: "team", Limit: 1}, Format{})
	if !strings.Contains(text, "OWNER") || strings.Contains(text, "TEAM") {
		t.Error(text)
	}
	text, _ = list(t, dir, Query{By: "team", Limit: 1}, Format{CSV: true})
	if text != "domain,verdict,reason,owner,team,remedy\r\n"+
		"b.example,broken,the certificate has expired,Bob,retail,"+
		"Renew the certificate of mta-sts.b.example (section 3.3).\r\n" {
		t.Errorf("%q", text)
	}
}

// More lines than memory is used for are refused.
func TestGroupsTooMany(t *testing.T) {
	g := &groups{tag: "team", most: 1000, byValue: make(map[string]*group)}
	for i := range int64(1000) {
		if err := g.add(line{rank: i}); err != nil {
			t.Fatal(err)
		}
	}
	const want = "too many lines: --by groups 1,000 at most: ask for fewer by --verdict, --finding or --tag"
	if err := g.add(line{}); !errors.Is(err, ErrTooMany) || err.Error() != want {
		t.Error(err)
	}
}
