package domains

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"
)

// A packedWriter compresses lines, and hashes and counts what comes out. It can
// be used again for another file.
type packedWriter struct {
	out io.Writer
	sum hash.Hash
	n   int64
	zip *zstd.Encoder
	buf *bufio.Writer
}

func newPackedWriter() (*packedWriter, error) {
	// One encoder at a time works in the caller's goroutine, and gives the same
	// octets for the same lines on every machine.
	zip, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(256<<10), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	return &packedWriter{zip: zip, buf: bufio.NewWriterSize(zip, 64<<10)}, nil
}

// begin makes w the file that is written to.
func (p *packedWriter) begin(w io.Writer) {
	p.out, p.sum, p.n = w, sha256.New(), 0
	p.zip.Reset(octets{p})
	p.buf.Reset(p.zip)
}

func (p *packedWriter) Write(line []byte) (int, error) { return p.buf.Write(line) }

func (p *packedWriter) finish() error { return with(p.buf.Flush(), p.zip.Close()) }

func (p *packedWriter) sha256() string { return hex.EncodeToString(p.sum.Sum(nil)) }

// octets are what a packedWriter's compression yields.
type octets struct{ p *packedWriter }

func (o octets) Write(b []byte) (int, error) {
	n, err := o.p.out.Write(b)
	o.p.sum.Write(b[:n])
	o.p.n += int64(n)
	return n, err
}

// A packedReader reads back what a packedWriter wrote.
type packedReader struct {
	raw *rawReader
	zip *zstd.Decoder
	buf *bufio.Reader
}

func newPackedReader(r io.Reader) (*packedReader, error) {
	raw := &rawReader{r: r, hash: sha256.New()}
	zip, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return &packedReader{raw: raw, zip: zip, buf: bufio.NewReaderSize(zip, 64<<10)}, nil
}

// next reads a record; the line behind it is valid until the next call. It
// returns io.EOF after the last one.
func (p *packedReader) next(r *record) (line []byte, err error) {
	line, err = p.buf.ReadSlice('\n')
	switch {
	case err == io.EOF && len(line) > 0:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	}
	return line, parseRecord(line[:len(line)-1], r)
}

func (p *packedReader) sha256() string { return hex.EncodeToString(p.raw.hash.Sum(nil)) }

func (p *packedReader) close() { p.zip.Close() }
