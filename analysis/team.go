package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A team is the part of the report that is about what to do.
type team struct {
	Lists []todo
	Tags  []tagSummary
}

// A todo is a list of problems: the first lines, and the others folded.
type todo struct {
	ID, Title, Note string
	None            string // what stands there where the list is empty
	Domains         string
	Tags            []string
	First, More     []line
	MoreCount       string
}

// A line is a problem as it is shown.
type line struct {
	Domains              []domainLink // at most maxAlike
	Count, Left          string       // of domains, where there are many; of those that are not named
	Tags                 []shown
	What, Class          string
	Why, Meaning, Remedy string
}

// A domainLink is a domain, with the anchor of its evidence where the page has it.
type domainLink struct{ Domain, Link, Tags string }

// How many lines of a list are seen at once. All that broke, and all that could be taken over, begin on the first
// screen.
const (
	firstTakeovers = 2
	firstBroken    = 8
	firstToFix     = 12
)

// A lines is a table of problems.
type lines struct {
	Title string
	Tags  []string
	Lines []line
}

// Shown are the lines that are seen at once, Hidden the others.
func (l todo) Shown() lines  { return lines{l.Title, l.Tags, l.First} }
func (l todo) Hidden() lines { return lines{l.Title + ": more", l.Tags, l.More} }

// contents are the entries of the lists.
func (t *team) contents() []entry {
	var list []entry
	for _, l := range t.Lists {
		title, _, _ := strings.Cut(l.Title, ":")
		title, _, _ = strings.Cut(title, ",")
		list = append(list, entry{l.ID, title})
	}
	if len(t.Tags) > 0 {
		list = append(list, entry{"team-tags", "Whose domains"})
	}
	return list
}

// team makes the lists.
func (r *Report) team() (*team, error) {
	t := new(team)
	tags := r.tags()
	list := func(id, title, none string, problems []problem, cut bool, first int) todo {
		l := todo{ID: id, Title: title, None: none, Domains: atLeast(cut, count(int64(len(problems)), "domain")), Tags: tags}
		lines := grouped(problems)
		for i, p := range lines {
			if i < first {
				l.First = append(l.First, r.line(p, tags))
			} else if i < first+maxTableRows {
				l.More = append(l.More, r.line(p, tags))
			}
		}
		left := 0
		for _, p := range lines[min(first, len(lines)):] {
			left += p.domains()
		}
		if left > 0 {
			l.MoreCount = fmt.Sprintf("%s more domains", thousands(int64(left)))
		}
		if len(lines) > first+maxTableRows {
			l.MoreCount += fmt.Sprintf(", the first %d lines; the files of --csv and --json have more", maxTableRows)
		}
		return l
	}
	takeovers := list("team-takeover", "Takeover risk: names that somebody else could take", "", r.takeovers(),
		r.Tables["takeover"].isCut(), firstTakeovers)
	broken := list("team-broken", "Broken since the run before", "Nothing broke.", r.broken(), r.brokenCut(), firstBroken)
	switch len(r.Runs) {
	case 1:
		broken.None = "There is no run to compare with: name an earlier one before this one."
		broken.Domains = ""
	default:
		broken.Title += ", " + r.Runs[len(r.Runs)-2].Started.UTC().Format("2 January 2006, 15:04 UTC")
	}
	t.Lists = []todo{broken}
	if len(takeovers.First) > 0 { // else a tile says that there are none
		t.Lists = []todo{takeovers, broken}
	}
	for i, urgency := range []struct{ title, note string }{
		{"Fix now: mail is refused", "Senders that have the policy in their cache refuse mail, or soon will."},
		{"Fix next: believed to be protected, and is not", "Senders deliver as if there were no MTA-STS."},
		{"Then: protection is weaker than it looks", ""},
	} {
		fix := r.Tables["fix_first"]
		cut := fix.isCut() && fix.Value(len(fix.Rows)-1, "urgency").(int64) <= int64(i+1)
		none := "Nothing."
		if i == 0 && r.Run().Config["mx"] == "none" {
			none = "Not known: the scan did not ask which hosts receive mail (--mx none)."
		}
		l := list(fmt.Sprintf("team-fix-%d", i+1), urgency.title, none, r.toFix(int64(i+1)), cut, firstToFix)
		l.Note = urgency.note
		t.Lists = append(t.Lists, l)
	}
	var err error
	t.Tags, err = r.tagSummaries()
	return t, err
}

// line is a problem as the page shows it.
func (r *Report) line(p problem, tags []string) line {
	l := line{
		What: printable(p.What), Class: p.Class, Why: printable(p.Why), Meaning: p.Meaning, Remedy: printable(p.Remedy),
	}
	all := p.Same
	if all == nil {
		all = []problem{p}
	} else {
		l.Count = thousands(int64(len(all))) + " domains"
	}
	for _, d := range all[:min(len(all), maxAlike)] {
		l.Domains = append(l.Domains, domainLink{printable(d.Domain), r.anchor(d.Domain), Format(KindTags, d.Tags)})
	}
	if left := len(all) - maxAlike; left > 0 {
		l.Left = thousands(int64(left)) + " more"
	}
	for _, name := range tags {
		l.Tags = append(l.Tags, shown{Text: cmp.Or(p.tag(name), "–")})
	}
	return l
}

// tags are the names of the columns that the list carried.
func (r *Report) tags() []string {
	var names []string
	t := r.Tables["tags"]
	for i := range t.Rows {
		if name := text(t, i, "tag"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// A tagSummary is how the domains of each value of a tag fare.
type tagSummary struct {
	Tag    string
	Folded bool
	Count  string
	Rows   [][]shown
}

// tagColumns are the heads of a summary.
var tagColumns = []string{
	"domains", "with a record", "protected", "broken since the run before", "mail refused", "not protected", "takeover risk",
}

// tagSummaries are those of all tags, first the one that is asked for, or that has the fewest values.
func (r *Report) tagSummaries() ([]tagSummary, error) {
	t := r.Tables["tags"]
	broken := make(map[[2]string]int64)
	for _, p := range r.broken() {
		for _, tag := range r.tags() {
			broken[[2]string{tag, p.Tags[tag]}]++
		}
	}
	var summaries []tagSummary
	values := make(map[string]int)
	for i := range t.Rows {
		tag, value := text(t, i, "tag"), text(t, i, "value")
		if values[tag]++; values[tag] == 1 {
			summaries = append(summaries, tagSummary{Tag: tag, Folded: true})
		}
		s := &summaries[slices.IndexFunc(summaries, func(s tagSummary) bool { return s.Tag == tag })]
		if len(s.Rows) == maxTableRows {
			continue
		}
		count := func(n int64, class string) shown {
			if n == 0 {
				class = ""
			}
			return shown{Text: thousands(n), Class: strings.TrimSpace("n " + class)}
		}
		of := func(column string) int64 { n, _ := t.Value(i, column).(int64); return n }
		s.Rows = append(s.Rows, []shown{
			{Text: cmp.Or(printable(value), "(none)"), Class: "s"}, count(of("domains"), ""), count(of("present"), ""),
			count(of("protected"), "good"), count(broken[[2]string{tag, value}], "bad"), count(of("refused"), "bad"),
			count(of("broken"), "warn"), count(of("takeover"), "bad"),
		})
	}
	for i, s := range summaries {
		summaries[i].Count = count(int64(values[s.Tag]), "value")
		if values[s.Tag] > maxTableRows {
			summaries[i].Count = fmt.Sprintf("the first %d of ", maxTableRows) + summaries[i].Count
		}
	}
	chosen := r.Layout.GroupBy
	slices.SortStableFunc(summaries, func(a, b tagSummary) int {
		rank := func(s tagSummary) int {
			if s.Tag == chosen {
				return 0
			}
			return values[s.Tag]
		}
		return cmp.Compare(rank(a), rank(b))
	})
	if len(summaries) > 0 {
		summaries[0].Folded = false
	}
	if chosen != "" && (len(summaries) == 0 || summaries[0].Tag != chosen) {
		carried := cmp.Or(strings.Join(r.tags(), ", "), "no columns")
		return nil, fmt.Errorf("--group-by %s: the lists carried %s", chosen, carried)
	}
	return summaries, nil
}
