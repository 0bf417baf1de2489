package simnet

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"
)

const smtpPort = 25

// An smtpPlay is how a mail server talks (RFC 5321, RFC 3207) up to the TLS handshake; how it shakes hands is a
// matter of the host name.
type smtpPlay uint8

const (
	smtpGood       smtpPlay = iota
	smtpNoSTARTTLS          // does not offer STARTTLS
	smtpRejectTLS           // offers it, and answers 454
	smtpBlock               // 554 in place of the greeting
	smtpBlockEHLO           // 550 to EHLO
	smtpGarbage             // a greeting that is none
	smtpReset               // resets after the greeting
	smtpSilent              // says nothing
	smtpEndless             // a reply of lines without end
	smtpLater               // 421 in place of the greeting
	smtpDrip                // an octet a second
	smtpInject              // sends a second reply together with that to STARTTLS
	smtpNoEHLO              // 502 to EHLO, and takes HELO
	smtpNoHELO              // 502 to EHLO, and 550 to HELO
	smtpSometimes           // does not offer STARTTLS in its first session, and does in all others
	smtpPlays               // number of the plays
)

// mailAddrV4 is an address of a mail server that talks as play says. In the address plan these are 22.32.0.0/16
// and those that follow, in the order of smtpPlay, and 22.128.0.0/10 for smtpSometimes: two hosts of one
// address would share its first session. Other ports there serve nothing.
func mailAddrV4(play smtpPlay, hash uint32) netip.Addr {
	if play == smtpSometimes {
		return netip.AddrFrom4([4]byte{planV4, planSometimes | byte(hash>>16)&sometimes, byte(hash >> 8), byte(hash)})
	}
	hash ^= hash >> 16
	return netip.AddrFrom4([4]byte{planV4, byte(planMail + play), byte(hash >> 8), byte(hash)})
}

const (
	planMail      = 32
	planSometimes = 128
	sometimes     = 63 // mask of the numbers from planSometimes
)

// mailPlanned tells how the mail server at an address of the plan talks.
func mailPlanned(addr netip.Addr) (smtpPlay, bool) {
	if addr = addr.Unmap(); !addr.Is4() || addr.As4()[0] != planV4 {
		return 0, false
	}
	number := addr.As4()[1]
	if number&^sometimes == planSometimes {
		return smtpSometimes, true
	}
	return smtpPlay(number - planMail), planMail <= number && number < planMail+byte(smtpPlays)
}

// A Session is what a client said to a mail server.
type Session struct {
	Addr     netip.Addr
	Commands []string // in order, as they came, without their line ends
	TLS      bool     // the handshake was completed
	SNI      string
}

// serveSMTP is the server side of one connection to port 25.
func (w *World) serveSMTP(raw net.Conn, at netip.Addr) {
	play, _ := w.src.smtp(at.Unmap())
	if play == smtpSometimes {
		play = w.sometimes(at.Unmap())
	}
	s := smtpServer{world: w, raw: raw, conn: raw, play: play, session: Session{Addr: at.Unmap()}}
	s.serve()
	if w.sessions != nil {
		w.sessions(s.session)
	}
}

// sometimes is how a server talks that does not always offer STARTTLS.
func (w *World) sometimes(at netip.Addr) smtpPlay {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.visited[at] {
		return smtpGood
	}
	w.visited[at] = true
	return smtpNoSTARTTLS
}

// An smtpServer is one session.
type smtpServer struct {
	world   *World
	raw     net.Conn
	conn    net.Conn // raw, or TLS over it
	play    smtpPlay
	secure  bool
	session Session
}

func (s *smtpServer) say(text string) bool {
	_, err := io.WriteString(s.conn, text)
	return err == nil
}

// serve talks until the client leaves.
func (s *smtpServer) serve() {
	if !s.greet() {
		return
	}
	in := bufio.NewReaderSize(s.conn, 1024)
	for {
		s.raw.SetReadDeadline(time.Now().Add(patience))
		line, err := in.ReadSlice('\n')
		if err != nil {
			return
		}
		command := strings.TrimRight(string(line), "\r\n")
		s.session.Commands = append(s.session.Commands, command)
		verb, _, _ := strings.Cut(command, " ")
		switch strings.ToUpper(verb) {
		case "EHLO":
			if !s.hello() {
				return
			}
		case "HELO":
			if !s.helo() {
				return
			}
		case "STARTTLS":
			if !s.startTLS() {
				return
			}
			in = bufio.NewReaderSize(s.conn, 1024) // what came before the handshake does not count
		case "QUIT":
			s.say("221 2.0.0 Bye\r\n")
			return
		case "NOOP", "RSET":
			s.say("250 2.0.0 Ok\r\n")
		default:
			s.say("502 5.5.2 Error: command not recognized\r\n")
		}
	}
}

// greet sends the greeting, or what takes its place.
func (s *smtpServer) greet() bool {
	switch s.play {
	case smtpBlock:
		s.say("554 5.7.1 Service unavailable; client host blocked\r\n")
		s.farewell()
		return false
	case smtpLater:
		s.say("421 4.3.2 Too busy\r\n")
		s.farewell()
		return false
	case smtpGarbage:
		s.say("HTTP/1.1 400 Bad Request\r\n\r\n")
		s.farewell()
		return false
	case smtpSilent:
		linger(s.raw, 0)
		return false
	case smtpEndless:
		for s.say(strings.Repeat("220-mail.example.net and so on\r\n", 20)) {
		}
		return false
	case smtpDrip:
		_, err := dripped(s.raw, []byte("220 mail.example.net ESMTP "+strings.Repeat("slow ", 30)+"\r\n"))
		return err == nil
	case smtpReset:
		s.say("220 mail.example.net ESMTP\r\n")
		linger(s.raw, 10*time.Millisecond)
		reset(s.raw)
		return false
	}
	return s.say("220 mail.example.net ESMTP\r\n")
}

// farewell waits for the end of a polite client.
func (s *smtpServer) farewell() {
	s.raw.SetReadDeadline(time.Now().Add(patience))
	line, err := bufio.NewReaderSize(s.raw, 1024).ReadSlice('\n')
	if err == nil {
		s.session.Commands = append(s.session.Commands, strings.TrimRight(string(line), "\r\n"))
	}
}

func (s *smtpServer) hello() bool {
	switch s.play {
	case smtpBlockEHLO:
		return s.say("550 5.7.1 Access denied\r\n")
	case smtpNoEHLO, smtpNoHELO:
		return s.say("502-5.5.1 Unrecognized command\r\n502 5.5.1 Error: command not implemented\r\n")
	}
	text := "250-mail.example.net\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n"
	if s.play != smtpNoSTARTTLS && !s.secure {
		text += "250-STARTTLS\r\n"
	}
	return s.say(text + "250 8BITMIME\r\n")
}

func (s *smtpServer) helo() bool {
	if s.play == smtpNoHELO {
		return s.say("550 5.7.1 Access denied\r\n")
	}
	return s.say("250 mail.example.net\r\n")
}

func (s *smtpServer) startTLS() bool {
	switch {
	case s.secure:
		return s.say("503 5.5.1 TLS already active\r\n")
	case s.play == smtpNoSTARTTLS, s.play == smtpNoEHLO, s.play == smtpNoHELO:
		return s.say("502 5.5.1 Error: command not implemented\r\n")
	case s.play == smtpRejectTLS:
		return s.say("454 4.7.0 TLS not available due to local problem\r\n")
	case s.play == smtpInject:
		s.say("220 2.0.0 Ready to start TLS\r\n250 injected\r\n")
	default:
		s.say("220 2.0.0 Ready to start TLS\r\n")
	}
	h := handshake{world: s.world, raw: s.raw, at: s.session.Addr, mail: true}
	conn := tls.Server(&h, &tls.Config{GetConfigForClient: h.configure})
	if err := conn.Handshake(); err != nil {
		if h.stay {
			linger(s.raw, 0)
		}
		return false
	}
	s.conn, s.secure, s.session.TLS, s.session.SNI = conn, true, true, h.name
	return true
}
