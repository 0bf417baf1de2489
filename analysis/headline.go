package main

import (
	"fmt"
	"strings"
)

// title names the report.
func (r *Report) title() string {
	if s := r.Run().Selection; s != nil {
		return "MTA-STS survey: " + s.title()
	}
	return "MTA-STS survey"
}

// notes say what to mind about the runs.
func (r *Report) notes() []string {
	var notes []string
	for _, note := range []string{r.Run().warning(), r.Run().Selection.note(), differenceNote(differences(r.Runs))} {
		if note != "" {
			notes = append(notes, note)
		}
	}
	return notes
}

// A card is a figure of the headline.
type card struct{ Rate, Label, Value, Of, Note string }

// subtitle says in a line what the report is about.
func (r *Report) subtitle() string {
	run := r.Run()
	text := fmt.Sprintf("%s, %s", count(run.Rows, "domain"), run.Started.UTC().Format("2 January 2006"))
	if run.Selection != nil {
		text += "; a selection, " + run.Selection.Text
	}
	if n := len(r.Runs); n > 1 {
		first := r.Runs[0].Started.UTC().Format("2 January 2006")
		text += fmt.Sprintf("; compared with %d earlier runs, the first of %s", n-1, first)
		text = strings.Replace(text, "1 earlier runs, the first of", "the run of", 1)
	}
	return text
}

// warning says why the figures of a run are to be read with care.
func (r Run) warning() string {
	var text string
	switch {
	case r.Status == "complete":
		return ""
	case r.Finished():
		text = "This run is complete, and there is reason to doubt its figures."
	default:
		text = "This run is " + r.Status + ": its figures are those of the domains that it came to."
	}
	if len(r.Reasons) > 0 {
		text += " " + sentence(printable(strings.Join(r.Reasons, "; "))) + "."
	}
	return text
}

// cards are the figures that people quote. Each share stands beside what the
// largest cluster of domains does to it.
func (r *Report) cards() []card {
	adoption := r.Tables["adoption"]
	all := adoption.Find("tld", "(all)")
	if all < 0 {
		return nil
	}
	share := fixedWords
	if low, ok := adoption.Value(all, "low").(float64); ok {
		share = interval(low, adoption.Value(all, "high").(float64))
	}
	cards := []card{{
		Rate:  "adoption",
		Label: "Adoption: a record is published",
		Value: share,
		Of: fmt.Sprintf("of %s %s: %s have a record, %s are unknown", Format(KindCount, adoption.Value(all, "domains")), r.Run().domains(),
			Format(KindCount, adoption.Value(all, "present")), Format(KindCount, adoption.Value(all, "unknown"))),
		Note: strings.TrimSpace(withoutSOA(adoption, all) + " " + r.without("adoption")),
	}}
	for _, rate := range []struct{ label, name, of string }{
		{"The policy cannot be retrieved, or is not valid", "policy not retrieved or not valid", "domains with a valid record"},
		{"The policy asks senders to enforce", "mode enforce", "domains with a valid policy"},
		{"Mail is refused", "mail is refused", "domains with a record"},
	} {
		effect := r.Tables["cluster_effect"]
		if i := effect.Find("rate", rate.name); i >= 0 && (effect.Value(i, "low") != nil || effect.isFixed(i, "low")) {
			value := fixedWords
			if low, ok := effect.Value(i, "low").(float64); ok {
				value = interval(low, effect.Value(i, "high").(float64))
			}
			cards = append(cards, card{
				Rate:  rate.name,
				Label: rate.label,
				Value: value,
				Of:    ofKnown(effect, i, rate.of),
				Note:  r.without(rate.name),
			})
		}
	}
	if len(r.Runs) > 1 {
		n := r.Regressions()
		cards = append(cards, card{
			Label: "Regressions since the run before", Value: thousands(n),
			Of: "changes that take protection away, or that senders cannot see",
		})
	}
	return cards
}

// ofKnown says of how many domains a rate is, and what it is where some are unknown and left out.
func ofKnown(effect *Table, row int, of string) string {
	count := func(column string) string { return Format(KindCount, effect.Value(row, column)) }
	text := fmt.Sprintf("%s of %s %s", count("domains"), count("known"), of)
	if effect.Value(row, "unknown") == int64(0) {
		return text
	}
	text += fmt.Sprintf(", and %s are unknown", count("unknown"))
	if share := effect.Value(row, "share"); share != nil {
		text += fmt.Sprintf(": %s of the known", Format(KindShare, share))
	}
	return text
}

// withoutSOA gives adoption the other way, where many domains were denied without an SOA.
func withoutSOA(adoption *Table, row int) string {
	high, many := adoption.Value(row, "high_without_soa").(float64)
	if !many {
		return ""
	}
	return fmt.Sprintf("With %s domains that were denied without an SOA taken for unknown: %s.",
		Format(KindCount, adoption.Value(row, "without_soa")), interval(adoption.Value(row, "low").(float64), high))
}

func interval(low, high float64) string {
	if percent(low) == percent(high) {
		return percent(low)
	}
	return strings.TrimSuffix(percent(low), " %") + " to " + percent(high)
}

// without says what a rate is without the cluster of domains that adds most to it.
func (r *Report) without(rate string) string {
	effect := r.Tables["cluster_effect"]
	i := effect.Find("rate", rate)
	if i < 0 || effect.Value(i, "without") == nil || effect.Value(i, "contribution") == nil {
		return ""
	}
	value := func(kind Kind, column string) string { return Format(kind, effect.Value(i, column)) }
	return fmt.Sprintf("Without the largest cluster (%s), which is %s of these %s domains: %s",
		shorten(value(KindText, "largest_cluster"), 60), value(KindCount, "of_largest_cluster"), value(KindCount, "domains"),
		value(KindShare, "without"))
}

func shorten(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

// caution is what stands beside the rates of a figure: what the largest cluster
// does to the rate that they are parts of.
func (r *Report) caution(query string) string {
	rates := map[string]string{
		"adoption": "adoption", "adoption_by_rank": "adoption", "denominators": "adoption", "funnel": "policy not retrieved or not valid",
		"errors_by_stage": "any error", "errors_by_manager": "policy not retrieved or not valid", "tls_reasons": "fails at tls",
		"record_errors": "record not valid", "policy_errors": "fails at syntax", "tlsrpt_results": "any error", "strict_lenient": "any error",
		"http_status": "fails at http", "redirects": "fails at http", "addresses": "policy not retrieved or not valid",
		"modes": "mode enforce", "mx_match": "policy covers not every host", "mismatches": "policy covers no host", "verdicts": "any error", "managers": "run by a third party",
	}
	rate, ok := rates[query]
	if !ok {
		return ""
	}
	text := r.without(rate)
	if text == "" {
		return ""
	}
	effect := r.Tables["cluster_effect"]
	row := effect.Find("rate", rate)
	share := Format(KindShare, effect.Value(row, "share"))
	if effect.Value(row, "unknown") != int64(0) {
		share += " of the known"
	}
	return fmt.Sprintf("%s (%s). %s.", sentence(rate), share, text)
}

func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
