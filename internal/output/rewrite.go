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

// Provisional yields the provisional rows of part k, each a new one. It reads
// only the row groups that have some. An error ends the sequence: it names the
// file.
func (d *Dataset) Provisional(k int) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		err := d.eachGroup(k, func(_ *os.File, file *parquet.File, _ PartInfo) error {
			for i, group := range file.Metadata().RowGroups {
				if provisional, err := hasProvisional(group); err != nil {
					return err
				} else if !provisional {
					continue
				}
				err := eachRow(file.RowGroups()[i], func(r *Row) error {
					if r.Pending != "" && !yield(r, nil) {
						return errStop
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// errStop ends a reading that has read enough.
var errStop = errors.New("enough")

// Keep takes over the rows of the file that the part is to replace, those that keep
// reports true for: the others were written to p already. It may change a row. Row
// groups without a provisional row, and with the columns of now, are copied as they
// are, and keep is not asked about them. The names that were excluded late stay so. The file must still be the
// one that old describes. After Keep the part is to be committed; until then the old
// file stands.
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
	return d.eachGroup(old.Part, func(f *os.File, file *parquet.File, info PartInfo) error {
		return p.keep(f, file, info, keep)
	})
}

// eachGroup opens the file of part k for do, and puts its name before errors.
func (d *Dataset) eachGroup(k int, do func(*os.File, *parquet.File, PartInfo) error) error {
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

// keep takes the rows of an older file into the part.
func (p *Part) keep(f *os.File, file *parquet.File, old PartInfo, keep func(r *Row) bool) error {
	ends, err := groupEnds(f, file, old.Bytes)
	if err != nil {
		return err
	}
	var read Counts // rows that are not copied as they are
	var rows []Row
	for i, group := range file.Metadata().RowGroups {
		provisional, err := hasProvisional(group)
		if err != nil {
			return err
		}
		if !provisional && p.layout.columns.Has(group) {
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

// copyGroup copies a row group, octet by octet, to where the file stands now.
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

// eachRow reads the rows of a row group.
func eachRow[R any](group parquet.RowGroup, do func(*R) error) error {
	var failed error
	open := func() *parquet.GenericReader[R] { return parquet.NewGenericRowGroupReader[R](group) }
	err := readRows(open, group.NumRows(), func(r *R) bool { failed = do(r); return failed == nil })
	return errors.Join(err, failed)
}
