package output

import (
	"cmp"
	"slices"

	"github.com/parquet-go/parquet-go/bloom"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	// rowsPerPage is how many lean rows make a page of each column. It divides
	// rowsPerGroup.
	rowsPerPage = 15_360
	// spread is how far apart the ranks of a page may be, in pages, to be sorted
	// by counting.
	spread = 16
)

// leanRows are the lean rows of a part: a row group of them at a time.
//
// The Parquet library spends 3 us on such a row, most of it on saying of 45
// columns, one by one and level by level, that they are NULL. Here a column
// that is NULL throughout is a few octets, and a row costs what its own 22
// columns cost; the encodings are the library's.
type leanRows struct {
	rows   int      // in the row group
	blank  chunk    // serves every column that is NULL
	hashes []uint64 // of the domains, for the filter
	alike  bool     // each domain of the page is its registered domain, and registered has none of them
	layout *layout

	own     leanColumns
	columns []column // by leaf; nil: NULL in every lean row
}

// leanRows takes the columns of a part that is done, which have their memory, or
// makes new ones.
func (l *layout) leanRows() *leanRows {
	if g, ok := l.spare.Get().(*leanRows); ok {
		return g
	}
	return newLeanRows(l)
}

func newLeanRows(l *layout) *leanRows {
	g := &leanRows{layout: l, alike: true}
	byName := g.own.byName()
	for _, leaf := range l.leaves {
		c := byName[leaf.path[0]]
		if c != nil {
			c.to().leaf = leaf
			if terms, ok := c.(*terms); ok {
				terms.id = make(map[string]int32)
			}
		}
		g.columns = append(g.columns, c)
	}
	return g
}

// add takes a row. It says whether all texts are valid UTF-8.
func (g *leanRows) add(r *Lean) bool {
	if g.alike && r.RegisteredDomain != r.Domain {
		g.alike = false
		g.own.RegisteredDomain.data = append(g.own.RegisteredDomain.data, g.own.Domain.data...)
		g.own.RegisteredDomain.ends = append(g.own.RegisteredDomain.ends, g.own.Domain.ends...)
	}
	ok := g.own.add(r)
	if !g.alike {
		ok = g.own.RegisteredDomain.add(r.RegisteredDomain) && ok
	}
	g.rows++
	return ok
}

// flush ends the page of every column. Where each domain is its own registered
// domain, as in the zone of a registry, the work on names is done once.
func (g *leanRows) flush() error {
	if g.own.Rank.values.n == 0 {
		return nil
	}
	p := g.layout.press()
	defer g.layout.presses.Put(p)
	for name := range g.own.Domain.all {
		g.hashes = append(g.hashes, bloom.XXH64{}.Sum64(name))
	}
	order := g.sort(p)
	if err := g.own.Domain.flush(p, order); err != nil {
		return err
	}
	if g.alike {
		if err := g.own.RegisteredDomain.repeat(p, &g.own.Domain, len(order)); err != nil {
			return err
		}
	} else if err := g.own.RegisteredDomain.flush(p, order); err != nil {
		return err
	}
	g.alike = true
	for _, c := range g.columns {
		if c != nil && c != &g.own.Domain && c != &g.own.RegisteredDomain {
			if err := c.flush(p, order); err != nil {
				return err
			}
		}
	}
	return nil
}

// sort gives the order of the ranks of the page. Answers come in another order
// than the list has; the list's own is the one in which ranks need next to no
// space, and names little if it is sorted.
func (g *leanRows) sort(p *press) []int32 {
	ranks := &g.own.Rank.values
	first, last := ranks.at(0), ranks.at(0)
	for _, rank := range ranks.all {
		first, last = min(first, rank), max(last, rank)
	}
	if last-first < spread*rowsPerPage {
		// Each has a place of its own, and those that stay free are left out.
		p.places = slices.Grow(p.places[:0], int(last-first+1))[:last-first+1]
		clear(p.places)
		for i := range int32(ranks.n) {
			p.places[ranks.at(i)-first] = i + 1
		}
		p.order = p.order[:0]
		for _, place := range p.places {
			if place > 0 {
				p.order = append(p.order, place-1)
			}
		}
		if len(p.order) == ranks.n {
			return p.order
		}
	}
	// Far apart, or two of them equal.
	p.order = p.order[:0]
	for i := range int32(ranks.n) {
		p.order = append(p.order, i)
	}
	slices.SortFunc(p.order, func(a, b int32) int { return cmp.Compare(ranks.at(a), ranks.at(b)) })
	return p.order
}

// end writes the row group and begins another. The rows are counted in counts.
func (g *leanRows) end(w *sink, counts *Counts) (group format.RowGroup, err error) {
	if err := g.flush(); err != nil {
		return group, err
	}
	p := g.layout.press()
	defer g.layout.presses.Put(p)
	group = format.RowGroup{
		NumRows: int64(g.rows), FileOffset: w.offset, Columns: make([]format.ColumnChunk, 0, len(g.columns)),
	}
	for i, c := range g.columns {
		written := &g.blank
		if c != nil {
			written = c.to()
		}
		if c == nil || written.maxRep == 0 && written.nulls == written.values {
			written.leaf = g.layout.leaves[i]
			err = written.null(p, g.rows)
		} else {
			err = c.finish(p)
		}
		if err != nil {
			return group, err
		}
		column, err := written.writeTo(w)
		if err != nil {
			return group, err
		}
		group.TotalByteSize += column.MetaData.TotalUncompressedSize
		group.TotalCompressedSize += column.MetaData.TotalCompressedSize
		group.Columns = append(group.Columns, column)
	}
	if err := g.filter(w, &group.Columns[0].MetaData); err != nil {
		return group, err
	}
	g.count(counts)
	for _, c := range g.columns {
		if c != nil {
			c.reset()
		}
	}
	g.rows, g.hashes = 0, g.hashes[:0]
	return group, nil
}

// filter writes the Bloom filter of the column domain, which is the first.
func (g *leanRows) filter(w *sink, meta *format.ColumnMetaData) error {
	filter := make(bloom.SplitBlockFilter, bloom.NumSplitBlocksOf(int64(g.rows), bloomBits))
	filter.InsertBulk(g.hashes)
	header, err := thrift.Marshal(new(thrift.CompactProtocol), &format.BloomFilterHeader{
		NumBytes:    int32(len(filter.Bytes())),
		Algorithm:   format.BloomFilterAlgorithm{Value: &format.SplitBlockAlgorithm{}},
		Hash:        format.BloomFilterHash{Value: &format.XxHash{}},
		Compression: format.BloomFilterCompression{Value: &format.BloomFilterUncompressed{}},
	})
	if err != nil {
		return err
	}
	meta.BloomFilterOffset = w.offset
	meta.BloomFilterLength = int32(len(header) + len(filter.Bytes()))
	if _, err := w.Write(header); err != nil {
		return err
	}
	_, err = w.Write(filter.Bytes())
	return err
}

// count counts the rows of the row group by what its dictionaries counted: the
// other columns that [Counts] has are NULL in a lean row.
func (g *leanRows) count(counts *Counts) {
	counts.Rows += int64(g.rows)
	tally(&counts.Record, &g.own.Record)
	tally(&counts.RecordReason, &g.own.RecordReason)
	tally(&counts.Error, &g.own.Error)
	tally(&counts.Policy, &g.own.Policy)
	tally(&counts.Verdict, &g.own.Verdict)
	tally(&counts.Resolver, &g.own.Resolver)
}

func tally[W ~string](counts *map[W]int64, c *terms) {
	for i, word := range c.text {
		add(counts, W(word), c.counts[i])
	}
}
