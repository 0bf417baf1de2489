package main

import (
	"slices"
	"strings"
)

// A Difference is what several runs were asked, or asked with, in different ways.
type Difference struct {
	Name   string   `json:"name"`   // a flag of the scan, or what it is
	Values []string `json:"values"` // one for each run
	Effect string   `json:"effect"` // what it does to changes, in words
}

// What a difference does to changes. The first four are held by history.sql.
const (
	effectProbes   = "verdicts that rest on certificates are compared between runs that probed alone"
	effectMail     = "whether policies cover the hosts is compared between runs that asked for it alone"
	effectPasses   = "failures that may pass are no answers where a run had fewer passes than another"
	effectRoots    = "untrusted certificates are no answers"
	effectDomains  = "domains that are not in both runs are left out"
	effectNothing  = "no change rests on it"
	effectPatience = "a slow host may have been given up in one run alone"
	effectJudged   = "some changes may be those of the program"
	effectPlace    = "some changes may be those of the place, and not of the domains"
	effectOperator = "operators may be told in another way"
	effectFamilies = "policies of hosts that have only the family that a run lacked are unknown"
	effectWorld    = "nothing compares"
)

// differences lists what the runs were asked in different ways, that of the most
// effect first. What a run does not say, because it is older than the flag, differs
// from nothing.
func differences(runs []Run) []Difference {
	flag := func(name string) func(Run) string {
		return func(r Run) string {
			value, ok := r.Config[name]
			return orNone(value, ok)
		}
	}
	var found []Difference
	for _, asked := range []struct {
		name, effect string
		value        func(Run) string
	}{
		{"lists", effectDomains, Run.listsAsked},
		{"selection", effectDomains, Run.selectionAsked},
		{"exclusions", effectDomains, func(r Run) string { return orNone(short(r.Exclusions), true) }},
		{"--names", effectDomains, flag("names")},
		{"--strict-names", effectDomains, flag("strict-names")},
		{"--domain-column", effectDomains, flag("domain-column")},
		{"simulated Internet", effectWorld, func(r Run) string { return Format(KindFlag, r.Config["sim"] != "") }},
		{"--probe-mx", effectProbes, flag("probe-mx")},
		{"--mx", effectMail, flag("mx")},
		{"--passes", effectPasses, flag("passes")},
		{"--deadline", effectPatience, Run.deadlineAsked},
		{"--timeout", effectPatience, flag("timeout")},
		{"--retries", effectPatience, flag("retries")},
		{"--slow-wait", effectPatience, flag("slow-wait")},
		{"--no-ipv4", effectFamilies, flag("no-ipv4")},
		{"--no-ipv6", effectFamilies, flag("no-ipv6")},
		{"roots", effectRoots, func(r Run) string { return r.Roots.Source }},
		{"date of the roots", effectJudged, func(r Run) string { return r.Roots.Date }},
		{"--tlsrpt", effectNothing, flag("tlsrpt")},
		{"--dane", effectNothing, flag("dane")},
		{"--vantage", effectPlace, flag("vantage")},
		{"--proxy", effectPlace, flag("proxy")},
		{"resolvers", effectPlace, Run.resolversAsked},
		{"version of the scanner", effectJudged, func(r Run) string { return r.Version }},
		{"version of the table", effectJudged, func(r Run) string { return r.Schema }},
		{"public suffix list", effectOperator, func(r Run) string { return r.Suffixes }},
	} {
		d := Difference{Name: asked.name, Effect: asked.effect}
		for _, run := range runs {
			d.Values = append(d.Values, asked.value(run))
		}
		if len(distinct(d.Values)) > 1 {
			found = append(found, d)
		}
	}
	return found
}

// orNone is the value of a flag that the run knew.
func orNone(value string, known bool) string {
	if known && value == "" {
		return "none"
	}
	return value
}

// distinct are the values that say something, each once.
func distinct(values []string) []string {
	var once []string
	for _, v := range values {
		if v != "" && !slices.Contains(once, v) {
			once = append(once, v)
		}
	}
	return once
}

// words name a difference in a sentence, without its effect.
func (d Difference) words() string {
	return d.Name + " (" + printable(shorten(strings.Join(distinct(d.Values), ", then "), 120)) + ")"
}

// differenceNote names the differences, those of the same effect together; "" where
// there are none.
func differenceNote(found []Difference) string {
	var effects []string
	named := make(map[string][]string)
	for _, d := range found {
		if named[d.Effect] == nil {
			effects = append(effects, d.Effect)
		}
		named[d.Effect] = append(named[d.Effect], d.words())
	}
	if len(effects) == 0 {
		return ""
	}
	var texts []string
	for _, effect := range effects {
		texts = append(texts, strings.Join(named[effect], ", ")+": "+effect)
	}
	return "These runs asked different things. " + sentence(strings.Join(texts, "; ")) + "."
}

// listsAsked are the lists by what was in them.
func (r Run) listsAsked() string {
	if len(r.choices()) > 0 {
		return ""
	}
	var lists []string
	for _, in := range r.Inputs {
		lists = append(lists, "SHA-256 "+short(in.SHA256))
	}
	return strings.Join(lists, " and ")
}

func (r Run) selectionAsked() string {
	if r.Selection == nil {
		return "everything"
	}
	return r.Selection.Text
}

func (r Run) choices() []Choice {
	if r.Selection == nil {
		return nil
	}
	return r.Selection.Choices
}

// deadlineAsked is that of one pass: passes are told apart by themselves.
func (r Run) deadlineAsked() string {
	deadline, _, _ := strings.Cut(r.Config["deadline"], " ")
	return deadline
}

// resolversAsked are the resolvers of the real Internet, in the order of their names.
func (r Run) resolversAsked() string {
	if r.Config["sim"] != "" {
		return "" // the port is another each time
	}
	var addrs []string
	for _, u := range r.Resolvers {
		addrs = append(addrs, u.Addr)
	}
	slices.Sort(addrs)
	return strings.Join(addrs, " and ")
}

// short is enough of a hash to tell it from others.
func short(hash string) string { return hash[:min(len(hash), 12)] }
