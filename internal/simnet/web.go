package simnet

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"net/url"
	"strings"
	"time"
)

const (
	policyPath   = "/.well-known/mta-sts.txt" // RFC 8461, section 3.2
	requestLimit = 16 << 10                   // octets of a request's header
	dripInterval = time.Second
	bombMembers  = 100 // of a MiB each, once decompressed
)

// serveWeb answers one request, then ends the connection. raw is the connection below conn. The policy is at
// the policy path of the host that the handshake named; other paths are not found, other hosts are misdirected.
func serveWeb(conn *tls.Conn, raw net.Conn, host string, s site) {
	defer conn.Close()
	req, err := readRequest(conn)
	if err != nil {
		return
	}
	switch {
	case !strings.EqualFold(strings.TrimSuffix(req.host, ":443"), host):
		s = site{status: statusMisdirected}
	case req.path != policyPath:
		s = site{status: statusNotFound}
	case req.method != "GET" && req.method != "HEAD":
		s = site{status: statusMethodNotAllowed, header: [][2]string{{"Allow", "GET, HEAD"}}}
	}
	if s.delay.header > 0 && !linger(raw, s.delay.header) {
		return
	}
	w := web{out: conn, raw: raw, site: s}
	w.noBody = req.method == "HEAD" || w.bodiless()
	w.play()
}

// A request is the part of one that a host reads.
type request struct {
	method, path, host string
}

// readRequest reads the head of an HTTP/1 request (RFC 9112, section 3). Anything else is an error, and gets no
// response.
func readRequest(r io.Reader) (request, error) {
	head := textproto.NewReader(bufio.NewReader(io.LimitReader(r, requestLimit)))
	line, err := head.ReadLine()
	if err != nil {
		return request{}, err
	}
	method, rest, _ := strings.Cut(line, " ")
	target, version, _ := strings.Cut(rest, " ")
	if !strings.HasPrefix(version, "HTTP/1.") {
		return request{}, fmt.Errorf("not a request line: %q", line)
	}
	uri, err := url.ParseRequestURI(target)
	if err != nil {
		return request{}, err
	}
	header, err := head.ReadMIMEHeader()
	if err != nil {
		return request{}, err
	}
	return request{method: method, path: uri.Path, host: header.Get("Host")}, nil
}

// A web is one response.
type web struct {
	out    io.Writer
	raw    net.Conn
	site   site
	noBody bool
}

// play gives the response as the site's bodyPlay says. Its writes fail when the peer is gone, which is how the
// endless ones end.
func (w web) play() {
	body := w.site.body
	switch w.site.bodyPlay {
	case bodyContentLength:
		w.send(w.head(contentLength(len(body))), body)
	case bodyChunked:
		w.send(w.head(chunked()), chunks(body), []byte("0\r\n\r\n"))
	case bodyClose:
		w.send(w.head(), body)
	case bodyShort:
		w.send(w.head(contentLength(len(body)+400)), body)
	case bodyDrip:
		w.send(w.head(contentLength(len(body))))
		w.drip(body)
	case bodyEndless:
		w.send(w.head(chunked()), chunks(body))
		w.repeat(chunks(bytes.Repeat([]byte("more: of the same\n"), 200)))
	case bodyHeaderFlood:
		w.send(w.openHead())
		w.repeat(bytes.Repeat([]byte("X-Flood: "+strings.Repeat("a", 100)+"\r\n"), 20))
	case bodyHeaderDrip:
		w.send(w.openHead())
		w.drip(bytes.Repeat([]byte("X-Drip: a\r\n"), 10_000))
	case bodySilent:
		linger(w.raw, 0)
	case bodyGarbage:
		w.send([]byte("\x00\x15\xff not a status line\r\n\r\n"))
	case bodyReset:
		w.send(w.head(contentLength(len(body)+400)), body)
		reset(w.raw)
	case bodyBomb:
		w.send(w.head(chunked(), [2]string{"Content-Encoding", "gzip"}))
		w.bomb()
	case bodyHintFlood:
		w.repeat(bytes.Repeat([]byte("HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"), 20))
	case bodyChunkFlood:
		w.send(w.head(chunked()), []byte("1"))
		w.repeat(bytes.Repeat([]byte(";name=value"), 200))
	default:
		w.playHostile()
	}
}

// send writes the parts at once, so that a response is one TLS record where it can be, or the first one at once
// and the others slowly.
func (w web) send(parts ...[]byte) bool {
	if w.noBody {
		parts = parts[:1]
	}
	if w.site.delay.body > 0 && len(parts) > 1 {
		return w.write(parts[0]) && w.spread(bytes.Join(parts[1:], nil))
	}
	return w.write(parts...)
}

func (w web) write(parts ...[]byte) bool {
	_, err := w.out.Write(bytes.Join(parts, nil))
	return err == nil
}

// spread writes data in a few pieces, the last one when the time is over.
func (w web) spread(data []byte) bool {
	const pieces = 5
	for i := range pieces {
		if !linger(w.raw, w.site.delay.body/pieces) || !w.write(data[i*len(data)/pieces:(i+1)*len(data)/pieces]) {
			return false
		}
	}
	return true
}

func (w web) repeat(data []byte) {
	for w.send(data) {
	}
}

func (w web) drip(data []byte) {
	for i := range data {
		if !linger(w.raw, dripInterval) || !w.send(data[i:i+1]) {
			return
		}
	}
}

// bomb sends one compressed MiB again and again: a gzip stream may have many members (RFC 1952, section 2.2),
// and so it costs the sender nothing.
func (w web) bomb() {
	member, err := zipped(make([]byte, 1<<20))
	if err != nil {
		return
	}
	for range bombMembers {
		if !w.send(chunks(member)) {
			return
		}
	}
	w.send([]byte("0\r\n\r\n"))
}

// chunks is body as one chunk; no body is no chunk.
func chunks(body []byte) []byte {
	if len(body) == 0 {
		return nil
	}
	return fmt.Appendf(nil, "%x\r\n%s\r\n", len(body), body)
}

func contentLength(n int) [2]string {
	return [2]string{"Content-Length", fmt.Sprint(n)}
}

func chunked() [2]string {
	return [2]string{"Transfer-Encoding", "chunked"}
}

// bodiless says whether the status forbids a body (RFC 9110, sections 15.3.5 and 15.4.5).
func (w web) bodiless() bool {
	return w.site.status == statusNoContent || w.site.status == statusNotModified
}

// head is the status line and the whole header.
func (w web) head(framing ...[2]string) []byte {
	head := w.openHead()
	if w.bodiless() {
		framing = nil
	}
	for _, f := range framing {
		head = fmt.Appendf(head, "%s: %s\r\n", f[0], f[1])
	}
	return append(head, "\r\n"...)
}

// openHead is the status line and the header fields of the site, without the empty line.
func (w web) openHead() []byte {
	status := w.status()
	head := fmt.Appendf(nil, "HTTP/1.1 %03d %s\r\nConnection: close\r\n", status, statusText(status))
	typed := false
	for _, f := range w.site.header {
		if strings.EqualFold(f[0], "Content-Type") {
			typed = true
			if f[1] == "" {
				continue
			}
		}
		head = fmt.Appendf(head, "%s: %s\r\n", f[0], f[1])
	}
	if !typed {
		head = append(head, "Content-Type: text/plain\r\n"...)
	}
	return head
}

func (w web) status() int {
	if w.site.status == 0 {
		return statusOK
	}
	return w.site.status
}
