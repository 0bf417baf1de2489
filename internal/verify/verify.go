// Package verify checks a run directory from its files alone: every entry of the lists is accounted for, every
// part is whole and is the one that the manifest lists, no rank and no domain has two rows, every count is that
// of the rows, and the class of each record and policy follows from the evidence in its row (RFC 8461, sections
// 3.1 and 3.2). It can also compare rows with the truth of a simulated Internet.
//
// Observations of connections and certificates left no evidence to read again, and are taken as they stand. Of a
// cross-check, only the disagreements were kept. The package changes nothing and sends nothing.
package verify

import (
	"hash/maphash"
)

// Run checks the run directory dir. Its error says that this was not possible; problems are in the report.
func Run(dir string, options Options) (Report, error) {
	if options.Examples <= 0 {
		options.Examples = 20
	}
	if options.Memory <= 0 {
		options.Memory = 256 << 20
	}
	c := &check{options: options, dir: dir, words: closedSets(), stale: make(map[string]bool), seed: maphash.MakeSeed()}
	for _, step := range []func() error{c.readManifests, c.readCrossChecks, c.readPlan, c.readOtherTags, c.readParts,
		c.findDuplicates, c.compareTotals, c.compareMerged} {
		if err := step(); err != nil {
			return c.report, err
		}
	}
	return c.report, nil
}
