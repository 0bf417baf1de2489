package explain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// addLists adds what became of the entries of the lists: hosts that were taken out of URLs and the like, entries that
// were rejected, with the reasons and the first entry of each, those that opted out, and duplicates.
func addLists(table *figures, m *output.Manifest, rejects []domains.RejectLine) {
	var all output.Input
	reasons, taken := make(map[domains.Reason]int64), make(map[string]int64)
	for _, in := range m.Inputs {
		all.Entries += in.Entries
		all.Rejected += in.Rejected
		all.Excluded += in.Excluded
		all.Duplicates += in.Duplicates
		all.OtherTags += in.OtherTags
		all.LeftOut = append(all.LeftOut, in.LeftOut...)
		for kind, n := range in.Taken {
			taken[kind] += n
		}
		for reason, n := range in.Reasons {
			reasons[domains.Reason(reason)] += n
		}
	}
	if m.Shard != nil {
		table.add("  shard", fmt.Sprintf("%d/%d", m.Shard.Index, m.Shard.Of), "the figures from \"domains\" on are its own")
	}
	if len(all.LeftOut) > 0 {
		table.add("  left out", "", "of an archive, as no lists: "+strings.Join(all.LeftOut, ", "))
	}
	if all.Entries != m.Counts.Rows || len(taken) > 0 {
		table.add("  entries", output.Grouped(all.Entries), takenText(taken, all.Entries))
	}
	if all.Rejected > 0 {
		table.add("  rejected", output.Grouped(all.Rejected), "no domain names; "+domains.RejectsFile+" lists them:")
		for _, reason := range byNumber(reasons) {
			table.add("    "+string(reason), output.Grouped(reasons[reason]), rejectText(reason, rejects))
		}
	}
	if all.Excluded > 0 {
		table.add("  opted out", output.Grouped(all.Excluded), "nothing was asked about them")
	}
	if all.Duplicates > 0 {
		other := ""
		if all.OtherTags > 0 {
			other = output.Grouped(all.OtherTags) + " with other tags: " + domains.DuplicatesFile + " lists them"
		}
		table.add("  duplicates", output.Grouped(all.Duplicates), other)
	}
	table.add("  domains", output.Grouped(m.Counts.Rows), selection(m))
	if m.ExcludedLate > 0 {
		table.add("  excluded late", output.Grouped(m.ExcludedLate), "no row: they opted out after the run began")
	}
}

// takenText says for how many entries a host was taken out of them, and out of what.
func takenText(taken map[string]int64, entries int64) string {
	if len(taken) == 0 {
		return ""
	}
	return fmt.Sprintf("%s of %s taken from URLs or addresses: %s",
		output.Grouped(total(taken)), output.Grouped(entries), frequent(taken))
}

// rejectText is a reason in words, and where the first entry stands that was rejected for it.
func rejectText(reason domains.Reason, rejects []domains.RejectLine) string {
	text := reason.Text()
	for _, line := range rejects {
		if line.Reason == reason {
			text += fmt.Sprintf(": first in %s, line %d", line.File, line.Line)
		}
	}
	return text
}

// selection says what was chosen, and of what; "" where everything was asked.
func selection(m *output.Manifest) string {
	var first string
	if limit := m.Limit(); limit > 0 {
		first = fmt.Sprintf("of the first %s entries", output.Grouped(limit))
	}
	switch {
	case m.From == nil:
		return first
	case first == "":
		return fmt.Sprintf("chosen: %s in %s", m.From.Only, m.From.Run)
	}
	return fmt.Sprintf("%s chosen: %s in %s", first, m.From.Only, m.From.Run)
}

// byNumber sorts words, the most frequent first.
func byNumber[W ~string](counts map[W]int64) []W {
	return slices.SortedFunc(maps.Keys(counts), func(a, b W) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}

func total[W ~string](counts map[W]int64) (total int64) {
	for _, n := range counts {
		total += n
	}
	return total
}

// frequent lists words with their numbers, the most frequent first.
func frequent[W ~string](counts map[W]int64) string {
	var words []string
	for _, word := range byNumber(counts) {
		words = append(words, fmt.Sprintf("%s %s", word, output.Grouped(counts[word])))
	}
	return strings.Join(words, ", ")
}
