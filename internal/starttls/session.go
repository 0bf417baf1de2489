package starttls

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// Bounds of what a server may say.
const (
	maxLine    = 2048 // octets; RFC 5321 has 512
	maxLines   = 128  // of one reply
	quitWithin = 2 * time.Second
)

// A session is one connection to one server.
type session struct {
	conn   net.Conn
	in     *bufio.Reader
	host   string
	name   string
	dialer Dialer
	result Result
}

var errProtocol = errors.New("not SMTP")

// talk has the whole dialogue, and leaves what it saw in the result. The error is why it ended without a reply.
func (s *session) talk(ctx context.Context) error {
	s.in = bufio.NewReaderSize(s.conn, maxLine)
	greeting, err := s.reply()
	switch {
	case err != nil:
		return s.failed(err)
	case greeting.code != 220:
		return s.ended(codes.STARTTLSRefused, greeting)
	}
	hello, err := s.ask("EHLO " + s.name)
	switch {
	case err != nil:
		return s.failed(err)
	case hello.lacksEHLO():
		return s.withoutEHLO(hello)
	case hello.code != 250:
		return s.ended(codes.STARTTLSRefused, hello)
	case !hello.offers("STARTTLS"):
		return s.ended(codes.STARTTLSNotOffered, reply{})
	}
	ready, err := s.ask("STARTTLS")
	switch {
	case err != nil:
		return s.failed(err)
	case ready.code != 220:
		return s.ended(codes.STARTTLSRejected, ready)
	case s.in.Buffered() > 0:
		s.result.Class = codes.STARTTLSProtocol // plaintext after the reply: by the server, or injected on the way
		return nil
	}
	return s.secure(ctx)
}

// withoutEHLO says HELO to a server that does not know EHLO (RFC 5321, section 3.2). A server that takes it has
// no extensions, and so no STARTTLS. A server that is gone by then has refused us with its reply to EHLO.
func (s *session) withoutEHLO(unknown reply) error {
	hello, err := s.ask("HELO " + s.name)
	switch {
	case err != nil:
		err = s.failed(err)
		if s.result.Class == codes.STARTTLSReset {
			s.result.Class, s.result.Code = codes.STARTTLSRefused, unknown.code
		}
		return err
	case hello.code != 250:
		return s.ended(codes.STARTTLSRefused, hello)
	}
	return s.ended(codes.STARTTLSNotOffered, unknown)
}

// secure shakes hands.
func (s *session) secure(ctx context.Context) error {
	conn, peer, err := s.dialer.Secure(ctx, s.conn, s.host)
	s.result.Peer = peer
	var failed codes.TLSFailure
	switch {
	case err == nil:
		s.result.Class = codes.STARTTLSOK
	case ours(err):
		return err
	case errors.As(err, &failed):
		s.result.TLSError = failed.TLSError()
	default:
		s.result.TLSError = codes.TLSOther
	}
	if conn == nil {
		s.result.Class = codes.STARTTLSHandshake
		return err
	}
	if err != nil {
		s.result.Class = codes.STARTTLSCertificate
	}
	s.conn, s.in = conn, bufio.NewReaderSize(conn, maxLine)
	s.quit()
	_ = conn.Close()
	return nil
}

// ended says QUIT to a server that has decided the class.
func (s *session) ended(class codes.STARTTLS, last reply) error {
	s.result.Class, s.result.Code = class, last.code
	s.quit()
	return nil
}

// quit says QUIT, and waits a moment for the reply: servers log clients that just go.
func (s *session) quit() {
	_ = s.conn.SetDeadline(time.Now().Add(quitWithin))
	_, _ = s.ask("QUIT")
}

// failed is the class of a session without a reply, unless the fault is ours.
func (s *session) failed(err error) error {
	switch {
	case errors.Is(err, errProtocol):
		s.result.Class = codes.STARTTLSProtocol
		s.quit()
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		s.result.Class = codes.STARTTLSTimeout
	default:
		s.result.Class = codes.STARTTLSReset // io.EOF, ECONNRESET, or a router that has closed it
	}
	return err
}

// A reply is one of SMTP (RFC 5321, section 4.2).
type reply struct {
	code  int
	lines []string // what stands after the code
}

// lacksEHLO reports whether a reply to EHLO says that the server does not know it (RFC 5321, section 4.1.1.1).
func (r reply) lacksEHLO() bool { return r.code == 500 || r.code == 502 || r.code == 504 }

// offers reports whether a reply to EHLO has the keyword.
func (r reply) offers(keyword string) bool {
	for _, line := range r.lines[min(1, len(r.lines)):] {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.EqualFold(word, keyword) {
			return true
		}
	}
	return false
}

func (s *session) ask(command string) (reply, error) {
	if _, err := io.WriteString(s.conn, command+"\r\n"); err != nil {
		return reply{}, err
	}
	return s.reply()
}

// reply reads one reply, of bounded length.
func (s *session) reply() (reply, error) {
	var r reply
	for range maxLines {
		text, err := s.in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return r, fmt.Errorf("%w: a line of more than %d octets", errProtocol, maxLine)
		}
		if err != nil {
			return r, err
		}
		line := strings.TrimRight(string(text), "\r\n")
		code, rest, ok := replyLine(line)
		if !ok || r.code != 0 && code != r.code {
			return r, fmt.Errorf("%w: no reply", errProtocol)
		}
		r.code = code
		r.lines = append(r.lines, strings.TrimPrefix(strings.TrimPrefix(rest, "-"), " "))
		if !strings.HasPrefix(rest, "-") {
			return r, nil
		}
	}
	return r, fmt.Errorf("%w: a reply of more than %d lines", errProtocol, maxLines)
}

// replyLine splits a line: three digits, then nothing, a space, or a hyphen where more lines follow.
func replyLine(line string) (code int, rest string, ok bool) {
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return 0, "", false
	}
	for _, c := range []byte(line[:3]) {
		if c < '0' || c > '9' {
			return 0, "", false
		}
		code = 10*code + int(c-'0')
	}
	return code, line[3:], code >= 200 && code < 600
}

// ours reports whether err is our own fault, and says nothing about the host: that of the Dialer, or a lack of
// memory during a session.
func ours(err error) bool {
	return fault.Ours(err) || errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM)
}
