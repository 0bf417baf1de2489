package output

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// Provisional yields the provisional rows of part k, each a new one. It reads only the row groups that have some. An
// error ends the sequence: it names the file.
func (d *Dataset) Provisional(k int) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		err := d.eachGroup(k, func(group parquet.RowGroup, meta format.RowGroup) error {
			if !hasAny(meta, "pending") {
				return nil
			}
			return eachRow(group, func(r *Row) error {
				if r.Pending != "" && !yield(r, nil) {
					return errStop
				}
				return nil
			})
		})
		if err != nil {
			yield(nil, err)
		}
	}
}

// eachGroup gives do the row groups of part k, until it returns an error. One that is errStop is none.
func (d *Dataset) eachGroup(k int, do func(parquet.RowGroup, format.RowGroup) error) error {
	err := d.withPart(k, func(_ *os.File, file *parquet.File, _ PartInfo) error {
		for i, group := range file.RowGroups() {
			if err := do(group, file.Metadata().RowGroups[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// errStop ends a reading early.
var errStop = errors.New("enough")

// Keep takes over rows of the file that the part replaces, which must still be the one that old describes: those for
// which keep returns true. The others are in p already. keep may change a row. Row groups without provisional rows,
// and with today's columns, are copied as they are, without a call of keep. Names that were excluded late stay so.
// The old file stands until the part is committed.
func (p *Part) Keep(d *Dataset, old PartInfo, keep func(r *Row) bool) error {
	if p.err == nil {
		p.err = p.takeOver(d, old, keep)
	}
	return p.err
}

func (p *Part) takeOver(d *Dataset, old PartInfo, keep func(r *Row) bool) error {
	now, ok, err := d.Whole(old.Part)
	switch {
	case err != nil:
		return err
	case !ok || now.SHA256 != old.SHA256:
		return fmt.Errorf("%s: %w: it is not the file that was written", d.path(old.Part), ErrDamaged)
	}
	p.info.ExcludedLate = old.ExcludedLate
	p.info.Rewrite = old.Rewrite + 1
	return d.withPart(old.Part, func(f *os.File, file *parquet.File, info PartInfo) error {
		return p.keep(f, file, info, keep)
	})
}

// withPart opens the file of part k for do, and puts its name before errors.
func (d *Dataset) withPart(k int, do func(*os.File, *parquet.File, PartInfo) error) error {
	path := d.path(k)
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	file, info, err := openPart(f)
	if err == nil {
		err = do(f, file, info)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// keep takes over the rows of an older file.
func (p *Part) keep(f *os.File, file *parquet.File, old PartInfo, keep func(r *Row) bool) error {
	ends, err := groupEnds(f, file, old.Bytes)
	if err != nil {
		return err
	}
	var read Counts // rows that are not copied as they are
	var rows []Row
	for i, group := range file.Metadata().RowGroups {
		if !hasAny(group, "pending") && p.layout.columns.Has(group) {
			if err := p.copyGroup(f, group, ends[i]); err != nil {
				return err
			}
			continue
		}
		err = eachRow(file.RowGroups()[i], func(r *Row) error {
			read.Add(countedWords(r))
			if keep(r) {
				rows = append(rows, *r)
			}
			if len(rows) < rowsPerRead {
				return nil
			}
			err := p.Write(rows)
			rows = rows[:0]
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := p.Write(rows); err != nil {
		return err
	}
	copied := old.Counts
	copied.remove(read)
	p.info.Counts.Merge(copied)
	return nil
}

// copyGroup copies a row group, octet by octet, to the end of the file.
func (p *Part) copyGroup(f *os.File, group format.RowGroup, end int64) error {
	by := p.out.offset - group.FileOffset
	n, err := io.Copy(p.out, io.NewSectionReader(f, group.FileOffset, end-group.FileOffset))
	if err == nil && n != end-group.FileOffset {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	group.Columns = slices.Clone(group.Columns)
	shift(&group, by)
	p.groups = append(p.groups, group)
	return nil
}

// eachRow gives do the rows of a row group, until it returns an error.
func eachRow[R any](group parquet.RowGroup, do func(*R) error) error {
	var failed error
	open := func() *parquet.GenericReader[R] { return parquet.NewGenericRowGroupReader[R](group) }
	err := readRows(open, group.NumRows(), func(r *R) bool { failed = do(r); return failed == nil })
	return errors.Join(err, failed)
}
