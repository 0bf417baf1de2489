package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/parquet-go/parquet-go"
)

// rowsPerWindow is how many selected rows are put together at a time.
const rowsPerWindow = 1024

// A projection makes rows of some of the columns of a file.
type projection struct {
	schema *parquet.Schema // of these columns
	part   reflect.Value   // a structure of them, the rows of the schema
	fields []int           // of Row: where each field of part belongs
	names  bool            // the last field of part is the registered domain of a first version
	zone   bool            // the zone of a first version was asked for
	leaves []projectedLeaf // columns of the schema
}

type projectedLeaf struct {
	name   string
	column int // of the file; -1: it lacks the column
}

// newProjection also takes the columns that a name stands for, and those from which it is made.
func newProjection(columns []string, file *parquet.File, version string) (*projection, error) {
	p := new(projection)
	var fields []reflect.StructField
	for i, c := range Columns() {
		chosen := slices.Contains(columns, c.Name) || c.LabelsOf != "" && slices.Contains(columns, c.LabelsOf)
		if c.Name == "zone" {
			chosen = chosen || slices.Contains(columns, "zone_labels")
			p.zone = chosen && version == firstVersion
		}
		if c.LabelsOf != "" && version == firstVersion {
			p.names = p.names || chosen && c.LabelsOf != "zone"
			continue
		}
		if chosen || c.Name == "domain" || c.Name == "rank" {
			fields = append(fields, reflect.TypeFor[Row]().Field(i))
			p.fields = append(p.fields, i)
		}
	}
	if p.names {
		fields = append(fields, reflect.StructField{
			Name: "RegisteredDomain", Type: reflect.TypeFor[string](), Tag: `parquet:"registered_domain,optional"`,
		})
	}
	part := reflect.New(reflect.StructOf(fields))
	p.part = part.Elem()
	p.schema = parquet.SchemaOf(part.Interface())
	for _, path := range p.schema.Columns() {
		want, _ := p.schema.Lookup(path...)
		have, ok := file.Schema().Lookup(path...)
		switch {
		case !ok:
			have.ColumnIndex = -1
		case have.MaxRepetitionLevel != want.MaxRepetitionLevel, have.MaxDefinitionLevel != want.MaxDefinitionLevel,
			have.Node.Type().Kind() != want.Node.Type().Kind():
			return nil, fmt.Errorf("%w: the column %s has another type", ErrDamaged, path[0])
		}
		p.leaves = append(p.leaves, projectedLeaf{path[0], have.ColumnIndex})
	}
	return p, nil
}

// read gives do the rows of a row group that have these numbers, in order, until it returns false: that is errStop.
func (p *projection) read(group parquet.RowGroup, numbers []int64, do func(*Row) bool) (err error) {
	cursors := make([]*leafCursor, len(p.leaves))
	defer func() {
		for _, c := range cursors {
			err = errors.Join(err, c.close())
		}
	}()
	for i, leaf := range p.leaves {
		if leaf.column >= 0 {
			cursors[i] = newLeafCursor(group, leaf.column)
		}
	}
	values := make([]parquet.Row, min(len(numbers), rowsPerWindow))
	for window := range slices.Chunk(numbers, rowsPerWindow) {
		for i := range values {
			values[i] = values[i][:0]
		}
		for column, c := range cursors {
			if c == nil {
				for i := range window {
					values[i] = append(values[i], parquet.Value{}.Level(0, 0, column))
				}
				continue
			}
			err := c.collect(window, func(i int, v parquet.Value) {
				values[i] = append(values[i], v.Clone().Level(v.RepetitionLevel(), v.DefinitionLevel(), column))
			})
			if err != nil {
				return fmt.Errorf("column %s: %w", p.leaves[column].name, err)
			}
		}
		for i := range window {
			r, err := p.row(values[i])
			if err != nil {
				return err
			}
			if !do(r) {
				return errStop
			}
		}
	}
	return nil
}

// row makes a row of its values.
func (p *projection) row(values parquet.Row) (*Row, error) {
	p.part.SetZero()
	if err := catchPanic(func() error { return p.schema.Reconstruct(p.part.Addr().Interface(), values) }); err != nil {
		return nil, err
	}
	r := new(Row)
	to := reflect.ValueOf(r).Elem()
	for i, field := range p.fields {
		to.Field(field).Set(p.part.Field(i))
	}
	if p.names {
		r.SetRegisteredDomain(p.part.Field(len(p.fields)).String())
	}
	if p.zone {
		r.SetZoneName(r.Zone)
	}
	return r, nil
}

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
