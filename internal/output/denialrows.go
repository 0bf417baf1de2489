package output

import (
	"io"

	"github.com/parquet-go/parquet-go/format"

	"stsscan/internal/parquetcol"
)

// denialRows are the denials of a part: a row group of them at a time, encoded by parquetcol.
type denialRows struct {
	group *parquetcol.RowGroup
	rows  int // in the row group
	page  int // rows in the page that has not ended

	columns denialColumns
}

// denialRows takes over the memory of a part that is done, or makes its own.
func (l *layout) denialRows() (*denialRows, error) {
	if rows, ok := l.spare.Get().(*denialRows); ok {
		return rows, nil
	}
	d := new(denialRows)
	d.columns.Domain.FilterBits = bloomBits
	var err error
	d.group, err = l.columns.NewRowGroup(d.columns.byName(), &d.columns.Rank)
	return d, err
}

// add reports whether all texts of the row are valid UTF-8.
func (d *denialRows) add(r *Denial) bool {
	d.rows++
	d.page++
	return d.columns.add(r)
}

// endPage ends the page of every column, if it has rows.
func (d *denialRows) endPage() error {
	if d.page == 0 {
		return nil
	}
	err := d.group.EndPage(d.page)
	d.page = 0
	return err
}

// end writes the row group to w, which is at offset in the file, and begins another. Its rows are counted in counts.
func (d *denialRows) end(w io.Writer, offset int64, counts *Counts) (group format.RowGroup, err error) {
	if err := d.endPage(); err != nil {
		return group, err
	}
	if group, err = d.group.Write(w, offset); err != nil {
		return group, err
	}
	d.count(counts)
	d.group.Reset()
	d.rows = 0
	return group, nil
}

// count counts the rows of the row group by their dictionaries. The other columns that [Counts] has are NULL in a
// denial.
func (d *denialRows) count(counts *Counts) {
	counts.Rows += int64(d.rows)
	tally(&counts.Record, &d.columns.Record)
	tally(&counts.RecordReason, &d.columns.RecordReason)
	tally(&counts.Error, &d.columns.Error)
	tally(&counts.Policy, &d.columns.Policy)
	tally(&counts.Verdict, &d.columns.Verdict)
	tally(&counts.Resolver, &d.columns.Resolver)
}

func tally[W ~string](counts *map[W]int64, c *parquetcol.DictColumn) {
	for word, n := range c.Counts() {
		add(counts, W(word), n)
	}
}
