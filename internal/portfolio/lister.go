package portfolio

import (
	"cmp"
	"errors"
	"slices"

	"stsscan/internal/explain"
	"stsscan/internal/output"
)

// partOctets bounds the text of the lines of a part that wait to be sorted. A part has at most 2^19 rows; with the
// usual columns they take less.
const partOctets = 128 << 20

// A lister lists the rows of a run, verdict after verdict, part after part.
type lister struct {
	query     Query
	columns   []column
	selection output.Selection               // of the pass
	owners    map[string][]map[string]string // other tags of domains
	to        writer
	values    values  // of the tags that were asked for
	groups    *groups // nil: lines are written as they come

	most    int // octets of lines
	lines   []line
	octets  int // of lines
	written int64
}

// A line is a row as it will be written.
type line struct {
	rank   int64
	value  string // of the tag that groups lines
	broken bool
	cells  []string
}

// lineOctets is what a line takes beside its text, and cellOctets what a cell takes.
const lineOctets, cellOctets = 56, 16

// errEnough ends a listing at its limit.
var errEnough = errors.New("enough")

// run lists the rows of all part files.
func (l *lister) run(paths []string) error {
	err := l.passes(paths)
	if errors.Is(err, errEnough) {
		l.values = values{} // not all
		return nil
	}
	if err != nil || l.groups == nil {
		return err
	}
	if err := l.writeGroups(); !errors.Is(err, errEnough) {
		return err
	}
	return nil
}

func (l *lister) passes(paths []string) error {
	for _, verdicts := range l.query.passes() {
		l.selection = l.query.selection(l.columns, verdicts)
		for _, path := range paths {
			if err := l.part(path); err != nil {
				return err
			}
		}
	}
	return nil
}

// part lists the rows of a part file.
func (l *lister) part(path string) error {
	for r, err := range l.selection.Part(path) {
		if err != nil {
			return err
		}
		l.add(r)
		for _, tags := range l.owners[r.Domain] {
			again := *r
			again.Tags = tags
			l.add(&again)
		}
		if l.octets > l.most {
			if err := l.flush(); err != nil {
				return err
			}
		}
	}
	return l.flush()
}

// add makes a line of a row, unless its tags are not asked for.
func (l *lister) add(r *output.Row) {
	l.values.add(l.query, r.Tags)
	if !l.query.takes(r.Tags) {
		return
	}
	cells := make([]string, len(l.columns))
	l.octets += lineOctets
	for i, c := range l.columns {
		cells[i] = c.cell(r)
		l.octets += cellOctets + len(cells[i])
	}
	l.lines = append(l.lines, line{r.Rank, r.Tags[l.query.By], isBroken(r), cells})
}

// flush writes or groups the lines in the order of their ranks. The other owners of a domain follow the first.
func (l *lister) flush() error {
	slices.SortStableFunc(l.lines, func(a, b line) int { return cmp.Compare(a.rank, b.rank) })
	for _, line := range l.lines {
		put := l.write
		if l.groups != nil {
			put = l.groups.add
		}
		if err := put(line); err != nil {
			return err
		}
	}
	clear(l.lines)
	l.lines, l.octets = l.lines[:0], 0
	return nil
}

func (l *lister) writeGroups() error {
	for _, g := range l.groups.sorted() {
		if err := l.to.heading(explain.Printable(g.heading(l.groups.tag))); err != nil {
			return err
		}
		for _, line := range g.lines {
			if err := l.write(line); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *lister) write(line line) error {
	if err := l.to.write(line.cells); err != nil {
		return err
	}
	if l.written++; l.written == l.query.Limit {
		return errEnough
	}
	return nil
}
