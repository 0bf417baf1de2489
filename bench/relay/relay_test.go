package main

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// start runs a server that answers all TXT questions with the name that was
// asked for, and a relay to it.
func start(t *testing.T, f faults) *relay {
	t.Helper()
	mux := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		hdr := dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET}
		m.Answer = []dns.RR{&dns.TXT{Hdr: hdr, Txt: []string{q.Question[0].Name}}}
		_ = w.WriteMsg(m)
	})
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", packets.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*dns.Server{{PacketConn: packets, Handler: mux}, {Listener: listener, Handler: mux}} {
		go func() { _ = s.ActivateAndServe() }()
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	r, err := open("127.0.0.1:0", packets.LocalAddr().String(), f, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.close)
	return r
}

// A packet came to one of two ports.
type packet struct {
	b    []byte
	port int
}

// ask asks n questions at once from two ports in turn, one name and id each, and
// reads what comes for a while.
func ask(t *testing.T, r *relay, n int, patience time.Duration) (questions []*dns.Msg, packets []packet) {
	t.Helper()
	var conns []net.Conn
	for range 2 {
		c, err := net.Dial("udp", r.addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.(*net.UDPConn).SetReadBuffer(buffers)
		conns = append(conns, c)
	}
	for i := range n {
		q := new(dns.Msg).SetQuestion(fmt.Sprintf("name%d.example.", i), dns.TypeTXT)
		q.Id = uint16(i)
		b, err := q.Pack()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conns[i%2].Write(b); err != nil {
			t.Fatal(err)
		}
		questions = append(questions, q)
		if i%100 == 99 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	for port, c := range conns {
		for {
			b := make([]byte, 1500)
			_ = c.SetReadDeadline(time.Now().Add(patience))
			size, err := c.Read(b)
			if err != nil {
				break
			}
			packets = append(packets, packet{b[:size], port})
		}
	}
	return questions, packets
}

// isTrue reports whether a packet is the whole true answer to one of the questions.
func isTrue(b []byte, questions []*dns.Msg) bool {
	m := new(dns.Msg)
	if m.Unpack(b) != nil || !m.Response || len(m.Question) != 1 || len(m.Answer) != 1 {
		return false
	}
	name := m.Question[0].Name
	txt, ok := m.Answer[0].(*dns.TXT)
	return ok && txt.Txt[0] == name && int(m.Id) < len(questions) && questions[m.Id].Question[0].Name == name
}

// Without faults, what the server says arrives, over UDP and TCP.
func TestHonest(t *testing.T) {
	r := start(t, faults{})
	questions, packets := ask(t, r, 500, 200*time.Millisecond)
	if len(packets) != len(questions) {
		t.Errorf("%d packets for %d questions", len(packets), len(questions))
	}
	for _, p := range packets {
		if !isTrue(p.b, questions) {
			t.Errorf("%x is not true", p.b)
		}
	}
	c := &dns.Client{Net: "tcp", Timeout: 5 * time.Second}
	if m, _, err := c.Exchange(questions[7], r.addr().String()); err != nil || len(m.Answer) != 1 {
		t.Errorf("over TCP: %v, %v", m, err)
	}
}

// Each fault befalls the share that it should.
func TestFaults(t *testing.T) {
	const n = 2000
	for what, f := range map[string]faults{
		"lost": {loss: 0.2}, "delayed": {delay: 0.2, late: 50 * time.Millisecond}, "duplicated": {duplicate: 0.2}, "reordered": {reorder: 0.2},
		"corrupted": {corrupt: 0.2}, "forged": {forge: 0.2},
	} {
		t.Run(what, func(t *testing.T) {
			r := start(t, f)
			questions, packets := ask(t, r, n, 300*time.Millisecond)
			right, lies := 0, 0
			for _, p := range packets {
				if isTrue(p.b, questions) {
					right++
				}
				if bytes.Contains(p.b, []byte(forged)) {
					lies++
				}
			}
			r.close()
			wantRight := map[string]int{"lost": n * 8 / 10, "corrupted": n * 8 / 10, "duplicated": n * 12 / 10}[what]
			if wantRight == 0 {
				wantRight = n
			}
			if off := right - wantRight; off < -n/20 || off > n/20 {
				t.Errorf("%d true answers, want about %d", right, wantRight)
			}
			if got := r.counts()[what]; got < n/10 || got > n*3/10 {
				t.Errorf("counted %d, want about %d", got, n/5)
			}
			if want := what == "forged"; want != (lies > 0) {
				t.Errorf("%d lies", lies)
			}
		})
	}
}

// A lie lacks one of the things by which a reply is known: a client that looks
// at them all believes none.
func TestLies(t *testing.T) {
	r := start(t, faults{forge: 1})
	questions, packets := ask(t, r, 2000, 200*time.Millisecond)
	if len(packets) < len(questions)*3/2 {
		t.Errorf("%d packets for %d questions", len(packets), len(questions))
	}
	for _, p := range packets {
		m := new(dns.Msg)
		if err := m.Unpack(p.b); err != nil {
			t.Errorf("%x: %v", p.b, err)
			continue
		}
		i := int(m.Id)
		if m.Response && i < len(questions) && m.Question[0] == questions[i].Question[0] && i%2 == p.port && !isTrue(p.b, questions) {
			t.Errorf("nothing is wrong with %v", m)
		}
	}
}

// In an outage there are no answers, or nothing but REFUSED; afterwards there are.
func TestOutage(t *testing.T) {
	r := start(t, faults{})
	obey(strings.NewReader("refuse\n"), r)
	questions, packets := ask(t, r, 50, 100*time.Millisecond)
	for _, p := range packets {
		if m := new(dns.Msg); m.Unpack(p.b) != nil || m.Rcode != dns.RcodeRefused || m.Question[0] != questions[m.Id].Question[0] {
			t.Errorf("refusing: %v", m)
		}
	}
	if len(packets) != 50 {
		t.Errorf("refusing: %d answers", len(packets))
	}
	obey(strings.NewReader("silent\n"), r)
	if _, packets := ask(t, r, 50, 100*time.Millisecond); len(packets) != 0 {
		t.Errorf("silent: %d answers", len(packets))
	}
	if err := r.turn("sing"); err == nil {
		t.Error("it sings")
	}
	obey(strings.NewReader("serve\n"), r)
	if _, packets := ask(t, r, 50, 100*time.Millisecond); len(packets) != 50 {
		t.Errorf("serving again: %d answers", len(packets))
	}
}
