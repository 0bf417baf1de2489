package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A problem is a line of the lists for a team: a domain, or many with the same problem, and what to do.
type problem struct {
	Domain  string
	Tags    Tags
	What    string // is wrong
	Class   string // of style: how bad it is
	Why     string // a reason, or what was before and what is now
	Meaning string // of the reason
	Remedy  string // with the names that it is about
	general string // the remedy of many, with places for names
	Same    []problem
}

// alike is how many domains with the same problem make one line.
const alike = 6

// maxAlike is how many domains such a line names.
const maxAlike = 100

// grouped puts problems of many domains that are the same into one line each, where the first of them stood.
func grouped(problems []problem) []problem {
	same := func(p problem) string { return strings.Join([]string{p.What, p.Why, p.general}, "\x00") }
	many := make(map[string][]problem)
	for _, p := range problems {
		many[same(p)] = append(many[same(p)], p)
	}
	var lines []problem
	for _, p := range problems {
		key := same(p)
		switch all := many[key]; {
		case all == nil: // stands in a line already
		case len(all) < alike:
			lines = append(lines, p)
		default:
			p.Same, p.Remedy = all, general(p.general)
			lines = append(lines, p)
			many[key] = nil
		}
	}
	return lines
}

// general is a remedy for many domains.
func general(remedy string) string {
	return strings.NewReplacer("{domain}", "DOMAIN", "{mx}", "HOST").Replace(remedy)
}

// domains is how many domains the line is about.
func (p problem) domains() int { return max(len(p.Same), 1) }

// tag is the value of a tag in the line: of many domains the most frequent values, with how many have them.
func (p problem) tag(name string) string {
	if p.Same == nil {
		return printable(p.Tags[name])
	}
	count := make(map[string]int)
	for _, s := range p.Same {
		count[s.Tags[name]]++
	}
	values := sortedKeys(count)
	slices.SortStableFunc(values, func(a, b string) int { return cmp.Compare(count[b], count[a]) })
	const most = 3
	var words []string
	for _, value := range values[:min(len(values), most)] {
		words = append(words, fmt.Sprintf("%s (%d)", cmp.Or(printable(value), "none"), count[value]))
	}
	if more := len(values) - most; more > 0 {
		words = append(words, fmt.Sprintf("%d more", more))
	}
	return strings.Join(words, ", ")
}

// takeovers are the names that somebody else could take.
func (r *Report) takeovers() []problem {
	t := r.Tables["takeover"]
	var problems []problem
	for i := range t.Rows {
		what, label := "takeover risk: whoever registers the target serves the policy", "mta-sts."
		if t.Value(i, "finding") == "record_cname_dangling" {
			what, label = "takeover risk: whoever registers the target publishes the record", "_mta-sts."
		}
		p := r.problem(t, i)
		p.What, p.Class = what, "bad"
		p.Why = label + p.Domain + " is an alias of " + text(t, i, "target") + ", which does not exist"
		problems = append(problems, p)
	}
	return problems
}

// broken are the regressions of the last run: of each domain the worst, which comes first in the answer, and the others
// with it.
func (r *Report) broken() []problem {
	t := r.Tables["changed_domains"]
	if t == nil {
		return nil
	}
	at := make(map[string]int)
	var problems []problem
	for i := range t.Rows {
		if t.Value(i, "regression") != true {
			continue
		}
		p := r.problem(t, i)
		p.What, p.Class = text(t, i, "kind"), "bad"
		before, after := text(t, i, "before"), text(t, i, "after")
		p.Why = strings.TrimSpace(cmp.Or(before, "nothing") + " → " + cmp.Or(after, "nothing"))
		stage, reason, _ := strings.Cut(after, ": ")
		p.Meaning = cmp.Or(r.words.Meanings[stage][reason], r.words.Meanings["record"][after],
			r.words.Meanings["verdict"][after])
		if k, again := at[p.Domain]; again {
			problems[k].What += "; " + p.What
			// A new id is part of every other remedy.
			if !strings.Contains(problems[k].Remedy, p.Remedy) && text(t, i, "kind") != "policy changed, id did not" {
				problems[k].Remedy = strings.TrimSpace(problems[k].Remedy + " " + p.Remedy)
				problems[k].general = strings.TrimSpace(problems[k].general + " " + p.general)
			}
			continue
		}
		at[p.Domain] = len(problems)
		problems = append(problems, p)
	}
	return problems
}

// brokenCut reports whether the list of these is cut: they come first in it, so that then it has nothing else.
func (r *Report) brokenCut() bool {
	t := r.Tables["changed_domains"]
	return t != nil && t.isCut() && t.Value(len(t.Rows)-1, "regression") == true
}

// toFix are the lines of fix_first of an urgency.
func (r *Report) toFix(urgency int64) []problem {
	t := r.Tables["fix_first"]
	var problems []problem
	for i := range t.Rows {
		if t.Value(i, "urgency") != urgency {
			continue
		}
		p := r.problem(t, i)
		p.What, p.Class = text(t, i, "problem"), "bad"
		if urgency > 1 {
			p.Class = "warn"
		}
		if stage := text(t, i, "stage"); stage != "" {
			reason := text(t, i, "reason")
			p.Why, p.Meaning = stage+": "+reason, r.words.Meanings[stage][reason]
		} else {
			p.Meaning = r.words.Meanings["finding"][text(t, i, "cause")]
		}
		problems = append(problems, p)
	}
	return problems
}

// problem is what all lines have.
func (r *Report) problem(t *Table, row int) problem {
	tags, _ := t.Value(row, "tags").(Tags)
	return problem{
		Domain: text(t, row, "domain"), Tags: tags, Remedy: text(t, row, "remedy"), general: r.words.Remedies.of(t, row),
	}
}

// atLeast says of a number from such a list whether there may be more.
func atLeast(cut bool, text string) string {
	if cut {
		return "at least " + text
	}
	return text
}

// text is the string in a row of a table; empty where there is none.
func text(t *Table, row int, column string) string {
	s, _ := t.Value(row, column).(string)
	return s
}
