// Package merge makes one manifest of those of the shards of a run. Counts and sums are added, parts stand in order,
// and the resolvers of each process keep their lines side by side. It reads and writes no manifest: see package rundir.
package merge

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"stsscan/internal/output"
)

// mostDamaged and mostEvents bound lists in run.json.
const (
	mostDamaged = 200
	mostEvents  = 1000
)

// Manifests merges the manifests of all shards of a run, which have finished, in order, with their names and hashes.
// The status is about the whole run: a shard alone may be suspect, and all of them together not, or the other way
// round. Its seconds are those of all shards together, as if one had worked after the other.
func Manifests(shards []*output.Manifest, hashes []output.ManifestHash) *output.Manifest {
	first := shards[0]
	m := &output.Manifest{
		SchemaVersion: output.SchemaVersion,
		Run:           first.Run,
		Version:       first.Version,
		Status:        output.StatusComplete,
		StartedAt:     first.StartedAt,
		From:          first.From,
		Config:        config(shards),
		ConfigFile:    first.ConfigFile,
		Roots:         first.Roots,
		PublicList:    first.PublicList,
		Plan:          first.Plan,
		Inputs:        first.Inputs,
		Exclusions:    first.Exclusions,
		Merged:        &output.Merged{Shards: len(shards), Manifests: hashes, Differs: differences(shards)},
	}
	for _, s := range shards {
		add(m, s)
	}
	m.Adoption = m.Counts.Adoption()
	m.Trust = trust(shards)
	if doubts := m.Counts.Doubts(); doubts != nil {
		m.Status, m.Reasons = output.StatusSuspect, doubts
	}
	slices.SortFunc(m.Parts, func(a, b output.PartInfo) int { return cmp.Compare(a.Part, b.Part) })
	slices.SortStableFunc(m.ExclusionVersions, func(a, b output.ExclusionVersion) int {
		return a.FirstSeen.Compare(b.FirstSeen)
	})
	return m
}

// add adds what the manifest of a shard says.
func add(m, s *output.Manifest) {
	if s.StartedAt.Before(m.StartedAt) {
		m.StartedAt = s.StartedAt
	}
	m.EndedAt = later(m.EndedAt, s.EndedAt)
	if m.ConfigFile != nil && (s.ConfigFile == nil || *s.ConfigFile != *m.ConfigFile) {
		m.ConfigFile = nil // it is of some shards only
	}
	if s.Roots.Source < m.Roots.Source {
		m.Roots = s.Roots // that of any shard that trusts others, whichever it is
	}
	m.Surveys = max(m.Surveys, s.Surveys)
	m.Contact = cmp.Or(m.Contact, s.Contact)
	m.Resolvers = append(m.Resolvers, s.Resolvers...)
	m.Manners.Waited += s.Manners.Waited
	m.Manners.PutOff += s.Manners.PutOff
	m.Manners.Held += s.Manners.Held
	for _, c := range s.Connections {
		addConnections(m, c)
	}
	m.Performance = performance(m.Performance, s.Performance)
	for _, v := range s.ExclusionVersions {
		addVersion(m, v)
	}
	m.ExcludedLate += s.ExcludedLate
	m.Counts.Merge(s.Counts)
	m.Parts = append(m.Parts, s.Parts...)
	damaged := slices.Concat(m.Damaged, s.Damaged)
	m.Damaged = damaged[:min(len(damaged), mostDamaged)]
}

// later is the later one of two times; nil is none.
func later(a, b *time.Time) *time.Time {
	if a == nil || b != nil && b.After(*a) {
		return b
	}
	return a
}

// addConnections adds connections to a port. Hosts that were out of reach for one machine are so where another reached
// its own.
func addConnections(m *output.Manifest, c output.Connections) {
	for i := range m.Connections {
		if all := &m.Connections[i]; all.Port == c.Port && all.Family == c.Family {
			all.Made += c.Made
			all.OutOfReach += c.OutOfReach
			all.Last = later(all.Last, c.Last)
			return
		}
	}
	m.Connections = append(m.Connections, c)
}

// performance adds that of a shard; nil is that of an older program.
func performance(sum, s *output.Performance) *output.Performance {
	if sum == nil || s == nil {
		return cmp.Or(sum, s)
	}
	all := *s
	all.Standstill = maps.Clone(s.Standstill)
	all.Add(sum)
	all.Connections.Limit = max(s.Connections.Limit, sum.Connections.Limit)
	return &all
}

// addVersion adds a version of the list of those who opted out, which several shards may have read.
func addVersion(m *output.Manifest, v output.ExclusionVersion) {
	for i := range m.ExclusionVersions {
		if one := &m.ExclusionVersions[i]; one.SHA256 == v.SHA256 {
			if v.FirstSeen.Before(one.FirstSeen) {
				one.FirstSeen = v.FirstSeen
			}
			return
		}
	}
	m.ExclusionVersions = append(m.ExclusionVersions, v)
}
