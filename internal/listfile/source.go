package listfile

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// A Source is an open list, decompressed, in UTF-8 and without a byte order mark. The compression is detected by the
// first octets (gzip, Zstandard, xz, bzip2, and zip with one list in it), never by the file name. A Source fails on
// what looks like a decompression bomb.
type Source struct {
	name    string
	raw     *rawReader
	text    io.Reader
	closers []func() error
	leftOut []string // see LeftOut
}

// Read reads the text of the list.
func (s *Source) Read(p []byte) (int, error) { return s.text.Read(p) }

// Sum reads the rest of the list, without decompressing it, and returns the SHA-256, in hexadecimal, and the
// length of the whole list as it is stored.
func (s *Source) Sum() (string, int64, error) {
	if _, err := io.Copy(io.Discard, s.raw); err != nil {
		return "", 0, fmt.Errorf("%s: %w", s.name, err)
	}
	return hex.EncodeToString(s.raw.hash.Sum(nil)), s.raw.n, nil
}

// LeftOut are the names of the files in an archive that were left out, since they are no lists.
func (s *Source) LeftOut() []string { return s.leftOut }

// Close closes the list.
func (s *Source) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}
