package merge

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"stsscan/internal/output"
)

// ownFlags are flags that may be others in each shard, and change nothing in what it asks.
func ownFlags() []string {
	return []string{
		"shard", "output", "metrics-file", "metrics-addr", "progress", "quiet", "verbose", "log-format", "fail-on",
	}
}

// config are the flags of the run: those of the first shard, and the fewest passes of any, since comparisons of runs
// rest on them. Which shard it was is left out.
func config(shards []*output.Manifest) map[string]string {
	flags := maps.Clone(shards[0].Config)
	delete(flags, "shard")
	for _, s := range shards {
		fewest, err := strconv.Atoi(flags["passes"])
		if passes, parse := strconv.Atoi(s.Config["passes"]); err == nil && parse == nil && passes < fewest {
			flags["passes"] = s.Config["passes"]
		}
	}
	return flags
}

// differences say in what the shards differ, one sentence for each flag or fact; nil: in nothing.
func differences(shards []*output.Manifest) []string {
	flags := make(map[string]bool)
	for _, s := range shards {
		for name := range s.Config {
			flags[name] = !slices.Contains(ownFlags(), name)
		}
	}
	var texts []string
	add := func(what string, value func(*output.Manifest) string) {
		if text := values(shards, value); text != "" {
			texts = append(texts, what+": "+text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		if flags[name] {
			add("--"+name, func(m *output.Manifest) string { return m.Config[name] })
		}
	}
	add("program", func(m *output.Manifest) string { return m.Version })
	add("trusted roots", func(m *output.Manifest) string { return strings.TrimSpace(m.Roots.Source + " " + m.Roots.Date) })
	add("public suffix list", func(m *output.Manifest) string { return m.PublicList })
	add("those who opted out, as last read", func(m *output.Manifest) string {
		if len(m.ExclusionVersions) == 0 {
			return ""
		}
		last := m.ExclusionVersions[len(m.ExclusionVersions)-1]
		return fmt.Sprintf("%d entries, SHA-256 %.12s", last.Entries, last.SHA256)
	})
	return texts
}

// mostValues bounds the values of one flag that are told.
const mostValues = 4

// values say which shards have which value; "": all have the same.
func values(shards []*output.Manifest, value func(*output.Manifest) string) string {
	var order []string
	have := make(map[string][]int)
	for i, s := range shards {
		v := value(s)
		if have[v] == nil {
			order = append(order, v)
		}
		have[v] = append(have[v], i)
	}
	if len(order) < 2 {
		return ""
	}
	var texts []string
	for _, v := range order[:min(len(order), mostValues)] {
		shown := v
		if v == "" {
			shown = "none"
		}
		which := "shards "
		if len(have[v]) == 1 {
			which = "shard "
		}
		texts = append(texts, shown+" ("+which+Numbers(have[v])+")")
	}
	if more := len(order) - mostValues; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, ", ")
}

// Numbers writes numbers in order as schedulers take those of an array: "0-2,5".
func Numbers(list []int) string {
	var text strings.Builder
	for i := 0; i < len(list); {
		end := i
		for end+1 < len(list) && list[end+1] == list[end]+1 {
			end++
		}
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(strconv.Itoa(list[i]))
		if end > i {
			fmt.Fprintf(&text, "-%d", list[end])
		}
		i = end + 1
	}
	return text.String()
}
