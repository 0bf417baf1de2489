package verify

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"stsscan/internal/output"
)

// maxRanks bounds the memory for a part, 8 octets a rank, whatever a file says.
const maxRanks = 1 << 28

// readParts reads every part file.
func (c *check) readParts() error {
	paths, err := output.PartPaths(c.dir)
	if err != nil {
		return err
	}
	c.read = make(map[string]output.PartInfo)
	for _, path := range paths {
		name := filepath.Base(path)
		info, ok := c.checkPart(path)
		delete(c.listed, name)
		if !ok {
			continue
		}
		if info.Counts, ok = c.readRows(info); ok {
			c.read[name] = info
			c.report.Parts++
			c.report.Rows += info.Counts.Rows
			c.report.ExcludedLate += info.ExcludedLate
			c.report.Counts.Merge(info.Counts)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.listed)) {
		c.problem(name, "%s lists it, and it is not there", c.listed[name].manifest.Name())
	}
	if c.nameless > 0 {
		c.report.Notes = append(c.report.Notes, fmt.Sprintf("the prepared names of %d parts are gone, as after a run: "+
			"their rows are only counted", c.nameless))
	}
	return nil
}

// checkPart compares a file with its footer and its manifest. If ok is false, its rows are not worth reading.
func (c *check) checkPart(path string) (info output.PartInfo, ok bool) {
	name := filepath.Base(path)
	info, err := output.ReadPartInfo(path)
	if err != nil {
		c.problem("", "%v", err) // it names the file
		return info, false
	}
	k, _ := output.PartNumber(name)
	plan := c.manifests[0].Plan
	first, last := c.ranks(k)
	switch {
	case info.Part != k:
		c.problem(name, "is part %d", info.Part)
		return info, false
	case info.Input != plan.SHA256:
		c.problem(name, "belongs to another input")
		return info, false
	case k >= plan.Parts:
		c.problem(name, "the run has %d parts", plan.Parts)
		return info, false
	case info.FirstRank != first || info.LastRank != last:
		c.problem(name, "is for the ranks %d to %d, and part %d has %d to %d", info.FirstRank, info.LastRank, k, first, last)
		return info, false
	case last < first || last-first >= maxRanks:
		c.problem(name, "a part cannot have the ranks %d to %d", first, last)
		return info, false
	}
	if run := c.manifests[0].Run; info.Run != run {
		c.problem(name, "is of run %q, and %s is of run %q", info.Run, c.manifests[0].Name(), run)
	}
	entry, listed := c.listed[name]
	switch {
	case !listed:
		// The manifest of a killed run may not list all parts.
		if m := c.manifestOf(k); m != nil && m.Status.Finished() {
			c.problem(name, "%s does not list it", m.Name())
		}
	case entry.rewritten(info):
		c.stale[name] = true
	case entry.info.SHA256 != info.SHA256 || entry.info.Bytes != info.Bytes:
		c.problem(name, "is not the file that %s lists: %d bytes with SHA-256 %s, not %d with %s",
			entry.manifest.Name(), info.Bytes, info.SHA256, entry.info.Bytes, entry.info.SHA256)
	case entry.info.Pending != info.Pending:
		c.problem(name, "has %d provisional rows; %s says %d", info.Pending, entry.manifest.Name(), entry.info.Pending)
	case entry.info.ExcludedLate != info.ExcludedLate:
		c.problem(name, "leaves out %d names that were excluded late; %s says %d",
			info.ExcludedLate, entry.manifest.Name(), entry.info.ExcludedLate)
	case entry.info.Rows != info.Rows || entry.info.FirstRank != info.FirstRank || entry.info.LastRank != info.LastRank:
		c.problem(name, "has %d rows of the ranks %d to %d; %s says %d of %d to %d",
			info.Rows, info.FirstRank, info.LastRank, entry.manifest.Name(), entry.info.Rows, entry.info.FirstRank,
			entry.info.LastRank)
	}
	return info, true
}

// rewritten says that a process listed the part with provisional rows, wrote it anew, and was killed.
func (l listing) rewritten(info output.PartInfo) bool {
	return l.info.SHA256 != info.SHA256 && l.info.Pending > 0 && info.Rewrite > l.info.Rewrite &&
		!l.manifest.Status.Finished()
}

// readRows reads the rows of a part and counts them. ok is false if they cannot be read to the end.
func (c *check) readRows(info output.PartInfo) (counts output.Counts, ok bool) {
	// The identity of the row of each rank; 0: there is none.
	rows := make([]uint64, info.LastRank-info.FirstRank+1)
	for row, err := range output.ReadPart(c.path(info.Name)) {
		if err != nil {
			c.problem("", "%v", err)
			return counts, false
		}
		counts.Add(row)
		c.checkRow(info.Name, row)
		c.countCrossChecked(info.Name, info.Part, row)
		if row.Rank < info.FirstRank || row.Rank > info.LastRank {
			c.rowProblem(info.Name, row, "the rank is another part's")
			continue
		}
		if at := &rows[row.Rank-info.FirstRank]; *at != 0 {
			c.rowProblem(info.Name, row, "the rank has two rows")
		} else {
			*at = c.identity(row.Domain, row.List, row.ListRank, row.Tags)
		}
	}
	for _, diff := range c.countsDiff(&info.Counts, &counts) {
		c.problem(info.Name, "its footer counts %s as in the rows", diff)
	}
	c.compareNames(info, rows)
	return counts, true
}

// countsDiff says where counts are not those of the rows. Programs that gave runs no identity counted the modes of all
// policies, and the reasons of unknown ones with the others.
func (c *check) countsDiff(said, rows *output.Counts) (diffs []string) {
	older := c.manifests[0].Run == ""
	for _, diff := range said.Diff(rows) {
		column, _, _ := strings.Cut(diff, ".")
		if older && slices.Contains([]string{"mode", "policy_reason", "policy_unknown", "tls_error"}, column) {
			continue
		}
		diffs = append(diffs, diff)
	}
	return diffs
}

// compareNames compares the rows of a part with the names that were prepared for it.
func (c *check) compareNames(info output.PartInfo, rows []uint64) {
	if c.plan == nil {
		return
	}
	var late int64 // names without a row, excluded after they were prepared
	for name, err := range c.plan.Chunk(info.Part) {
		if errors.Is(err, fs.ErrNotExist) {
			c.countNames(info)
			return
		}
		if err != nil {
			c.problem(info.Name, "its prepared names: %v", err)
			return
		}
		if name.Rank < info.FirstRank || name.Rank > info.LastRank {
			c.problem(info.Name, "its prepared names: rank %d is another part's", name.Rank)
			return
		}
		about := &output.Row{Domain: name.Domain, Rank: name.Rank}
		var listRank *int64
		if name.ListRank > 0 {
			listRank = &name.ListRank
		}
		switch at := &rows[name.Rank-info.FirstRank]; *at {
		case c.identity(name.Domain, name.List, listRank, name.Tags):
			*at = 0
		case 0:
			if c.late.Domain(name.Domain) {
				late++
				continue
			}
			c.rowProblem(info.Name, about, "the name has no row")
		default:
			c.rowProblem(info.Name, about, "the row has another domain, list, list rank or tags than the list")
			*at = 0
		}
	}
	if late != info.ExcludedLate {
		c.problem(info.Name, "leaves out %d names that were excluded late, and says %d", late, info.ExcludedLate)
	}
	for i, row := range rows {
		if row != 0 {
			c.problem(info.Name, "rank %d has a row and no name", info.FirstRank+int64(i))
		}
	}
}

// countNames compares the number of rows with that of the prepared names, which themselves are gone.
func (c *check) countNames(info output.PartInfo) {
	c.nameless++
	names := c.plan.Chunks[info.Part].Names
	if info.Counts.Rows+info.ExcludedLate != names {
		c.problem(info.Name, "has %d rows and leaves out %d names that were excluded late, of %d names", info.Counts.Rows,
			info.ExcludedLate, names)
	}
}

// identity is a number that differs between names, but for a chance of one in 2^63, and is never 0.
func (c *check) identity(domain, list string, listRank *int64, tags map[string]string) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	text := func(s string) { h.WriteString(s); h.WriteByte(0) }
	text(domain)
	text(list)
	if listRank != nil {
		text(fmt.Sprint(*listRank))
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		text(key)
		text(tags[key])
	}
	return h.Sum64() | 1
}
