package merge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"stsscan/internal/output"
)

// trust merges why the answers of the resolvers can be believed; nil: no shard says so.
func trust(shards []*output.Manifest) *output.Trust {
	var all *output.Trust
	for _, s := range shards {
		if s.Trust == nil {
			continue
		}
		if all == nil {
			all = &output.Trust{CanaryZone: s.Trust.CanaryZone}
		}
		all.PreflightSkipped = all.PreflightSkipped || s.Trust.PreflightSkipped
		all.CanaryZone = cmp.Or(all.CanaryZone, s.Trust.CanaryZone)
		all.Preflight = distinct(all.Preflight, s.Trust.Preflight)
		all.Canaries = distinct(all.Canaries, s.Trust.Canaries)
		all.Events = append(all.Events, s.Trust.Events...)
		all.PausedSeconds += s.Trust.PausedSeconds
		all.Discarded += s.Trust.Discarded
	}
	if all == nil {
		return nil
	}
	slices.SortStableFunc(all.Events, func(a, b output.TrustEvent) int { return a.At.Compare(b.At) })
	all.Events = all.Events[:min(len(all.Events), mostEvents)]
	all.CrossCheck = crossCheck(shards)
	return all
}

// crossCheck merges the cross-checks. The lists of disagreements stay with the shards, so it names no file; nil: no
// shard was cross-checked.
func crossCheck(shards []*output.Manifest) *output.CrossCheck {
	var all *output.CrossCheck
	var trouble []string
	var without int
	for i, s := range shards {
		if s.Trust == nil || s.Trust.CrossCheck == nil {
			without++
			continue
		}
		c := s.Trust.CrossCheck
		if all == nil {
			all = &output.CrossCheck{Share: c.Share, Kinds: make(map[output.CrossDifference]int64)}
		}
		all.Resolvers = distinct(all.Resolvers, c.Resolvers)
		all.Share = min(all.Share, c.Share)
		all.Negatives, all.Positives = sum(all.Negatives, c.Negatives), sum(all.Positives, c.Positives)
		for kind, n := range c.Kinds {
			all.Kinds[kind] += n
		}
		if c.Trouble != "" {
			trouble = append(trouble, fmt.Sprintf("shard %d: %s", i, c.Trouble))
		}
		if c.EndedAt.After(all.EndedAt) {
			all.EndedAt = c.EndedAt
		}
		all.Listed += c.Listed
	}
	if all == nil {
		return nil
	}
	if without > 0 {
		trouble = append(trouble, fmt.Sprintf("%d of %d shards were not cross-checked", without, len(shards)))
	}
	all.Trouble = strings.Join(trouble, "; ")
	return all
}

func sum(a, b output.CrossCount) output.CrossCount {
	return output.CrossCount{
		Checked: a.Checked + b.Checked, Agree: a.Agree + b.Agree, Disagree: a.Disagree + b.Disagree,
		Unanswered: a.Unanswered + b.Unanswered,
	}
}

// distinct adds what is not there yet.
func distinct[T comparable](all, more []T) []T {
	for _, one := range more {
		if !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}
