package egress

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"stsscan/internal/codes"
)

const (
	maxHeader = 16 << 10 // octets of status line and header, interim responses included
	maxBody   = 1 << 20  // octets of a response altogether: far more than any caller reads
)

// A Transport is an http.RoundTripper for policies: each request has a
// connection of its own, which is closed with the response's body. It is safe
// for concurrent use. Request and response are in HTTP/1.1, written and read by
// package net/http, one after the other without a goroutine; http.Transport
// would go on dialling for a request that has ended.
type Transport struct {
	Config
	dialer     *Dialer
	handshakes chan struct{} // one element for each handshake going on
}

// RoundTrip sends a GET request to the https URL of req, whose context is the
// limit of it all, the reading of the body included. It follows no redirect. Its
// errors are those of Config.Resolve, or of type *[Error].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	if req.Body != nil {
		_ = req.Body.Close() // the contract of http.RoundTripper
	}
	if req.URL.Scheme != "https" || req.URL.Port() != "" || req.Method != http.MethodGet || req.Body != nil && req.Body != http.NoBody {
		return nil, &Error{stage: codes.StageHTTP, reason: codes.ReasonMalformed, local: true, err: errors.New("not a GET of an https URL")}
	}
	host := req.URL.Hostname()
	raw, err := t.dialer.Dial(ctx, host)
	if err != nil {
		return nil, err
	}
	c := newConn(ctx, raw)
	secured, err := t.handshake(ctx, raw, host)
	if err != nil {
		c.Close()
		return nil, err
	}
	c.secured = secured
	resp, err := t.exchange(req, c)
	if err != nil {
		c.Close()
		return nil, httpError(err)
	}
	return resp, nil
}

// exchange writes the request and reads the response up to its body.
func (t *Transport) exchange(req *http.Request, c *conn) (*http.Response, error) {
	c.limit(t.HeaderTimeout, maxHeader)
	out := req.Clone(req.Context())
	out.Header.Set("User-Agent", t.UserAgent)
	out.Close = true
	if err := out.Write(c.secured); err != nil {
		return nil, err
	}
	in := bufio.NewReader(c)
	for {
		resp, err := http.ReadResponse(in, out)
		switch {
		case err != nil && c.left <= 0:
			return nil, errHeaderTooLarge
		case err != nil:
			return nil, err
		case resp.StatusCode == http.StatusSwitchingProtocols:
			return nil, errors.New("malformed: protocols are not switched")
		case resp.StatusCode < 200:
			continue // interim, within the same limits
		}
		c.limit(0, maxBody)
		resp.Body = &body{resp.Body, c}
		return resp, nil
	}
}

var errHeaderTooLarge = errors.New("the response's header is too large")

// httpError is the error for a request without a response.
func httpError(err error) *Error {
	e := &Error{stage: codes.StageHTTP, reason: codes.ReasonMalformed, err: err, local: isLocal(err)}
	switch {
	case errors.Is(err, errHeaderTooLarge):
		e.reason = codes.ReasonHeadersTooLarge
	case isTimeout(err):
		e.reason = codes.ReasonTimeout
	case isReset(err), strings.Contains(err.Error(), "tls: "):
		e.reason = codes.ReasonReset
	}
	return e
}

// A conn is a connection that ends with its context, and from which no more
// than a limit can be read.
type conn struct {
	raw     net.Conn
	secured *tls.Conn
	ctx     context.Context
	left    int64 // octets that may still be read
	release func() bool
}

func newConn(ctx context.Context, raw net.Conn) *conn {
	c := &conn{raw: raw, ctx: ctx}
	c.release = context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	return c
}

// limit lets n more octets be read, within the given time if it is not 0, and
// within the deadline of the context.
func (c *conn) limit(within time.Duration, n int64) {
	deadline, _ := c.ctx.Deadline()
	if limit := time.Now().Add(within); within > 0 && (deadline.IsZero() || limit.Before(deadline)) {
		deadline = limit
	}
	_ = c.raw.SetDeadline(deadline)
	if c.ctx.Err() != nil { // its end may have come before the new deadline
		_ = c.raw.SetDeadline(time.Unix(1, 0))
	}
	c.left = n
}

func (c *conn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := c.secured.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// Close ends the connection at once: whoever is on the other side is not
// waited for.
func (c *conn) Close() error {
	c.release()
	return c.raw.Close()
}

// A body is a response's body that takes its connection with it.
type body struct {
	io.ReadCloser
	conn *conn
}

func (b *body) Close() error { return b.conn.Close() }
