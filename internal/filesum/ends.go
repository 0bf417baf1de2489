// Package filesum knows the ends of a Parquet file, and the checksum of the whole file that its footer has: the SHA-256
// with zeros in its own place. It covers what the checksums of pages leave out: their headers, the filters and the
// footer.
package filesum

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrDamaged says that a file is not as it was written.
var ErrDamaged = errors.New("not a whole part file")

// Magic begins and ends a Parquet file.
const Magic = "PAR1"

// CheckEnds checks the first and the last octets of a Parquet file: the library believes any length of the footer. Its
// error wraps [ErrDamaged] where the file can be read.
func CheckEnds(f io.ReaderAt, size int64) error {
	head, tail := make([]byte, len(Magic)), make([]byte, 4+len(Magic))
	if size < int64(len(head)+len(tail)) {
		return fmt.Errorf("%w: %d bytes are too few", ErrDamaged, size)
	}
	if _, err := f.ReadAt(head, 0); err != nil {
		return err
	}
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return err
	}
	switch footer := int64(binary.LittleEndian.Uint32(tail)); {
	case string(head) != Magic:
		return fmt.Errorf("%w: it does not begin as Parquet does", ErrDamaged)
	case string(tail[4:]) != Magic:
		return fmt.Errorf("%w: the end is missing", ErrDamaged)
	case footer > size-int64(len(head)+len(tail)):
		return fmt.Errorf("%w: a footer of %d bytes cannot be", ErrDamaged, footer)
	}
	return nil
}

// FooterStart is the offset of the footer in a file that CheckEnds has accepted.
func FooterStart(f io.ReaderAt, size int64) (int64, error) {
	tail := make([]byte, 4+len(Magic))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return 0, err
	}
	return size - int64(len(tail)) - int64(binary.LittleEndian.Uint32(tail)), nil
}
