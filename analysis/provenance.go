package main

import (
	"fmt"
	"strings"
)

// facts say what was scanned, when, from where and with what.
func (r *Report) facts() []fact {
	run := r.Run()
	facts := []fact{{"Begun", run.Started.UTC().Format("2006-01-02 15:04:05 UTC")}}
	if run.Ended != nil {
		facts = append(facts, fact{"Ended", run.Ended.UTC().Format("2006-01-02 15:04:05 UTC")})
	}
	facts = append(facts, fact{"State", run.Status}, fact{"Scanner", printable(run.Version)})
	if run.Shards > 1 {
		facts = append(facts, fact{"Shards", fmt.Sprint(run.Shards)})
	}
	var lists []string
	for _, in := range run.Inputs {
		lists = append(lists, fmt.Sprintf("%s (%s domains)", printable(in.Name), thousands(in.Names)))
	}
	facts = append(facts, fact{"Lists", strings.Join(lists, "; ")})
	if late := run.ExcludedLate; late > 0 {
		text := thousands(late) + " domains opted out while the run lasted, and have no row"
		facts = append(facts, fact{"Excluded late", text})
	}
	var resolvers []string
	for _, u := range run.Resolvers {
		text := fmt.Sprintf("%s (%s questions, %s timeouts)", printable(u.Addr), thousands(u.Asked), thousands(u.Timeouts))
		resolvers = append(resolvers, text)
	}
	if len(resolvers) > 0 {
		facts = append(facts, fact{"Resolvers", strings.Join(resolvers, "; ")})
	}
	if check := run.CrossCheck; check != nil {
		facts = append(facts, fact{"Cross-check", fmt.Sprintf("%s: %s; %s", printable(strings.Join(check.Resolvers, ", ")),
			check.Negatives.words("domains without a record, a sample"), check.Positives.words("domains with a record"))})
	}
	facts = append(facts, fact{"Trusted roots", strings.TrimSpace(printable(run.Roots.Source) + " " + run.Roots.Date)})
	if run.Suffixes != "" {
		facts = append(facts, fact{"Public suffixes", printable(run.Suffixes)})
	}
	if run.Contact != "" {
		facts = append(facts, fact{"Contact", printable(run.Contact)})
	}
	for i, earlier := range r.Runs[:len(r.Runs)-1] {
		began := earlier.Started.UTC().Format("2006-01-02 15:04 UTC")
		text := fmt.Sprintf("%s, %s, %s domains", printable(earlier.Dir), began, thousands(earlier.Rows))
		facts = append(facts, fact{fmt.Sprintf("Run %d", i+1), text})
	}
	return append(facts, fact{"This run", printable(run.Dir)}, fact{"Identity of the plan", run.Plan})
}

// words say how many disagree, of those that there is an answer for.
func (c CrossCount) words(what string) string {
	answered := c.Agree + c.Disagree
	text := fmt.Sprintf("of %s %s, %s disagree", thousands(answered), what, thousands(c.Disagree))
	if answered > 0 {
		text += " (" + Format(KindShare, float64(c.Disagree)/float64(answered)) + ")"
	}
	if c.Unanswered > 0 {
		text += fmt.Sprintf(", %s more had no answer", thousands(c.Unanswered))
	}
	return text
}

// lists accounts for the entries of each list of each run.
func (r *Report) lists() [][]string {
	var lines [][]string
	for _, run := range r.Runs {
		for _, in := range run.Inputs {
			lines = append(lines, []string{
				printable(run.Dir), printable(in.Name), thousands(in.Entries), thousands(in.Rejected), thousands(in.Excluded),
				thousands(in.Duplicates), thousands(in.Names), in.SHA256,
			})
		}
	}
	return lines
}
