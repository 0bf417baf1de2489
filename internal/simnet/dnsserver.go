package simnet

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"

	"github.com/miekg/dns"
)

const (
	udpBuffer   = 4 << 20          // octets that the system may keep of questions and of replies
	dnsMinSize  = 512              // octets of a reply to who speaks no EDNS (RFC 1035, section 4.2.1)
	dnsTCPIdle  = 30 * time.Second // between the questions of a connection (RFC 7766, section 6.2.3)
	dnsHeadSize = 12
)

// serveUDP is one of a few readers. It answers each question before it reads the next: no answer of the world
// takes time, and silence is no answer.
func (s *Server) serveUDP() {
	// A smaller buffer will do.
	s.udp.SetReadBuffer(udpBuffer)
	s.udp.SetWriteBuffer(udpBuffer)
	in, out := make([]byte, dns.MaxMsgSize), make([]byte, dns.MaxMsgSize)
	for {
		n, from, err := s.udp.ReadFromUDPAddrPort(in)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP message about an earlier reply
		}
		s.questions.Add(1)
		if reply := s.world.datagram(in[:n], out); reply != nil {
			s.udp.WriteToUDPAddrPort(reply, from)
		}
	}
}

// datagram is the reply to a message over UDP, nil for none. It may use buf.
func (w *World) datagram(message, buf []byte) []byte {
	reply, fault, limit := w.read(message)
	switch {
	case reply == nil || fault == dnsSilent:
		return nil
	case fault == dnsGarbage:
		return garbage()
	case fault == dnsMalformed:
		return malformed(reply, buf)
	case fault == dnsTruncate || fault == dnsTruncateUDP || fault == dnsFlood:
		truncate(reply)
	default:
		// Sets TC and leaves out what does not fit.
		reply.Truncate(limit)
	}
	return pack(reply, buf)
}

// serveTCP answers the questions of one connection in their order.
func (s *Server) serveTCP(conn *net.TCPConn) {
	buf := make([]byte, dns.MaxMsgSize)
	for {
		conn.SetDeadline(time.Now().Add(dnsTCPIdle))
		message, err := readFrame(conn)
		if err != nil {
			return
		}
		reply, fault, _ := s.world.read(message)
		var out []byte
		switch {
		case reply == nil || fault == dnsSilent:
			continue
		case fault == dnsTruncateUDP:
			reset(conn)
			return
		case fault == dnsGarbage:
			out = garbage()
		case fault == dnsMalformed:
			out = malformed(reply, buf)
		default:
			out = pack(reply, buf)
		}
		frame := append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...)
		if _, err := conn.Write(frame); err != nil {
			return
		}
	}
}

// readFrame reads a message with its length in front.
func readFrame(r io.Reader) ([]byte, error) {
	var size [2]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(size[:]))
	_, err := io.ReadFull(r, message)
	return message, err
}

// read answers a message. A message that is no question gets no reply. limit is the size of datagrams that the
// client takes.
func (w *World) read(message []byte) (reply *dns.Msg, fault dnsFault, limit int) {
	var q dns.Msg
	limit = dnsMinSize
	if err := q.Unpack(message); err != nil {
		const qr = 0x80 // in the third octet
		if len(message) < dnsHeadSize || message[2]&qr != 0 {
			return nil, dnsFine, limit
		}
		reply = new(dns.Msg)
		reply.Id, reply.Response, reply.Rcode = binary.BigEndian.Uint16(message), true, dns.RcodeFormatError
		return reply, dnsFine, limit
	}
	if q.Response {
		return nil, dnsFine, limit
	}
	if opt := q.IsEdns0(); opt != nil {
		limit = min(max(int(opt.UDPSize()), dnsMinSize), ednsSize)
	}
	reply, fault = w.answer(&q)
	return reply, fault, limit
}

// pack encodes a reply; a reply that cannot be encoded becomes SERVFAIL.
func pack(reply *dns.Msg, buf []byte) []byte {
	out, err := reply.PackBuffer(buf)
	if err == nil && len(out) <= dns.MaxMsgSize {
		return out
	}
	failure := &dns.Msg{Question: reply.Question}
	failure.Id, failure.Response, failure.Rcode = reply.Id, true, dns.RcodeServerFailure
	if out, err = failure.PackBuffer(buf); err != nil {
		return nil
	}
	return out
}

// garbage is no DNS message: it is shorter than a header.
func garbage() []byte { return []byte("\xff\x00garbage") }

// malformed is a reply to the question whose one record ends too early.
func malformed(reply *dns.Msg, buf []byte) []byte {
	reply.Answer, reply.Ns, reply.Extra = nil, nil, nil
	out := pack(reply, buf)
	if out == nil {
		return nil
	}
	binary.BigEndian.PutUint16(out[6:], 1) // ANCOUNT
	// Name: pointer to the question; type TXT, class IN, TTL 0, 200 octets.
	record := []byte{0xc0, dnsHeadSize, 0, byte(dns.TypeTXT), 0, dns.ClassINET, 0, 0, 0, 0, 0, 200}
	return append(append(out, record...), "and here it ends"...)
}
