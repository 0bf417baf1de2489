package listfile

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/therootcompany/xz"
)

// Bounds against decompression bombs. Lists of names shrink to a tenth, or to a thirtieth if they are sorted.
const (
	bombRatio = 200
	bombFloor = 16 << 20 // octets of text before the ratio is looked at
	maxWindow = 128 << 20
)

// A compression is how a list is compressed.
type compression string

const (
	stored    compression = ""
	gzipped   compression = "gzip"
	zstandard compression = "zstd"
	zipped    compression = "zip"
	xzipped   compression = "xz"
	bzipped   compression = "bzip2"
)

// sniff detects a compression by the first octets.
func sniff(head []byte) compression {
	switch {
	case bytes.HasPrefix(head, []byte(gzipMagic)):
		return gzipped
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")),
		len(head) > 3 && head[0]&0xf0 == 0x50 && bytes.HasPrefix(head[1:], []byte("\x2a\x4d\x18")): // a skippable frame
		return zstandard
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return zipped
	case bytes.HasPrefix(head, []byte("\xfd7zXZ\x00")):
		return xzipped
	case bytes.HasPrefix(head, []byte("BZh")) && len(head) > 9 &&
		(string(head[4:10]) == "1AY&SY" || string(head[4:10]) == "\x17rE8P\x90"): // a block, or the end of none
		return bzipped
	}
	return stored
}

// decompress returns the text behind r, and notes what is to be closed. An error is one of this machine, or about what
// is in an archive. Bad data is an error of the text.
func (s *Source) decompress(r *bufio.Reader, c compression, temp string) (io.Reader, error) {
	switch c {
	case gzipped:
		z, err := newGzipReader(r)
		if err != nil {
			return errReader{err}, nil
		}
		s.closers = append(s.closers, z.Close)
		return z, nil
	case zstandard:
		// A decoder without concurrency works in the caller's goroutine.
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return errReader{err}, nil
		}
		s.closers = append(s.closers, func() error { z.Close(); return nil })
		return z, nil
	case xzipped:
		z, err := xz.NewReader(r, maxWindow)
		if err != nil {
			return errReader{err}, nil
		}
		return z, nil
	case bzipped:
		return bzip2.NewReader(r), nil
	case zipped:
		return s.openZip(r, temp)
	}
	return r, nil
}

// A limitedReader stops decompression bombs, and names the compression in errors. An error is permanent.
type limitedReader struct {
	r    io.Reader
	raw  *rawReader
	kind compression
	n    int64
	err  error
}

func (l *limitedReader) Read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	n, err := l.r.Read(p)
	l.n += int64(n)
	switch {
	case l.n > bombFloor && l.n/bombRatio > l.raw.n:
		n, l.err = 0, fmt.Errorf("%s data of more than %d times its size: refused as a decompression bomb", l.kind, bombRatio)
	case err == nil || err == io.EOF:
		l.err = err
	case l.raw.err != nil && l.raw.err != io.EOF:
		l.err = l.raw.err // the disk's fault, not the data's
	case slices.Contains(trailing(), err):
		l.err = fmt.Errorf("%s data has other data behind it", l.kind)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, xz.ErrBuf):
		l.err = fmt.Errorf("%s data is cut off", l.kind)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, xz.ErrMemlimit):
		l.err = fmt.Errorf("%s data needs a window of more than %d MiB", l.kind, maxWindow>>20)
	case errors.Is(err, xz.ErrData): // which has no more to say
		l.err = fmt.Errorf("%s data is corrupt", l.kind)
	default:
		l.err = fmt.Errorf("%s data is corrupt: %w", l.kind, err)
	}
	return n, l.err
}

// trailing are the errors of data behind compressed data. A decompressor takes it for another member, frame or stream,
// whose first octets are wrong; those of the first one were looked at before.
func trailing() []error {
	return []error{
		errTrailing, zstd.ErrMagicMismatch, xz.ErrFormat, bzip2.StructuralError("bad magic value in continuation file"),
	}
}

// errTrailing says that compressed data is followed by something else.
var errTrailing = errors.New("other data behind it")

const gzipMagic = "\x1f\x8b"

// A gzipReader reads the members of a gzip file (RFC 1952, section 2.2) as one text. Zeros up to the end of the
// file are padding, as on tapes. Anything else behind a member is an error, even a member behind zeros: gzip
// programs ignore it, and its names would be missing.
type gzipReader struct {
	raw    *bufio.Reader
	member *gzip.Reader
}

func newGzipReader(raw *bufio.Reader) (*gzipReader, error) {
	member, err := gzip.NewReader(raw)
	if err != nil {
		return nil, err
	}
	member.Multistream(false)
	return &gzipReader{raw: raw, member: member}, nil
}

func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		n, err := g.member.Read(p)
		if err == io.EOF {
			err = g.nextMember()
		}
		if n > 0 || err != nil || len(p) == 0 { // after an empty member there is nothing to return yet
			return n, err
		}
	}
}

// nextMember goes on to the next member, or returns io.EOF if there is none.
func (g *gzipReader) nextMember() error {
	head, err := g.raw.Peek(len(gzipMagic))
	switch {
	case len(head) == 0:
		return err
	case head[0] == 0:
		return g.padding()
	case !bytes.HasPrefix([]byte(gzipMagic), head): // it may be cut off
		return errTrailing
	}
	if err := g.member.Reset(g.raw); err != nil {
		return err
	}
	g.member.Multistream(false)
	return nil
}

// padding reads zeros up to the end of the file.
func (g *gzipReader) padding() error {
	for {
		if _, err := g.raw.Peek(1); err != nil {
			return err
		}
		window, _ := g.raw.Peek(g.raw.Buffered())
		if len(bytes.Trim(window, "\x00")) > 0 {
			return errTrailing
		}
		g.raw.Discard(len(window))
	}
}

func (g *gzipReader) Close() error { return g.member.Close() }
