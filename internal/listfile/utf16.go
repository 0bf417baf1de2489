package listfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// A utf16Reader makes UTF-8 of UTF-16 (RFC 2781), as Excel writes "Unicode text". A surrogate alone becomes U+FFFD. An
// error is permanent.
type utf16Reader struct {
	r     *bufio.Reader
	order binary.ByteOrder
	buf   [4 << 10]byte
	text  []byte // in buf: what was not read yet
	err   error  // comes after text
}

// newUTF16Reader reads text behind its byte order mark.
func newUTF16Reader(r io.Reader, order binary.ByteOrder) *utf16Reader {
	return &utf16Reader{r: bufio.NewReaderSize(r, 64<<10), order: order}
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	if len(u.text) == 0 && u.err == nil {
		u.fill()
	}
	if len(u.text) == 0 && len(p) > 0 {
		return 0, u.err
	}
	n := copy(p, u.text)
	u.text = u.text[n:]
	return n, nil
}

// fill fills the buffer, unless an error comes before.
func (u *utf16Reader) fill() {
	u.text = u.buf[:0]
	for len(u.text)+utf8.UTFMax <= len(u.buf) {
		octets, err := u.r.Peek(2)
		if len(octets) == 1 && err == io.EOF {
			err = errors.New("UTF-16 text is cut off: it ends in half a character")
		}
		if err != nil {
			u.err = err
			return
		}
		c := rune(u.order.Uint16(octets))
		if utf16.IsSurrogate(c) {
			if octets, _ := u.r.Peek(4); len(octets) == 4 {
				if pair := utf16.DecodeRune(c, rune(u.order.Uint16(octets[2:]))); pair != utf8.RuneError {
					c = pair
					u.r.Discard(2)
				}
			}
		}
		u.r.Discard(2)
		u.text = utf8.AppendRune(u.text, c)
	}
}
