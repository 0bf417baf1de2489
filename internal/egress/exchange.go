package egress

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"time"
)

// maxHeader bounds status line and header, those of 1xx responses included. The
// default of net/http lets a server cost 195 MB.
const maxHeader = 16 << 10

var errHeaderTooLarge = errors.New("status line and header of more than 16 KiB")

// exchange sends the request over conn and reads the header of the response,
// whose body is still to be read from conn. One request a connection needs
// neither the pool of http.Transport nor its two goroutines, and an error comes
// as it was met.
func exchange(ctx context.Context, conn *connection, req *http.Request, limit time.Duration) (*http.Response, error) {
	defer within(ctx, conn, limit)()
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
			header.left = math.MaxInt // the body is bounded by who reads it
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

// A headerReader reads a bounded number of octets.
type headerReader struct {
	conn   net.Conn
	left   int
	failed error // by which reading ended, if not by the end of what there is
}

func (h *headerReader) Read(p []byte) (int, error) {
	if h.left <= 0 {
		h.failed = errHeaderTooLarge
		return 0, h.failed
	}
	n, err := h.conn.Read(p[:min(len(p), h.left)])
	h.left -= n
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		h.failed = err
	}
	return n, err
}

// shake is conn.HandshakeContext without its goroutine.
func shake(ctx context.Context, conn *tls.Conn) error {
	defer within(ctx, conn, 0)()
	return conn.Handshake()
}

// within lets conn be used until ctx ends and, where limit is above zero, for
// that long at most. After its release conn can be used until the deadline that
// was set, and within something else.
func within(ctx context.Context, conn net.Conn, limit time.Duration) (release func()) {
	deadline, ok := ctx.Deadline() // without one it is the zero time, which is none for conn too
	if end := time.Now().Add(limit); limit > 0 && (!ok || end.Before(deadline)) {
		deadline = end
	}
	_ = conn.SetDeadline(deadline)
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return func() { stop() }
}

// A body is that of a response, with the connection that it comes by. To close
// it closes that too, at once: nobody wants to read what else there may be.
type body struct {
	io.Reader
	conn   net.Conn
	stop   func()
	failed func(error) error // for what is a want of this machine
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if wanting(err) {
		err = b.failed(err)
	}
	return n, err
}

func (b *body) Close() error {
	defer b.stop()
	return b.conn.Close()
}
