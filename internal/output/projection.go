package output

import (
	"errors"
	"fmt"
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
