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
func ReadPart(path string) iter.Seq2[*Row, error] { return readPart[Row](path) }

// ReadDomains is [ReadPart] for the column domain alone.
func ReadDomains(path string) iter.Seq2[string, error] {
	type row struct {
		Domain string `parquet:"domain"`
	}
	return func(yield func(string, error) bool) {
		for r, err := range readPart[row](path) {
			if err != nil {
				yield("", err)
				return
			}
			if !yield(r.Domain, nil) {
				return
			}
		}
	}
}

// readPart yields the columns of R from a part file.
func readPart[R any](path string) iter.Seq2[*R, error] {
	return func(yield func(*R, error) bool) {
		if err := eachRowOfFile(path, func(r *R) bool { return yield(r, nil) }); err != nil {
			yield(nil, err)
		}
	}
}

func eachRowOfFile[R any](path string, do func(*R) bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	file, info, err := openPart(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	open := func() *parquet.GenericReader[R] { return parquet.NewGenericReader[R](file) }
	if err := readRows(open, info.Rows, do); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
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
