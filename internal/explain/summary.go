package explain

import (
	"fmt"
	"io"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/output"
)

// A Summary is what a scan says of its run at the end.
type Summary struct {
	Manifest *output.Manifest
	Rejects  []domains.RejectLine // the first of each reason, as far as they are known
	Width    int                  // columns of the terminal
}

// Write writes how the run ended, and its main figures as a table for people. Of rows that were chosen from another
// run it has counts alone: what they were chosen by would be their share.
func (s Summary) Write(w io.Writer) error {
	var table figures
	addLists(&table, s.Manifest, s.Rejects)
	addShards(&table, s.Manifest.Merged)
	s.records(&table)
	s.policies(&table)
	s.verdicts(&table)
	ending := strings.Join(broken(printable(StatusText(s.Manifest)), max(s.Width, leastWidth)-2), "\n  ")
	_, err := fmt.Fprintf(w, "%s\n%s", ending, table.text(s.Width))
	return err
}

// mostDifferences bounds what a summary says of shards that differ; run.json has all.
const mostDifferences = 5

// addShards adds what has to be known of a run that was merged from shards.
func addShards(table *figures, merged *output.Merged) {
	if merged == nil {
		return
	}
	table.add("  shards", output.Grouped(int64(merged.Shards)), "")
	for i, text := range merged.Differs {
		if i == mostDifferences {
			table.add("  differ", "", fmt.Sprintf("and in %d more, which run.json has", len(merged.Differs)-i))
			break
		}
		table.add("  differ", "", "in "+printable(text))
	}
	if n := merged.ProbedBySeveral; n > 0 {
		table.add("  probed again", output.Grouped(n), "mail servers that several shards probed")
	}
}

// share is n in percent of a total, which what names.
func (s Summary) share(n, total int64, what string) string {
	if s.Manifest.From != nil {
		return ""
	}
	return fmt.Sprintf("%6.2f %% of %s", 100*float64(n)/float64(max(total, 1)), what)
}

// records adds the classes of records, and how far the answers can be believed.
func (s Summary) records(table *figures) {
	m, c := s.Manifest, &s.Manifest.Counts
	for _, class := range codes.Records() {
		if n := c.Record[class]; n > 0 {
			table.add("  record "+string(class), output.Grouped(n), s.share(n, c.Rows, "domains"))
		}
	}
	if adoption := c.Adoption(); adoption.Domains > 0 && m.From == nil {
		table.add("  adoption", output.Grouped(adoption.Present),
			fmt.Sprintf("%.3f %% to %.3f %% of domains", 100*adoption.Low, 100*adoption.High))
	}
	if n, words := withoutSOA(c); words != "" && m.From == nil {
		table.add("  denied without SOA", output.Grouped(n), words)
	}
	if m.Trust == nil || m.Trust.CrossCheck == nil {
		return
	}
	check := m.Trust.CrossCheck
	who := strings.Join(check.Resolvers, ", ")
	table.add("  negatives differ", output.Grouped(check.Negatives.Disagree), crossed(check.Negatives, who))
	table.add("  positives differ", output.Grouped(check.Positives.Disagree), crossed(check.Positives, who))
	if check.Trouble != "" {
		table.add("  cross-check", "", "incomplete: "+check.Trouble)
	}
}

// policies adds the classes of policies, their modes, and why there is none.
func (s Summary) policies(table *figures) {
	m, c := s.Manifest, &s.Manifest.Counts
	fetched := c.Rows - c.Policy[codes.PolicyNotFetched]
	for _, class := range codes.Policies() {
		if n := c.Policy[class]; n > 0 && class != codes.PolicyNotFetched {
			table.add("  policy "+string(class), output.Grouped(n), s.share(n, fetched, "valid records"))
		}
	}
	for _, mode := range codes.Modes() {
		if n := c.Mode[mode]; n > 0 {
			table.add("  mode "+string(mode), output.Grouped(n), s.share(n, c.Policy[codes.PolicyValid], "valid policies"))
		}
	}
	for _, stage := range codes.Stages() {
		if reasons := c.PolicyReason[stage]; len(reasons) > 0 {
			table.add("  errors at "+string(stage), output.Grouped(total(reasons)), frequent(reasons))
		}
	}
	for _, stage := range codes.Stages() {
		if reasons := c.PolicyUnknown[stage]; len(reasons) > 0 {
			table.add("  unknown at "+string(stage), output.Grouped(total(reasons)), frequent(reasons))
		}
	}
	if n := c.Findings[codes.FindSlowNotAwaited]; n > 0 {
		table.add("  not awaited", output.Grouped(n),
			"slow Policy Hosts whose addresses had used up --slow-wait; policies unknown")
	}
	if n, words := clientLimits(c); n > 0 {
		table.add("  client limits", output.Grouped(n), "perhaps, of the errors above; their verdict is unknown: "+words)
	}
	for _, connections := range m.Connections {
		if words := outOfReach(connections); words != "" {
			table.add("  out of reach", output.Grouped(int64(connections.OutOfReach)), words)
		}
	}
}

// verdicts adds what senders experience, and first where somebody has to do something about it.
func (s Summary) verdicts(table *figures) {
	by := basisMeaning(codes.BasisMX) + "; --probe-mx would add their certificates"
	if s.Manifest.Config["probe-mx"] == "true" {
		by = basisMeaning(codes.BasisCertificates)
	}
	for _, verdict := range codes.VerdictsWorstFirst() {
		n := s.Manifest.Counts.Verdict[verdict]
		if n == 0 {
			continue
		}
		if by != "" {
			table.add("  verdict", "", "by "+by)
			by = ""
		}
		_, words := verdictMeaning(&output.Row{Verdict: string(verdict)})
		table.add("    "+string(verdict), output.Grouped(n), words)
	}
}

// withoutSOA is how many denials came without an SOA and, where those are more than 1 % of the answers,
// what adoption is when they are taken for unknown.
func withoutSOA(c *output.Counts) (n int64, words string) {
	n = c.Findings[codes.FindNegativeWithoutSOA]
	adoption := c.Adoption()
	if 100*n <= adoption.Domains-adoption.Unknown {
		return n, ""
	}
	high := float64(adoption.Present+adoption.Unknown+n) / float64(adoption.Domains)
	return n, fmt.Sprintf("taken for unknown, adoption is %.3f %% to %.3f %%", 100*adoption.Low, 100*high)
}

// clientLimits counts the findings that say that another client may retrieve the policy, and lists them.
func clientLimits(c *output.Counts) (total int64, words string) {
	for _, finding := range codes.ClientLimits() {
		if n := c.Findings[finding]; n > 0 {
			total += n
			words += fmt.Sprintf(", %s %s", finding, output.Grouped(n))
		}
	}
	return total, strings.TrimPrefix(words, ", ")
}

// crossed says what the disagreements of a cross-check are a share of.
func crossed(c output.CrossCount, who string) string {
	answered := c.Agree + c.Disagree
	if answered == 0 && c.Checked > 0 {
		return fmt.Sprintf("%s answered for none of %s", who, output.Grouped(c.Checked))
	}
	return fmt.Sprintf("%6.2f %% of %s that %s answered for, of %s asked",
		100*float64(c.Disagree)/float64(max(answered, 1)), output.Grouped(answered), who, output.Grouped(c.Checked))
}

// outOfReach says in words that no connection was ever made, where hosts are out of reach; empty where some were.
func outOfReach(c output.Connections) string {
	if c.Made > 0 || c.OutOfReach == 0 {
		return ""
	}
	return fmt.Sprintf("hosts: no %s connection to port %d was ever made", c.Family, c.Port)
}
