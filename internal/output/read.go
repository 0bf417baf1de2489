package output

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/parquet-go/parquet-go"
)

// rowsPerRead is how many rows are read at a time.
const rowsPerRead = 256

// ReadPart yields the rows of the part file path in the order of the file, each a new one. An error ends the
// sequence: it names the file, and wraps [ErrDamaged] or [ErrForeign] where the file can be read and is not what it
// should be.
func ReadPart(path string) iter.Seq2[*Row, error] {
	return readPart(path, func(file *parquet.File, info PartInfo, do func(*Row) bool) error {
		if info.version == firstVersion {
			return readFirstVersion(file, info, do)
		}
		return readFile(file, info, do)
	})
}

// readFirstVersion gives do each row of a file that has names where there are numbers of labels now: the column
// registered_domain, which is read beside the others, and zone, which has the owner of the SOA whatever the domain.
func readFirstVersion(file *parquet.File, info PartInfo, do func(*Row) bool) error {
	type row struct {
		RegisteredDomain string `parquet:"registered_domain,optional"`
	}
	var failed error
	next, stop := iter.Pull(func(yield func(*row) bool) { failed = readFile(file, info, yield) })
	defer stop()
	err := readFile(file, info, func(r *Row) bool {
		names, ok := next()
		if !ok {
			return false
		}
		r.SetRegisteredDomain(names.RegisteredDomain)
		r.SetZoneName(r.Zone)
		return do(r)
	})
	return errors.Join(failed, err)
}

// ReadDomains is [ReadPart] for the column domain alone.
func ReadDomains(path string) iter.Seq2[string, error] {
	type row struct {
		Domain string `parquet:"domain"`
	}
	return readPart(path, func(file *parquet.File, info PartInfo, do func(string) bool) error {
		return readFile(file, info, func(r *row) bool { return do(r.Domain) })
	})
}

// readPart yields what read gives of a part file.
func readPart[V any](path string, read func(*parquet.File, PartInfo, func(V) bool) error) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		var none V
		f, err := os.Open(path)
		if err != nil {
			yield(none, err)
			return
		}
		defer f.Close()
		file, info, err := openPart(f)
		if err == nil {
			err = read(file, info, func(v V) bool { return yield(v, nil) })
		}
		if err != nil {
			yield(none, fmt.Errorf("%s: %w", path, err))
		}
	}
}

// readFile gives do the columns of R of each row, until it returns false.
func readFile[R any](file *parquet.File, info PartInfo, do func(*R) bool) error {
	return readRows(func() *parquet.GenericReader[R] { return parquet.NewGenericReader[R](file) }, info.Rows, do)
}

// readRows gives do each row, a new one, until it returns false. The reader has so many rows.
func readRows[R any](open func() *parquet.GenericReader[R], rows int64, do func(*R) bool) error {
	var reader *parquet.GenericReader[R]
	if err := catchPanic(func() error { reader = open(); return nil }); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	defer catchPanic(reader.Close)

	// A panic of do is the caller's: it is not caught.
	for left := rows; left > 0; {
		batch := make([]R, min(left, rowsPerRead))
		var n int
		err := catchPanic(func() (err error) { n, err = reader.Read(batch); return err })
		if n == 0 && err == nil || errors.Is(err, io.EOF) && int64(n) < left {
			err = io.ErrUnexpectedEOF
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: %d of %d rows cannot be read: %w", ErrDamaged, left, rows, err)
		}
		for i := range batch[:n] {
			if !do(&batch[i]) {
				return nil
			}
		}
		left -= int64(n)
	}
	return nil
}
