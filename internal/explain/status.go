package explain

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// StatusText says how the run, or this shard of it, ended, and why: "complete", "suspect: 2,882 of 16,249 records
// unknown, ...", or "incomplete: ..." with what to do next.
func StatusText(m *output.Manifest) string {
	var why []string
	for _, reason := range m.Reasons {
		reason = strings.TrimSuffix(reason, ": run the same command again to go on")
		why = append(why, strings.FieldsFunc(reason, func(r rune) bool { return !unicode.IsGraphic(r) })...)
	}
	return statusText(m.Status, strings.Join(why, "; "))
}

// RunStatusText is [StatusText] for the whole run that all its manifests are of. Of several shards it counts
// those that ended worst, and says why of the first.
func RunStatusText(manifests []*output.Manifest) string {
	order := []output.Status{output.StatusComplete, output.StatusSuspect, output.StatusIncomplete, output.StatusRunning}
	worst := slices.MaxFunc(manifests, func(a, b *output.Manifest) int {
		return slices.Index(order, a.Status) - slices.Index(order, b.Status)
	})
	if worst.Shard == nil {
		return StatusText(worst)
	}
	here, of := len(manifests), worst.Shard.Of
	if here < of && worst.Status.Finished() {
		return statusText(output.StatusIncomplete, fmt.Sprintf("%d of %d shards have no manifest", of-here, of))
	}
	if worst.Status == output.StatusComplete {
		return StatusText(worst)
	}
	like := 0
	for _, m := range manifests {
		if m.Status == worst.Status {
			like++
		}
	}
	shards := fmt.Sprintf("%d of %d shards", like, of)
	first := fmt.Sprintf("shard %d/%d is %s", worst.Shard.Index, of, StatusText(worst))
	return fmt.Sprintf("%s: %s; %s", worst.Status, shards, first)
}

// WaitText says how many domains, whose rows are provisional, wait to be asked again, and why.
func WaitText(c output.Counts) string {
	var texts []string
	for _, why := range codes.Pendings() {
		if n := c.Pending[why]; n > 0 {
			texts = append(texts, fmt.Sprintf("%s %s", why, output.Grouped(n)))
		}
	}
	wait := "domains wait"
	if c.Provisional() == 1 {
		wait = "domain waits"
	}
	return fmt.Sprintf("%s %s to be asked again: %s", output.Grouped(c.Provisional()), wait, strings.Join(texts, ", "))
}

func statusText(status output.Status, why string) string {
	text := string(status)
	if status == output.StatusRunning {
		text += ", or killed"
	}
	if why != "" {
		text += ": " + why
	}
	if !status.Finished() {
		text += ". Run the same command again to go on."
	}
	return text
}
