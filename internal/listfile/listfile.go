// Package listfile reads the text of a list from a file or from standard input, whether it is stored as it is, in
// gzip (RFC 1952), Zstandard (RFC 8878), xz or bzip2, or in a zip archive, and the hash of the list as it is stored.
//
// Text in UTF-16 with a byte order mark comes in UTF-8; text in any other encoding comes as it is.
//
// What is done is told by the octets of the list, never by its name; only of the files in an archive, the names say
// which are no lists. Memory is bounded, whatever the list holds.
// [Lines] and [Fields] split the text. The package does not know what it is about.
package listfile

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// sniffed is how much of a list is read to detect its compression, in octets.
const sniffed = 16

// Options say how to open a list. The zero Options are good for a file.
type Options struct {
	Stdin  io.Reader           // for the path "-"
	Temp   string              // begins the path of a copy of an archive; "": it is where the system has such files
	OnRead func(n int64) error // called with the octets of each read; its error stops the reading; nil: not called
}

// Open opens the list at path; "-" is standard input. Errors in its contents come from Read. It must be closed.
func Open(path string, options Options) (*Source, error) {
	s, err := openRaw(path, options)
	if err != nil {
		return nil, err
	}
	if err := s.openText(options.Temp); err != nil {
		return nil, cmp.Or(err, s.Close())
	}
	return s, nil
}

// Sum returns the SHA-256, in hexadecimal, and the length of the list at path, "-" or not, as it is stored.
func Sum(path string, options Options) (sum string, octets int64, err error) {
	s, err := openRaw(path, options)
	if err != nil {
		return "", 0, err
	}
	sum, octets, err = s.Sum()
	return sum, octets, cmp.Or(err, s.Close())
}

// IsArchive says whether the file at path begins as a zip archive, of which all must be read to open it.
func IsArchive(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	var head [sniffed]byte
	n, _ := f.Read(head[:]) // an error comes again later
	return sniff(head[:n]) == zipped, f.Close()
}

// openRaw opens a list without decompressing it.
func openRaw(path string, options Options) (*Source, error) {
	s := &Source{name: path}
	r := options.Stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		s.closers = append(s.closers, f.Close)
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return nil, cmp.Or(fmt.Errorf("open %s: is a directory", path), s.Close())
		}
		r = f
	} else if r == nil {
		return nil, errors.New("open -: there is no standard input")
	}
	s.raw = &rawReader{r: r, hash: sha256.New(), onRead: options.OnRead}
	return s, nil
}

// openText adds the decompressor. Errors in the data are left to Read, so that they come with a line number.
func (s *Source) openText(temp string) error {
	raw := bufio.NewReaderSize(s.raw, 256<<10)
	head, _ := raw.Peek(sniffed)
	c := sniff(head)
	text, err := s.decompress(raw, c, temp)
	if err != nil {
		return fmt.Errorf("open %s: %w", s.name, err)
	}
	if c != stored {
		text = &limitedReader{r: text, raw: s.raw, kind: c}
	}
	buffered := bufio.NewReaderSize(text, sniffed)
	head, _ = buffered.Peek(sniffed)
	switch inner := sniff(head); {
	case c != stored && inner != stored:
		s.text = errReader{fmt.Errorf("%s data inside %s data: decompress it first", inner, c)}
	default:
		s.text = decode(buffered, head)
	}
	return nil
}

// decode returns text that begins with head in UTF-8 without a byte order mark (RFC 3629, section 6; RFC 2781, section
// 3.2). Without a mark it is taken as it is.
func decode(text *bufio.Reader, head []byte) io.Reader {
	has := func(mark string) bool { return bytes.HasPrefix(head, []byte(mark)) }
	switch {
	case has("\xff\xfe\x00\x00"), has("\x00\x00\xfe\xff"):
		return errReader{errors.New("text in UTF-32: convert it to UTF-8 first")}
	case has("\xff\xfe"):
		text.Discard(2)
		return newUTF16Reader(text, binary.LittleEndian)
	case has("\xfe\xff"):
		text.Discard(2)
		return newUTF16Reader(text, binary.BigEndian)
	case has("\xef\xbb\xbf"):
		text.Discard(3)
	}
	return text
}
