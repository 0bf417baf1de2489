package domains

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"stsscan/internal/durable"
)

// sniffed is how much of a list is read to detect its compression, in octets.
const sniffed = 16

// A Source is an open list, decompressed and without a byte order mark. The compression is detected by the first
// octets (gzip, Zstandard, and zip with one file in it), never by the file name. A Source fails on what looks
// like a decompression bomb.
type Source struct {
	name    string
	raw     *rawReader
	text    io.Reader
	closers []func() error
}

// Open opens the list at path; "-" is stdin. Errors in its contents come from Read. It must be closed.
func Open(path string, stdin io.Reader) (*Source, error) { return open(path, stdin, "", nil) }

// open is Open. A zip archive is copied to a temporary file in dir ("": the system's). onRead, unless nil, is
// called with the number of octets of each read, and its error stops the reading.
func open(path string, stdin io.Reader, dir string, onRead func(n int64) error) (*Source, error) {
	s := &Source{name: path}
	if err := s.openRaw(path, stdin, onRead); err != nil {
		return nil, err
	}
	if err := s.openText(dir); err != nil {
		return nil, durable.JoinErrors(err, s.Close())
	}
	return s, nil
}

// openRaw opens a list without decompressing it.
func (s *Source) openRaw(path string, stdin io.Reader, onRead func(n int64) error) error {
	r := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		s.closers = append(s.closers, f.Close)
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return durable.JoinErrors(fmt.Errorf("open %s: is a directory", path), s.Close())
		}
		r = f
	} else if stdin == nil {
		return errors.New("open -: there is no standard input")
	}
	s.raw = &rawReader{r: r, hash: sha256.New(), onRead: onRead}
	return nil
}

// openText adds the decompressor. Errors in the data are left to Read, so that they come with a line number.
func (s *Source) openText(dir string) error {
	raw := bufio.NewReaderSize(s.raw, 256<<10)
	head, _ := raw.Peek(sniffed)
	c := sniff(head)
	text, closer, err := c.open(raw, dir)
	if err != nil {
		return fmt.Errorf("open %s: %w", s.name, err)
	}
	if closer != nil {
		s.closers = append(s.closers, closer)
	}
	if c != stored {
		text = &limitedReader{r: text, raw: s.raw, kind: c}
	}
	buffered := bufio.NewReaderSize(text, sniffed)
	head, _ = buffered.Peek(sniffed)
	switch inner := sniff(head); {
	case c != stored && inner != stored:
		s.text = errReader{fmt.Errorf("%s data inside %s data: decompress it first", inner, c)}
	case bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")):
		s.text = errReader{errors.New("text in UTF-16: convert it to UTF-8 first")}
	default:
		if bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
			buffered.Discard(3)
		}
		s.text = buffered
	}
	return nil
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

// Close closes the list.
func (s *Source) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}
