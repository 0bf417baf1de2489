package explain

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// WriteSummary writes the main figures of run.json as a table for people. Of rows that were chosen from another run
// it has counts alone: what they were chosen by would be their share.
func WriteSummary(w io.Writer, m *output.Manifest) error {
	var text strings.Builder
	c := &m.Counts
	row := func(label, n, note string) {
		fmt.Fprintln(&text, strings.TrimRight(fmt.Sprintf("  %-20s %13s   %s", label, n, note), " "))
	}
	of := func(n, total int64, what string) string {
		if m.From != nil {
			return ""
		}
		return fmt.Sprintf("%6.2f %% of %s", 100*float64(n)/float64(max(total, 1)), what)
	}

	row("domains", grouped(c.Rows), selection(m))
	if m.ExcludedLate > 0 {
		row("excluded late", grouped(m.ExcludedLate), "no row: they opted out after the run began")
	}
	for _, class := range codes.Records() {
		if n := c.Record[class]; n > 0 {
			row("record "+string(class), grouped(n), of(n, c.Rows, "domains"))
		}
	}
	if adoption := c.Adoption(); adoption.Domains > 0 && m.From == nil {
		row("adoption", grouped(adoption.Present),
			fmt.Sprintf("%.3f %% to %.3f %% of domains", 100*adoption.Low, 100*adoption.High))
	}
	if n, words := withoutSOA(c); words != "" && m.From == nil {
		row("denied without SOA", grouped(n), words)
	}
	if m.Trust != nil && m.Trust.CrossCheck != nil {
		check := m.Trust.CrossCheck
		who := strings.Join(check.Resolvers, ", ")
		row("negatives differ", grouped(check.Negatives.Disagree), crossed(check.Negatives, who))
		row("positives differ", grouped(check.Positives.Disagree), crossed(check.Positives, who))
		if check.Trouble != "" {
			row("cross-check", "", "incomplete: "+check.Trouble)
		}
	}
	fetched := c.Rows - c.Policy[codes.PolicyNotFetched]
	for _, class := range codes.Policies() {
		if n := c.Policy[class]; n > 0 && class != codes.PolicyNotFetched {
			row("policy "+string(class), grouped(n), of(n, fetched, "valid records"))
		}
	}
	for _, mode := range codes.Modes() {
		if n := c.Mode[mode]; n > 0 {
			row("mode "+string(mode), grouped(n), of(n, c.Policy[codes.PolicyValid], "valid policies"))
		}
	}
	for _, stage := range codes.Stages() {
		if n := total(c.PolicyReason[stage]); n > 0 {
			row("errors at "+string(stage), grouped(n), topReasons(c.PolicyReason[stage]))
		}
	}
	for _, stage := range codes.Stages() {
		if n := total(c.PolicyUnknown[stage]); n > 0 {
			row("unknown at "+string(stage), grouped(n), topReasons(c.PolicyUnknown[stage]))
		}
	}
	if n := c.Findings[codes.FindSlowNotAwaited]; n > 0 {
		row("not awaited", grouped(n), "slow Policy Hosts whose addresses had used up --slow-wait; policies unknown")
	}
	if n, words := clientLimits(c); n > 0 {
		row("client limits", grouped(n), "perhaps, of the errors above; their verdict is unknown: "+words)
	}
	for _, connections := range m.Connections {
		if words := outOfReach(connections); words != "" {
			row("out of reach", grouped(int64(connections.OutOfReach)), words)
		}
	}
	if m.Status == output.StatusSuspect {
		row("suspect", "", strings.Join(m.Reasons, "; "))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// selection says what was chosen, and of what; "" where everything was asked.
func selection(m *output.Manifest) string {
	var first string
	if limit := m.Limit(); limit > 0 {
		first = fmt.Sprintf("of the first %s entries", grouped(limit))
	}
	switch {
	case m.From == nil:
		return first
	case first == "":
		return fmt.Sprintf("chosen: %s in %s", m.From.Only, m.From.Run)
	}
	return fmt.Sprintf("%s chosen: %s in %s", first, m.From.Only, m.From.Run)
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
			words += fmt.Sprintf(", %s %s", finding, grouped(n))
		}
	}
	return total, strings.TrimPrefix(words, ", ")
}

// crossed says what the disagreements of a cross-check are a share of.
func crossed(c output.CrossCount, who string) string {
	answered := c.Agree + c.Disagree
	if answered == 0 && c.Checked > 0 {
		return fmt.Sprintf("%s answered for none of %s", who, grouped(c.Checked))
	}
	return fmt.Sprintf("%6.2f %% of %s that %s answered for, of %s asked",
		100*float64(c.Disagree)/float64(max(answered, 1)), grouped(answered), who, grouped(c.Checked))
}

func total(reasons map[codes.PolicyReason]int64) (total int64) {
	for _, n := range reasons {
		total += n
	}
	return total
}

// topReasons lists the most frequent reasons of a stage.
func topReasons(reasons map[codes.PolicyReason]int64) string {
	const most = 3
	order := slices.SortedFunc(maps.Keys(reasons), func(a, b codes.PolicyReason) int {
		return cmp.Or(cmp.Compare(reasons[b], reasons[a]), cmp.Compare(a, b))
	})
	var text string
	for i, reason := range order {
		if i == most {
			return text + ", ..."
		}
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s %s", reason, grouped(reasons[reason]))
	}
	return text
}

// grouped writes n with its thousands apart.
func grouped(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// outOfReach says in words that no connection was ever made, where hosts are out of reach; empty where some were.
func outOfReach(c output.Connections) string {
	if c.Made > 0 || c.OutOfReach == 0 {
		return ""
	}
	return fmt.Sprintf("hosts: no %s connection to port %d was ever made", c.Family, c.Port)
}
