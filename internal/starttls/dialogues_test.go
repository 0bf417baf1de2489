package starttls_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/starttls"
)

// A dialogueDialer leads to a server that writes the first of its lines at once, and one more after each command.
// Handshakes succeed.
type dialogueDialer struct {
	lines []string
	pace  time.Duration // between octets; 0: none
	stay  bool          // it keeps the connection open after its last line
	heard *[]string
}

func (d dialogueDialer) Dial(context.Context, string, time.Duration) (net.Conn, netip.Addr, error) {
	ours, theirs := net.Pipe()
	go d.serve(theirs)
	return ours, netip.AddrFrom4([4]byte{22, 1, 0, 1}), nil
}

func (d dialogueDialer) Secure(_ context.Context, conn net.Conn, _ string) (net.Conn, starttls.Peer, error) {
	return conn, starttls.Peer{TLSVersion: "1.3"}, nil
}

func (d dialogueDialer) serve(conn net.Conn) {
	defer conn.Close()
	commands := bufio.NewReader(conn)
	for i, text := range d.lines {
		if i > 0 {
			command, err := commands.ReadString('\n')
			if err != nil {
				return
			}
			*d.heard = append(*d.heard, strings.TrimSpace(command))
		}
		for d.pace > 0 && text != "" {
			time.Sleep(d.pace)
			if _, err := conn.Write([]byte(text[:1])); err != nil {
				return
			}
			text = text[1:]
		}
		if text == "" { // a pipe would wait for a reader
			continue
		}
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
	}
	if d.stay {
		_, _ = io.Copy(io.Discard, commands)
	}
}

// Whatever servers say instead of SMTP, or in odd SMTP, ends in its class and in time. Nothing is said to them
// but EHLO, HELO where EHLO is not known, STARTTLS and QUIT.
func TestDialogues(t *testing.T) {
	const hello, ehlo = "220 mx.example.com\r\n", "250-mx.example.com\r\n250 STARTTLS\r\n"
	const ready, bye = "220 go on\r\n", "221 bye\r\n"
	well := func(change func(lines []string)) []string {
		lines := []string{hello, ehlo, ready, bye}
		change(lines)
		return lines
	}
	greeting := func(text string) []string { return well(func(lines []string) { lines[0] = text }) }
	extensions := func(text string) []string { return well(func(lines []string) { lines[1] = text }) }
	answer := func(text string) []string { return well(func(lines []string) { lines[2] = text }) }
	for _, tt := range []struct {
		title string
		lines []string
		pace  time.Duration
		stay  bool
		class codes.STARTTLS
		code  int
	}{
		{"as it should be", well(func([]string) {}), 0, false, codes.STARTTLSOK, 0},
		{"a line of three octets", greeting("220\r\n"), 0, false, codes.STARTTLSOK, 0},
		{"lines that end in LF", []string{"220 a\n", "250-a\n250 STARTTLS\n", "220 a\n", "221 a\n"}, 0, false, codes.STARTTLSOK, 0},
		{"lines that end in CR", []string{"220 a\r", "250 a\r"}, 0, true, codes.STARTTLSTimeout, 0},
		{"octet by octet", well(func([]string) {}), 100 * time.Millisecond, false, codes.STARTTLSOK, 0},
		{"octet by octet, too slowly", well(func([]string) {}), 2 * time.Second, false, codes.STARTTLSTimeout, 0},

		{"a greeting of 128 lines", greeting(strings.Repeat("220-a\r\n", 127) + "220 a\r\n"), 0, false, codes.STARTTLSOK, 0},
		{"a greeting of 129 lines", greeting(strings.Repeat("220-a\r\n", 128) + "220 a\r\n"), 0, false, codes.STARTTLSProtocol, 0},
		{"a greeting of two codes", greeting("220-a\r\n250 a\r\n"), 0, false, codes.STARTTLSProtocol, 0},
		{"a greeting of an odd code", greeting("299 a\r\n"), 0, false, codes.STARTTLSRefused, 299},
		{"a code that is none", greeting("199 a\r\n"), 0, false, codes.STARTTLSProtocol, 0},
		{"a code above all", greeting("600 a\r\n"), 0, false, codes.STARTTLSProtocol, 0},
		{"a code in other digits", greeting("２２０ a\r\n"), 0, false, codes.STARTTLSProtocol, 0},
		{"a code and no space", greeting("220a\r\n"), 0, false, codes.STARTTLSProtocol, 0},
		{"a blank line first", greeting("\r\n220 a\r\n"), 0, false, codes.STARTTLSProtocol, 0},
		{"a greeting with NUL", greeting("220 a\x00b\r\n"), 0, false, codes.STARTTLSOK, 0},
		{"a greeting of eight bits", greeting("220 \xff\xfe\r\n"), 0, false, codes.STARTTLSOK, 0},
		{"a greeting as long as it may be", greeting("220 " + strings.Repeat("x", 2048-6) + "\r\n"), 0, false, codes.STARTTLSOK, 0},
		{"a greeting that is too long", greeting("220 " + strings.Repeat("x", 2048) + "\r\n"), 0, false, codes.STARTTLSProtocol, 0},
		{"a line without end", greeting("220 " + strings.Repeat("x", 1<<20)), 0, true, codes.STARTTLSProtocol, 0},
		{"telnet", greeting("\xff\xfd\x18220 a\r\n"), 0, false, codes.STARTTLSProtocol, 0},
		{"HTTP", greeting("HTTP/1.1 400 Bad Request\r\n\r\n"), 0, false, codes.STARTTLSProtocol, 0},
		{"IMAP", greeting("* OK ready\r\n"), 0, false, codes.STARTTLSProtocol, 0},
		{"TLS at once", greeting("\x15\x03\x03\x00\x02\x02\x28"), 0, false, codes.STARTTLSTimeout, 0},
		{"half a greeting", greeting("220-a\r\n")[:1], 0, false, codes.STARTTLSReset, 0},

		{"100,000 extensions", extensions(strings.Repeat("250-X\r\n", 100_000) + "250 STARTTLS\r\n"), 0, true, codes.STARTTLSProtocol, 0},
		{"STARTTLS as the name of the host", extensions("250 STARTTLS\r\n"), 0, false, codes.STARTTLSNotOffered, 0},
		{"in lower case", extensions("250-a\r\n250 starttls\r\n"), 0, false, codes.STARTTLSOK, 0},
		{"with a parameter", extensions("250-a\r\n250 STARTTLS now\r\n"), 0, false, codes.STARTTLSOK, 0},
		{"with spaces", extensions("250-a\r\n250   STARTTLS  \r\n"), 0, false, codes.STARTTLSOK, 0},
		{"another word that begins so", extensions("250-a\r\n250 STARTTLS2\r\n"), 0, false, codes.STARTTLSNotOffered, 0},
		{"a word that was replaced on the way", extensions("250-a\r\n250 XXXXXXXA\r\n"), 0, false, codes.STARTTLSNotOffered, 0},
		{"EHLO is not known", []string{hello, "502 no\r\n", "250 a\r\n", bye}, 0, false, codes.STARTTLSNotOffered, 502},
		{"EHLO is bad syntax", []string{hello, "500 no\r\n", "250 a\r\n", bye}, 0, false, codes.STARTTLSNotOffered, 500},
		{"EHLO is not for us", []string{hello, "504 no\r\n", "250 a\r\n", bye}, 0, false, codes.STARTTLSNotOffered, 504},
		{"EHLO is not known, in many lines", []string{hello, "502-no\r\n502 no\r\n", "250-a\r\n250 STARTTLS\r\n", bye}, 0, false, codes.STARTTLSNotOffered, 502},
		{"neither is HELO", []string{hello, "502 no\r\n", "500 no\r\n", bye}, 0, false, codes.STARTTLSRefused, 500},
		{"HELO is refused", []string{hello, "502 no\r\n", "550 no\r\n", bye}, 0, false, codes.STARTTLSRefused, 550},
		{"HELO is put off", []string{hello, "502 no\r\n", "421 later\r\n"}, 0, false, codes.STARTTLSRefused, 421},
		{"silent after HELO", []string{hello, "502 no\r\n", ""}, 0, true, codes.STARTTLSTimeout, 0},
		{"no SMTP after HELO", []string{hello, "502 no\r\n", "hello\r\n", bye}, 0, false, codes.STARTTLSProtocol, 0},
		{"EHLO is not known, and gone", []string{hello, "502 no\r\n"}, 0, false, codes.STARTTLSRefused, 502},
		{"EHLO is not known, and gone after HELO", []string{hello, "502 no\r\n", ""}, 0, false, codes.STARTTLSRefused, 502},
		{"EHLO is refused", extensions("550 no\r\n"), 0, false, codes.STARTTLSRefused, 550},
		{"EHLO is refused in another way", extensions("501 no\r\n"), 0, false, codes.STARTTLSRefused, 501},
		{"EHLO is put off", extensions("421 later\r\n"), 0, false, codes.STARTTLSRefused, 421},
		{"extensions without end", extensions("250-a\r\n250-STARTTLS\r\n")[:2], 0, true, codes.STARTTLSTimeout, 0},
		{"gone within the extensions", extensions("250-a\r\n250-STARTTLS\r\n")[:2], 0, false, codes.STARTTLSReset, 0},

		{"a reply of many lines", answer("220-go\r\n220 on\r\n"), 0, false, codes.STARTTLSOK, 0},
		{"a reply of another kind", answer("250 go on\r\n"), 0, false, codes.STARTTLSRejected, 250},
		{"a refusal for now", answer("454 later\r\n"), 0, false, codes.STARTTLSRejected, 454},
		{"more than the reply", answer("220 go on\r\n250 and on\r\n"), 0, false, codes.STARTTLSProtocol, 0},
		{"all at once", []string{hello + ehlo + ready, "", "", bye}, 0, true, codes.STARTTLSOK, 0},
		{"all at once, and more", []string{hello + ehlo + ready + "250 evil\r\n", "", "", bye}, 0, true, codes.STARTTLSProtocol, 0},

		{"silent from the beginning", []string{""}, 0, true, codes.STARTTLSTimeout, 0},
		{"silent after EHLO", []string{hello, ""}, 0, true, codes.STARTTLSTimeout, 0},
		{"silent after STARTTLS", []string{hello, ehlo, ""}, 0, true, codes.STARTTLSTimeout, 0},
		{"gone after EHLO", []string{hello, ""}, 0, false, codes.STARTTLSReset, 0},
		{"gone after STARTTLS", []string{hello, ehlo, ""}, 0, false, codes.STARTTLSReset, 0},
		{"silent after QUIT", []string{hello, ehlo, ready, ""}, 0, true, codes.STARTTLSOK, 0},
		{"talks without end after QUIT", []string{hello, ehlo, ready, strings.Repeat("221-bye\r\n", 100_000)}, 0, true, codes.STARTTLSOK, 0},
	} {
		t.Run(tt.title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var heard []string
				p := starttls.New(starttls.Config{
					Dialer:   dialogueDialer{tt.lines, tt.pace, tt.stay, &heard},
					Name:     func(context.Context, netip.Addr) string { return "probe.example.net" },
					Deadline: 30 * time.Second,
				})
				began := time.Now()
				got, err := p.Probe(t.Context(), "mx.example.com", nil)
				if err != nil || got.Class != tt.class || got.Code != tt.code {
					t.Errorf("%s, %d, %v; want %s, %d", got.Class, got.Code, err, tt.class, tt.code)
				}
				if took := time.Since(began); took > 33*time.Second {
					t.Errorf("took %v", took)
				}
				time.Sleep(time.Minute) // the server sees the end
				synctest.Wait()
				want := []string{"EHLO probe.example.net", "STARTTLS", "QUIT"}
				if slices.Contains(heard, "HELO probe.example.net") {
					want[1] = "HELO probe.example.net" // no STARTTLS after that
				}
				for _, command := range heard {
					for len(want) > 0 && want[0] != command {
						want = want[1:]
					}
					if len(want) == 0 {
						t.Fatalf("said %q", heard)
					}
					want = want[1:]
				}
			})
		})
	}
}
