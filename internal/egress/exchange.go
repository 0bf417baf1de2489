package egress

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
)

// maxHeader bounds status line and header, those of 1xx responses included. The default of net/http lets a
// server cost 195 MB.
const maxHeader = 16 << 10

var errHeaderTooLarge = errors.New("status line and header of more than 16 KiB")

// exchange sends the request over conn and reads the header of the response, until ctx ends. The body is left
// to be read from conn. With one request for each connection there is no need for the pool of http.Transport
// and its two goroutines, and errors come as they are.
func exchange(ctx context.Context, conn *connection, req *http.Request) (*http.Response, error) {
	defer useUntil(ctx, conn)()
	var text bytes.Buffer
	if err := req.Write(&text); err != nil {
		return nil, err
	}
	conn.cork.open = true
	_, unsent := conn.Write(text.Bytes())

	// A server that refuses before it has read the request may be gone by now. Its response is still to be read.
	header := &headerReader{conn: conn, left: maxHeader}
	buffered := bufio.NewReaderSize(header, 1<<10)
	if first, _ := buffered.Peek(frameHeader); http2Frame(first) {
		return nil, errHTTP2
	}
	for {
		begin := len(header.seen) - buffered.Buffered()
		resp, err := http.ReadResponse(buffered, req)
		if err != nil {
			if header.failed != nil { // net/http takes a cut line for a whole one
				err = header.failed
			}
			if unsent != nil {
				err = fmt.Errorf("%w, and the request was not sent: %w", err, unsent)
			}
			return nil, err
		}
		if err := checkStatusLine(resp); err != nil {
			return nil, err
		}
		if resp.StatusCode/100 != 1 || resp.StatusCode == http.StatusSwitchingProtocols {
			restoreLengths(resp, header.seen[begin:len(header.seen)-buffered.Buffered()])
			header.over, header.seen = true, nil
			return resp, nil
		}
	}
}

// checkStatusLine refuses status lines that net/http takes and RFC 9112, section 4, does not: those of another
// major version, whose body may end in another way, and those whose status is none (RFC 9110, section 15).
func checkStatusLine(resp *http.Response) error {
	switch {
	case resp.ProtoMajor != 1:
		return fmt.Errorf("a response of %s to a request of HTTP/1.1", resp.Proto)
	case resp.StatusCode < 100:
		return fmt.Errorf("status %.3q", resp.Status)
	}
	return nil
}

// restoreLengths puts the fields for the length of a body back into the header of the response as they were
// sent: net/http drops those that do not count.
func restoreLengths(resp *http.Response, head []byte) {
	_, fields, _ := bytes.Cut(head, []byte("\n"))
	if !bytes.Contains(bytes.ToLower(fields), []byte("transfer-encoding")) {
		return
	}
	sent, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(fields))).ReadMIMEHeader()
	if err != nil {
		return // net/http has read it
	}
	for _, name := range []string{"Content-Length", "Transfer-Encoding"} {
		if values := sent[name]; len(values) > 0 {
			resp.Header[name] = values
		}
	}
}

// A headerReader reads a bounded number of octets, and keeps them, until the header is over. The reader of the
// body bounds the body.
type headerReader struct {
	conn   net.Conn
	left   int
	seen   []byte
	over   bool
	failed error // why reading ended, unless at the end of the connection
}

func (h *headerReader) Read(p []byte) (int, error) {
	if h.over {
		return h.conn.Read(p)
	}
	if h.left <= 0 {
		h.failed = errHeaderTooLarge
		return 0, h.failed
	}
	n, err := h.conn.Read(p[:min(len(p), h.left)])
	h.left -= n
	h.seen = append(h.seen, p[:n]...)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		h.failed = err
	}
	return n, err
}

// A body is that of a response, with its connection. Closing it closes the connection at once, whatever is
// still to come.
type body struct {
	io.Reader
	conn   *connection
	toEnd  bool // neither a length nor chunks: the end is that of the connection
	stop   func()
	failed func(error) error // says more where the fault is not the host's
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	switch {
	case err == io.EOF && b.toEnd && b.conn.cork.ended:
		// crypto/tls says io.EOF after close_notify, which it reads before the end of the connection, and at that end
		// too where it comes between two records.
		err = unclosedError{}
	case err != nil:
		err = b.failed(err)
	}
	return n, err
}

// An unclosedError takes the place of io.EOF where a body without a length is ended by the connection alone,
// without close_notify: it may have been cut there (RFC 9112, section 9.8).
type unclosedError struct{}

func (unclosedError) Error() string { return "the connection ended without close_notify" }

// Unclosed tells this error from those after which octets are missing.
func (unclosedError) Unclosed() bool { return true }

func (b *body) Close() error {
	defer b.stop()
	return b.conn.Close()
}

// errHTTP2 says that a server answered a request of HTTP/1.1 with frames of HTTP/2.
var errHTTP2 = errors.New("frames of HTTP/2")

// frameHeader is how many octets the header of a frame has (RFC 9113, section 4.1).
const frameHeader = 9

// http2Frame reports whether a response begins as a connection of HTTP/2 does, with SETTINGS, or as one ends
// that did not begin so, with GOAWAY (sections 6.5 and 6.8). Both are of the stream 0.
func http2Frame(b []byte) bool {
	const settings, goAway = 4, 7
	if len(b) < frameHeader || b[5]&0x7f|b[6]|b[7]|b[8] != 0 {
		return false
	}
	length := int(b[0])<<16 | int(b[1])<<8 | int(b[2])
	switch b[3] {
	case settings:
		return length%6 == 0
	case goAway:
		return length >= 8
	}
	return false
}
