package pipeline

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// A scripted upstream gives each question the reply that its domain stands for, over UDP truncated where it is
// long, and over TCP whole.
type scripted struct {
	replies map[string]func(q *dns.Msg) []byte // by domain

	mu sync.Mutex // to pack a message changes its OPT record
}

func (s *scripted) answer(wire []byte) []byte {
	q := new(dns.Msg)
	if q.Unpack(wire) != nil || len(q.Question) != 1 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := strings.ToLower(strings.TrimSuffix(q.Question[0].Name, "."))
	for domain, reply := range s.replies {
		if name == "_mta-sts."+domain {
			packet := slices.Clone(reply(q))
			if len(packet) > 1 {
				binary.BigEndian.PutUint16(packet, q.Id)
			}
			return packet
		}
	}
	m := new(dns.Msg).SetRcode(q, dns.RcodeNameError)
	m.Ns = []dns.RR{record(". 60 IN SOA ns.example. hostmaster.example. 1 2 3 4 5")}
	packet, _ := m.Pack()
	return packet
}

// listen serves on the loopback interface, over UDP and TCP.
func (s *scripted) listen(t *testing.T) netip.AddrPort {
	t.Helper()
	var udp *net.UDPConn
	var tcp net.Listener
	for tries := 0; tcp == nil; tries++ { // the port may be taken over TCP
		var err error
		if udp, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { udp.Close() })
		if tcp, err = net.Listen("tcp", udp.LocalAddr().String()); err != nil && tries == 20 {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { tcp.Close() })
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := udp.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			packet := s.answer(buffer[:n])
			if len(packet) > 1232 {
				packet = slices.Clone(packet[:n-11]) // header and question of ours, without OPT
				packet[2] |= 0x02
				clear(packet[6:12])
			}
			if packet != nil {
				_, _ = udp.WriteToUDPAddrPort(packet, from)
			}
		}
	}()
	go func() {
		for {
			conn, err := tcp.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				var length [2]byte
				if _, err := io.ReadFull(conn, length[:]); err != nil {
					return
				}
				wire := make([]byte, binary.BigEndian.Uint16(length[:]))
				if _, err := io.ReadFull(conn, wire); err != nil {
					return
				}
				packet := s.answer(wire)
				_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packet))), packet...))
			}()
		}
	}()
	return udp.LocalAddr().(*net.UDPAddr).AddrPort()
}

// record is a record in presentation form.
func record(line string) dns.RR {
	rr, err := dns.NewRR(line)
	if err != nil || rr == nil {
		panic(fmt.Sprintf("%s: %v", line, err))
	}
	return rr
}

// said is a reply with these records: "!" begins one of the authority section, "+" one of the additional section,
// and "$" stands for the name asked for.
func said(rcode int, lines ...string) func(*dns.Msg) []byte {
	return saidWith(rcode, nil, lines...)
}

// saidWith is said with a last change to the message.
func saidWith(rcode int, change func(*dns.Msg), lines ...string) func(*dns.Msg) []byte {
	return func(q *dns.Msg) []byte {
		m := new(dns.Msg).SetReply(q)
		m.Rcode, m.RecursionAvailable, m.Compress = rcode, true, true
		for _, line := range lines {
			line = strings.ReplaceAll(line, "$", q.Question[0].Name)
			switch line[0] {
			case '!':
				m.Ns = append(m.Ns, record(line[1:]))
			case '+':
				m.Extra = append(m.Extra, record(line[1:]))
			default:
				m.Answer = append(m.Answer, record(line))
			}
		}
		if change != nil {
			change(m)
		}
		packet, err := m.Pack()
		if err != nil {
			panic(err)
		}
		return packet
	}
}

// options is an OPT record with extended errors.
func options(codes ...uint16) *dns.OPT {
	opt := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT, Class: 1232}}
	for _, code := range codes {
		opt.Option = append(opt.Option, &dns.EDNS0_EDE{InfoCode: code})
	}
	return opt
}

// longestName is a name of 255 octets.
func longestName() string {
	label := strings.Repeat("a", 63) + "."
	return label + label + label + strings.Repeat("b", 53) + ".example."
}

// counted sets a count in the header.
func counted(at int, n uint16) func([]byte) []byte {
	return func(packet []byte) []byte {
		binary.BigEndian.PutUint16(packet[at:], n)
		return packet
	}
}

// questionEnd is where the question of a packet ends.
func questionEnd(packet []byte) int {
	end := 12
	for packet[end] != 0 {
		end += 1 + int(packet[end])
	}
	return end + 5
}

// upperOwner writes the owner of the first record out, in capitals.
func upperOwner(packet []byte) []byte {
	end := questionEnd(packet)
	owner := []byte(strings.ToUpper(string(packet[12 : end-4]))) // lengths are below 64
	return append(append(slices.Clone(packet[:end]), owner...), packet[end+2:]...)
}
