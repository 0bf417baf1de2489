package changes

import (
	"cmp"
	"fmt"
	"strings"

	"stsscan/internal/output"
)

// differences say what the runs were asked, or asked with, in different ways, and what that does to changes: a sentence
// for each effect. What a run does not say, because it is older than the flag, differs from nothing.
func differences(old, new Run) []string {
	var sentences []string
	for _, effect := range []struct {
		words string
		asked []string // names of flags, or what names in setting
	}{
		{"nothing compares", []string{"simulated Internet"}},
		{
			"domains that are not in both are left out",
			[]string{"lists", "--names", "--strict-names", "--domain-column", "--limit", "exclusions"},
		},
		{"verdicts that rest on certificates are compared between runs that probed alone", []string{"--probe-mx"}},
		{"whether policies cover the hosts is compared between runs that asked for it alone", []string{"--mx"}},
		{"failures that may pass are no changes where a run had fewer passes", []string{"--passes"}},
		{"certificates that lack nothing but trust are no changes", []string{"roots"}},
		{"a slow host may have been given up in one run alone", []string{"--timeout", "--retries", "--deadline"}},
		{"some changes may be those of the place", []string{"resolvers", "--vantage", "--proxy", "--no-ipv4", "--no-ipv6"}},
		{"some changes may be those of the program", []string{"version", "date of the roots"}},
	} {
		var named []string
		for _, name := range effect.asked {
			before, now := old.setting(name), new.setting(name)
			if before != now && before != "" && now != "" {
				named = append(named, fmt.Sprintf("%s (%s, then %s)", name, before, now))
			}
		}
		if named != nil {
			sentences = append(sentences, "the runs differ in "+strings.Join(named, " and ")+": "+effect.words)
		}
	}
	return sentences
}

// setting is the value of a flag, or of what is called so; empty where the run does not say.
func (r *Run) setting(name string) string {
	if flag, ok := strings.CutPrefix(name, "--"); ok {
		value, known := r.config[flag]
		if flag == "deadline" { // that of one pass: passes are told apart by themselves
			value, _, _ = strings.Cut(value, " ")
		}
		if known && value == "" {
			return "none"
		}
		return value
	}
	switch name {
	case "simulated Internet":
		if r.config["sim"] == "" {
			return "no"
		}
		return "yes"
	case "lists":
		return strings.Join(r.lists, " ")
	case "exclusions":
		return cmp.Or(r.exclusions, "none")
	case "roots":
		return r.roots.Source
	case "date of the roots":
		return r.roots.Date
	case "version":
		return r.version
	case "resolvers":
		if r.config["sim"] != "" {
			return "" // their port is another each time
		}
		return firstOf(r.resolvers)
	}
	return ""
}

// howAsked is how each run asked, beside the other.
func howAsked(old, new Run) (before, now asked) {
	other := otherRoots(old.roots, new.roots)
	return asked{otherRoots: other}, asked{otherRoots: other, fewerPasses: new.passes != 0 && new.passes < old.passes}
}

func otherRoots(a, b output.Roots) bool {
	return a.Source != "" && b.Source != "" && a.Source != b.Source
}
