package egress

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"time"
)

// maxHeader bounds status line and header, those of 1xx responses included. The
// default of net/http lets a server cost 195 MB.
const maxHeader = 16 << 10

var errHeaderTooLarge = errors.New("status line and header of more than 16 KiB")

// exchange sends the request over conn and reads the header of the response,
// whose body is still to be read from conn, until ctx ends. One request a connection needs
// neither the pool of http.Transport nor its two goroutines, and an error comes
// as it was met.
func exchange(ctx context.Context, conn *connection, req *http.Request) (*http.Response, error) {
	defer within(ctx, conn)()
	var text bytes.Buffer
	if err := req.Write(&text); err != nil {
		return nil, err
	}
	conn.cork.open = true
	_, unsent := conn.Write(text.Bytes())

	// A server that refuses before it has read the request may be gone by now,
	// and what it said is still to be read.
	header := &headerReader{conn: conn, left: maxHeader}
	buffered := bufio.NewReaderSize(header, 1<<10)
	if first, _ := buffered.Peek(frameHeader); http2Frame(first) {
		return nil, errHTTP2
	}
	for {
		begin := len(header.seen) - buffered.Buffered()
		resp, err := http.ReadResponse(buffered, req)
		if err != nil {
			if header.failed != nil { // net/http takes what came before it for a whole line
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

// checkStatusLine refuses what net/http takes for a status line and RFC 9112,
// section 4, does not: another major version, whose body may end otherwise, and
// what is no status (RFC 9110, section 15).
func checkStatusLine(resp *http.Response) error {
	switch {
	case resp.ProtoMajor != 1:
		return fmt.Errorf("a response of %s to a request of HTTP/1.1", resp.Proto)
	case resp.StatusCode < 100:
		return fmt.Errorf("status %.3q", resp.Status)
	}
	return nil
}

// restoreLengths puts the fields that say how long a body is back into the header of
// the response, as they were sent: net/http leaves out those that do not count.
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

// A headerReader reads a bounded number of octets, and keeps them, until the header
// is over: the body is bounded by who reads it.
type headerReader struct {
	conn   net.Conn
	left   int
	seen   []byte
	over   bool
	failed error // by which reading ended, if not by the end of what there is
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

// shake is conn.HandshakeContext without its goroutine.
func shake(ctx context.Context, conn *tls.Conn) error {
	defer within(ctx, conn)()
	return conn.Handshake()
}

// within lets conn be used until ctx ends. After its release, which is called once, conn can be used
// until the deadline that was set, and within something else.
func within(ctx context.Context, conn net.Conn) (release func()) {
	deadline, _ := ctx.Deadline() // without one it is the zero time, which is none for conn too
	_ = conn.SetDeadline(deadline)
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		_ = conn.SetDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-ended // lest it ends what conn is used for next
		}
	}
}

// A body is that of a response, with the connection that it comes by. To close
// it closes that too, at once: nobody wants to read what else there may be.
type body struct {
	io.Reader
	conn   *connection
	toEnd  bool // neither a length nor chunks: the end is that of the connection
	stop   func()
	failed func(error) error // says more of what is no fault of the host's
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	switch {
	case err == io.EOF && b.toEnd && b.conn.cork.ended:
		// crypto/tls says io.EOF after close_notify, which it reads before the end
		// of the connection, and at that end too where it comes between two records.
		err = unclosedError{}
	case err != nil:
		err = b.failed(err)
	}
	return n, err
}

// An unclosedError takes the place of io.EOF where a body without a length is
// ended by the connection alone, without close_notify: it may have been cut there
// (RFC 9112, section 9.8).
type unclosedError struct{}

func (unclosedError) Error() string { return "the connection ended without close_notify" }

// Unclosed tells this end of a body from errors after which octets are missing.
func (unclosedError) Unclosed() bool { return true }

func (b *body) Close() error {
	defer b.stop()
	return b.conn.Close()
}
