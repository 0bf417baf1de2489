package domains

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

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
