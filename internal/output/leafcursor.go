package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// A leafCursor goes through a column of a row group, row by row. Nil has nothing to close.
type leafCursor struct {
	pages  parquet.Pages
	page   parquet.Page        // nil: none yet
	values parquet.ValueReader // of the page
	space  [256]parquet.Value
	ahead  []parquet.Value // of space: read and not yet used
	null   bool            // all rows of the page are NULL
	row    int64           // to which the value that was used last belongs
	end    int64           // of the page: its last row and one
}

func newLeafCursor(group parquet.RowGroup, column int) *leafCursor {
	return &leafCursor{pages: group.ColumnChunks()[column].Pages(), row: -1}
}

// collect gives do the values of rows whose numbers ascend, each with the place of its row among them. do must not
// keep them. A later call is about later rows.
func (c *leafCursor) collect(rows []int64, do func(i int, v parquet.Value)) error {
	return catchPanic(func() error {
		for i, row := range rows {
			for c.end <= row {
				if err := c.nextPage(); err != nil {
					return err
				}
			}
			if err := c.collectRow(row, i, do); err != nil {
				return err
			}
		}
		return nil
	})
}

// collectRow gives do the values of a row that the page has, with its place.
func (c *leafCursor) collectRow(row int64, place int, do func(int, parquet.Value)) error {
	if c.null {
		do(place, parquet.Value{})
		return nil
	}
	for {
		if len(c.ahead) == 0 {
			n, err := c.values.ReadValues(c.space[:])
			switch c.ahead = c.space[:n]; {
			case n > 0:
			case err != nil && !errors.Is(err, io.EOF):
				return err
			case c.row < row:
				return io.ErrUnexpectedEOF
			default:
				return nil
			}
		}
		if c.ahead[0].RepetitionLevel() == 0 {
			if c.row == row {
				return nil
			}
			c.row++
		}
		if c.row == row {
			do(place, c.ahead[0])
		}
		c.ahead = c.ahead[1:]
	}
}

// nextPage takes the next page, whose values are read only if they are asked for.
func (c *leafCursor) nextPage() error {
	page, err := c.pages.ReadPage()
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if c.page != nil {
		parquet.Release(c.page)
	}
	c.page, c.values, c.ahead = page, page.Values(), nil
	levels := page.DefinitionLevels() // 0 is NULL, of a list too: an empty one has 1
	c.null = len(levels) > 0 && bytes.Count(levels, []byte{0}) == len(levels)
	c.row = c.end - 1
	c.end += page.NumRows()
	return nil
}

func (c *leafCursor) close() error {
	if c == nil {
		return nil
	}
	if c.page != nil {
		parquet.Release(c.page)
		c.page = nil
	}
	return catchPanic(c.pages.Close)
}

// collectColumn gives do the values, NULL too, of a column that is no list in these rows of a row group.
func collectColumn(group parquet.RowGroup, name string, rows []int64, do func(i int, v parquet.Value)) error {
	leaf, ok := group.Schema().Lookup(name)
	if !ok {
		return fmt.Errorf("%w: there is no column %s", ErrDamaged, name)
	}
	cursor := newLeafCursor(group, leaf.ColumnIndex)
	if err := errors.Join(cursor.collect(rows, do), cursor.close()); err != nil {
		return fmt.Errorf("%w: column %s: %w", ErrDamaged, name, err)
	}
	return nil
}

// allRows are the numbers of all rows of a row group.
func allRows(group parquet.RowGroup) []int64 {
	rows := make([]int64, group.NumRows())
	for i := range rows {
		rows[i] = int64(i)
	}
	return rows
}
