package simnet

import (
	"bytes"
	"fmt"
	"strings"
)

// playHostile gives the responses of hostile servers, and of servers that are broken in similar ways.
func (w web) playHostile() {
	body := w.site.body
	switch w.site.bodyPlay {
	case bodyHangUp:
		// The end of the connection is all.
	case bodyCutOff:
		reset(w.raw)
	case bodyBadChunks:
		w.send(w.head(chunked()), chunks(body), []byte("no size\r\n"))
	case bodyBare:
		w.send(body)
	case bodyFrames:
		// SETTINGS and GOAWAY (RFC 9113, sections 6.5 and 6.8).
		w.send([]byte("\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"),
			[]byte("\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01"))
	case bodyStatusFlood:
		w.send([]byte("HTTP/1.1 200 "))
		w.repeat(bytes.Repeat([]byte("OK "), 1000))
	case bodyTrailerFlood:
		w.send(w.head(chunked()), chunks(body), []byte("0\r\n"))
		w.repeat(bytes.Repeat([]byte("X-Trailer: "+strings.Repeat("a", 100)+"\r\n"), 20))
	case bodyTwice:
		other := []byte("version: STSv1\nmode: none\nmax_age: 1\n")
		second := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(other), other)
		w.send(w.head(contentLength(len(body))), body, second)
	case bodyAbrupt:
		w.send(w.head(), body)
		w.raw.Close() // and no close_notify
	case bodyBothLengths:
		w.send(w.head(contentLength(len(body)/2), chunked()), chunks(body), []byte("0\r\n\r\n"))
	}
}
