package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// readCrossChecks reads the lists of disagreements, and compares them with the figures in the manifests.
func (c *check) readCrossChecks() error {
	c.crossed = make(map[*output.Manifest]*crossCheck)
	for _, m := range c.manifests {
		name := output.CrossCheckName(m.Shard)
		text, err := os.ReadFile(c.path(name))
		missing := errors.Is(err, fs.ErrNotExist)
		switch {
		case err != nil && !missing:
			return err
		case m.Trust == nil || m.Trust.CrossCheck == nil:
			// The manifest of a killed run may be older than the list.
			if !missing && m.Status.Finished() {
				c.problem(name, "%s does not mention a cross-check", m.Name())
			}
			continue
		}
		x := &crossCheck{figures: m.Trust.CrossCheck, listed: make(map[int64]output.Disagreement)}
		c.crossed[m] = x
		c.checkFigures(m, x)
		if m.Merged != nil {
			continue // the shards have the lists
		}
		if missing {
			c.problem(name, "%s names it, and it is not there", m.Name())
			continue
		}
		c.readDisagreements(name, text, m, x)
	}
	return nil
}

// checkFigures checks that the figures of a cross-check agree with each other.
func (c *check) checkFigures(m *output.Manifest, x *crossCheck) {
	for _, side := range []struct {
		name  string
		count output.CrossCount
	}{{"negatives", x.figures.Negatives}, {"positives", x.figures.Positives}} {
		if side.count.Checked != side.count.Agree+side.count.Disagree+side.count.Unanswered {
			c.problem(m.Name(), "cross-check: %d %s are not %d that agree, %d that disagree and %d unanswered",
				side.count.Checked, side.name, side.count.Agree, side.count.Disagree, side.count.Unanswered)
		}
	}
	for kind, n := range x.figures.Kinds {
		if !slices.Contains(output.CrossDifferences(), kind) || n < 0 {
			c.problem(m.Name(), "cross-check: %d disagreements of the kind %+q", n, kind)
		}
	}
	negatives, positives, kinds := x.figures.Negatives.Disagree, x.figures.Positives.Disagree, x.figures.Kinds
	found := kinds[output.CrossFound]
	other := kinds[output.CrossDenied] + kinds[output.CrossClass] + kinds[output.CrossTXT]
	if found != negatives || other != positives {
		c.problem(m.Name(), "cross-check: %d negatives and %d positives disagree, and their kinds say %d and %d",
			negatives, positives, found, other)
	}
}

// readDisagreements reads a list of disagreements.
func (c *check) readDisagreements(name string, text []byte, m *output.Manifest, x *crossCheck) {
	sum := sha256.Sum256(text)
	list, err := output.ReadDisagreements(text)
	switch {
	case x.figures.File != name || x.figures.SHA256 != hex.EncodeToString(sum[:]):
		c.problem(name, "is not the file that %s names: its SHA-256 is %x, not %s", m.Name(), sum, x.figures.SHA256)
		return
	case err != nil:
		c.problem(name, "%v", err)
		return
	case int64(len(list)) != x.figures.Listed:
		c.problem(name, "has %d lines; %s says %d", len(list), m.Name(), x.figures.Listed)
	}
	kinds := make(map[output.CrossDifference]int64)
	for _, d := range list {
		kinds[d.Kind]++
		if _, twice := x.listed[d.Rank]; twice {
			c.rowProblem(name, &output.Row{Domain: d.Domain, Rank: d.Rank}, "it has two lines")
		}
		x.listed[d.Rank] = d
		if what := kindProblem(&d); what != "" {
			c.rowProblem(name, &output.Row{Domain: d.Domain, Rank: d.Rank}, what)
		}
	}
	for kind, n := range kinds {
		if n > x.figures.Kinds[kind] {
			c.problem(name, "has %d of the kind %s; %s says %d", n, kind, m.Name(), x.figures.Kinds[kind])
		}
	}
}

// kindProblem says what in a line does not follow from the rest of it; "": nothing.
func kindProblem(d *output.Disagreement) string {
	none := codes.RecordAbsent
	var is bool
	switch d.Kind {
	case output.CrossFound:
		is = d.Record == none && d.CrossRecord != none
	case output.CrossDenied:
		is = d.Record != none && d.CrossRecord == none
	case output.CrossClass:
		is = d.Record != none && d.CrossRecord != none && d.Record != d.CrossRecord
	case output.CrossTXT:
		is = d.Record == d.CrossRecord && d.Record != none
	}
	if !is || d.Record == codes.RecordUnknown || d.CrossRecord == codes.RecordUnknown {
		return "the kind does not follow from the classes of record"
	}
	var txts []string
	for _, txt := range d.CrossTXT {
		txts = append(txts, string(txt))
	}
	if class := mtasts.ReadRecords(txts).Class; d.CrossTXTCount == len(txts) && class != d.CrossRecord {
		return "cross_record does not follow from cross_txt"
	}
	return ""
}

// countCrossChecked counts a row that was cross-checked, and compares it with its line in the list.
func (c *check) countCrossChecked(file string, part int, row *output.Row) {
	x := c.crossed[c.manifestOf(part)]
	if x == nil || !output.CrossChecked(row.Domain, codes.Record(row.Record), x.figures.Share) {
		return
	}
	if row.Record == string(codes.RecordAbsent) {
		x.negatives++
	} else {
		x.positives++
	}
	d, listed := x.listed[row.Rank]
	if !listed || d.Domain != row.Domain {
		return
	}
	delete(x.listed, row.Rank)
	same := slices.EqualFunc(d.TXT, row.TXT, func(a output.RawText, b []byte) bool { return bytes.Equal(a, b) })
	if string(d.Record) != row.Record || d.Resolver != row.Resolver || !d.ObservedAt.Equal(row.ObservedAt) || !same {
		c.rowProblem(file, row, "the list of disagreements differs")
	}
}

// compareCrossCheck compares a cross-check with the rows, after all of them were read.
func (c *check) compareCrossCheck(m *output.Manifest) {
	x := c.crossed[m]
	if x == nil {
		return
	}
	if x.negatives != x.figures.Negatives.Checked || x.positives != x.figures.Positives.Checked {
		c.problem(m.Name(), "cross-check: %d negatives and %d positives were checked, and the rows to check are %d and %d",
			x.figures.Negatives.Checked, x.figures.Positives.Checked, x.negatives, x.positives)
	}
	for _, rank := range slices.Sorted(maps.Keys(x.listed)) {
		d := x.listed[rank]
		c.rowProblem(x.figures.File, &output.Row{Domain: d.Domain, Rank: d.Rank},
			"no row with this rank and domain was to be checked")
	}
}
