package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// listenBoth takes one port for UDP and TCP. The one that the system chooses for UDP may be taken for TCP.
func listenBoth(t *testing.T) (net.PacketConn, net.Listener) {
	t.Helper()
	for tries := 0; ; tries++ {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, listener
		}
		packets.Close()
		if tries == 20 || !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
	}
}

// start runs a server that answers each TXT question with its name, and a relay to it.
func start(t *testing.T, f faults) *relay {
	t.Helper()
	mux := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		hdr := dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeTXT, Class: dns.ClassINET}
		m.Answer = []dns.RR{&dns.TXT{Hdr: hdr, Txt: []string{q.Question[0].Name}}}
		_ = w.WriteMsg(m)
	})
	packets, listener := listenBoth(t)
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

// A packet is what one of the two ports received.
type packet struct {
	b    []byte
	port int
}

// burst is how many questions go out before most of them must have answers. It is so small that no socket buffer
// overflows, however late its reader comes.
const burst = 50

// busy is how long a busy machine may leave a process without a processor.
const busy = 3 * time.Second

// ask asks n questions from two ports in turn, each with its own name and id. It reads packets until none has come for
// patience.
func ask(t *testing.T, r *relay, n int, patience time.Duration) (questions []*dns.Msg, packets []packet) {
	t.Helper()
	arrivals := make(chan packet, 16*n) // never full
	var conns []net.Conn
	for port := range 2 {
		c, err := net.Dial("udp", r.addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
		go func() {
			for b := make([]byte, 1500); ; {
				size, err := c.Read(b)
				if errors.Is(err, net.ErrClosed) {
					return
				}
				if err == nil {
					arrivals <- packet{bytes.Clone(b[:size]), port}
				}
			}
		}()
	}
	// take reads packets until it has the given number of true answers to questions numbered from and above, or nothing
	// has come for patience.
	take := func(answers, from int, patience time.Duration) {
		for answers > 0 {
			select {
			case p := <-arrivals:
				packets = append(packets, p)
				if isTrue(p.b, questions) && int(binary.BigEndian.Uint16(p.b)) >= from {
					answers--
				}
			case <-time.After(patience):
				return
			}
		}
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
		if i%burst == burst-1 && i < n-1 {
			take(burst*6/10, i+1-burst, busy)
		}
	}
	take(n*16, 0, patience)
	return questions, packets
}

// isTrue reports whether a packet is the whole, true answer to one of the questions.
func isTrue(b []byte, questions []*dns.Msg) bool {
	m := new(dns.Msg)
	if m.Unpack(b) != nil || !m.Response || len(m.Question) != 1 || len(m.Answer) != 1 {
		return false
	}
	name := m.Question[0].Name
	txt, ok := m.Answer[0].(*dns.TXT)
	return ok && txt.Txt[0] == name && int(m.Id) < len(questions) && questions[m.Id].Question[0].Name == name
}

// Without faults, the server's answers arrive, over UDP and TCP.
func TestNoFaults(t *testing.T) {
	r := start(t, faults{})
	questions, packets := ask(t, r, 500, busy)
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

// Each fault happens to its share of the questions.
func TestFaults(t *testing.T) {
	const n = 2000
	for what, f := range map[string]faults{
		"lost": {loss: 0.2}, "delayed": {delay: 0.2, maxDelay: 50 * time.Millisecond}, "duplicated": {duplicate: 0.2},
		"reordered": {reorder: 0.2}, "corrupted": {corrupt: 0.2}, "forged": {forge: 0.2},
	} {
		t.Run(what, func(t *testing.T) {
			r := start(t, f)
			questions, packets := ask(t, r, n, 300*time.Millisecond)
			right, forgeries := 0, 0
			for _, p := range packets {
				if isTrue(p.b, questions) {
					right++
				}
				if bytes.Contains(p.b, []byte(forged)) {
					forgeries++
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
			if got := r.counts[what]; got < n/10 || got > n*3/10 {
				t.Errorf("counted %d, want about %d", got, n/5)
			}
			if want := what == "forged"; want != (forgeries > 0) {
				t.Errorf("%d forged replies", forgeries)
			}
		})
	}
}

// A forged reply is wrong in one attribute, so a client that checks all of them accepts none.
func TestForgedReplies(t *testing.T) {
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
		matches := m.Response && i < len(questions) && m.Question[0] == questions[i].Question[0] && i%2 == p.port
		if matches && !isTrue(p.b, questions) {
			t.Errorf("a forged reply with nothing wrong: %v", m)
		}
	}
}

// During an outage the relay refuses or is silent. Afterwards it answers.
func TestOutage(t *testing.T) {
	r := start(t, faults{})
	readModes(strings.NewReader("refuse\n"), r)
	questions, packets := ask(t, r, 50, busy)
	for _, p := range packets {
		m := new(dns.Msg)
		if m.Unpack(p.b) != nil || m.Rcode != dns.RcodeRefused || m.Question[0] != questions[m.Id].Question[0] {
			t.Errorf("refusing: %v", m)
		}
	}
	if len(packets) != 50 {
		t.Errorf("refusing: %d answers", len(packets))
	}
	readModes(strings.NewReader("silent\n"), r)
	if _, packets := ask(t, r, 50, 100*time.Millisecond); len(packets) != 0 {
		t.Errorf("silent: %d answers", len(packets))
	}
	if err := r.setMode("other"); err == nil {
		t.Error("an unknown mode is accepted")
	}
	readModes(strings.NewReader("serve\n"), r)
	if _, packets := ask(t, r, 50, busy); len(packets) != 50 {
		t.Errorf("serving after the outage: %d answers", len(packets))
	}
}
