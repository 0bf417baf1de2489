package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// start runs a responder. It returns its address and a function that ends it.
func start(t *testing.T, o options) (addr string, end func() counts) {
	t.Helper()
	o.listen, o.stop, o.seed, o.rcvbuf = "127.0.0.1:0", new(atomic.Bool), 1, 1<<20
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := run(o, w)
		w.CloseWithError(io.EOF)
		done <- err
	}()
	lines := bufio.NewReader(r)
	line, _ := lines.ReadBytes('\n')
	var hello struct{ Listening string }
	if err := json.Unmarshal(line, &hello); err != nil {
		t.Fatalf("%q: %v, %v", line, err, <-done)
	}
	return hello.Listening, func() (c counts) {
		o.stop.Store(true)
		line, _ := lines.ReadBytes('\n')
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		return c
	}
}

// Replies that are sent together reach the right clients.
func TestClients(t *testing.T) {
	for _, o := range []options{{portable: true}, {segment: true}, {segment: true, latency: 20 * time.Millisecond}} {
		addr, end := start(t, o)
		var clients sync.WaitGroup
		for range 8 {
			clients.Go(func() {
				if answered := burst(t, addr, 50); answered != 50 {
					t.Errorf("portable %t: %d of 50 answered", o.portable, answered)
				}
			})
		}
		clients.Wait()
		end()
	}
}

// burst asks n questions from one socket, as many at once as the buffers of an unprivileged process hold. It reads
// replies until none has come for three seconds, and returns how many questions were answered.
func burst(t *testing.T, addr string, n int) int {
	t.Helper()
	const atOnce = 400
	conn, err := net.Dial("udp", addr)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer conn.Close()
	conn.(*net.UDPConn).SetReadBuffer(1 << 20)
	answered := make(map[uint16]bool)
	b := make([]byte, 1024)
	for id := 0; len(answered) < n; {
		for ; id < n && id-len(answered) < atOnce; id++ {
			m := new(dns.Msg).SetQuestion(fmt.Sprintf("_mta-sts.domain-%d.example.", id), dns.TypeTXT)
			m.Id = uint16(id)
			b, err := m.Pack()
			if err != nil {
				t.Error(err)
				return 0
			}
			if _, err := conn.Write(b); err != nil {
				t.Error(err)
				return 0
			}
		}
		conn.SetReadDeadline(time.Now().Add(3 * time.Second))
		size, err := conn.Read(b)
		if err != nil {
			break
		}
		var r dns.Msg
		if err := r.Unpack(b[:size]); err != nil {
			t.Error(err)
			return 0
		}
		if want := fmt.Sprintf("_mta-sts.domain-%d.example.", r.Id); r.Question[0].Name != want {
			t.Errorf("the reply to %s is for %s", want, r.Question[0].Name)
		}
		answered[r.Id] = true
	}
	return len(answered)
}

// Every way to use the socket gives the same answers: one packet a call, many packets a call, and many replies in one
// send.
func TestServe(t *testing.T) {
	const n = 1000 // more than a few batches, even within a millisecond
	var first *counts
	for _, o := range []options{
		{portable: true}, {}, {segment: true}, {segment: true, latency: 20 * time.Millisecond},
	} {
		what := fmt.Sprintf("portable %t, segment %t, latency %v", o.portable, o.segment, o.latency)
		o.shares = shares{positive: 0.1, nodata: 0.2, noDomain: 0.2}
		addr, end := start(t, o)
		answered := burst(t, addr, n)
		c := end()
		if answered != n || c.Questions != n || c.Answered != n {
			t.Errorf("%s: %d of %d answered, counted %+v", what, answered, n, c)
		}
		c.Seconds = 0
		if first == nil {
			first = &c
		}
		if c != *first || c.Positive == 0 || c.NODATA == 0 || c.NXDOMAIN == 0 {
			t.Errorf("%s: counted %+v, before that %+v", what, c, *first)
		}
	}
}

func TestLoss(t *testing.T) {
	const n = 400
	addr, end := start(t, options{loss: 0.25})
	answered := burst(t, addr, n)
	c := end()
	if c.Questions != n || int(c.Dropped) != n-answered || c.Dropped < 50 || c.Dropped > 150 {
		t.Errorf("%d of %d answered, counted %+v", answered, n, c)
	}
}

// An authoritative server sets AA. Without it, a resolver takes it for another resolver and repeats the question.
func TestAuthoritative(t *testing.T) {
	for _, authoritative := range []bool{false, true} {
		addr, end := start(t, options{authoritative: authoritative})
		reply, err := dns.Exchange(new(dns.Msg).SetQuestion("_mta-sts.example.com.", dns.TypeTXT), addr)
		if err != nil || reply.Authoritative != authoritative || reply.RecursionAvailable == authoritative {
			t.Errorf("authoritative %v: %v, %v", authoritative, reply, err)
		}
		end()
	}
}

// The counts include the time from the first question to the last.
func TestSeconds(t *testing.T) {
	question, err := new(dns.Msg).SetQuestion("_mta-sts.example.com.", dns.TypeTXT).Pack()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := &server{answers: newAnswers(shares{}, 1), random: rand.NewPCG(1, 0)}
		began, stop := time.Now(), new(atomic.Bool)
		s.elapsed = func() time.Duration { return time.Since(began) }
		err := s.serve(&slowSocket{question, []time.Duration{3, 1, 2, 9}, stop}, stop)
		if err != nil || s.counts.Seconds != 3 {
			t.Errorf("%v s, %v; want 3 s", s.counts.Seconds, err)
		}
	})
}

// slowSocket brings a question after each of its waits, in seconds. After the last wait it stops the server instead.
type slowSocket struct {
	question []byte
	waits    []time.Duration
	stop     *atomic.Bool
}

func (s *slowSocket) Receive(time.Duration) (int, error) {
	time.Sleep(s.waits[0] * time.Second)
	if s.waits = s.waits[1:]; len(s.waits) == 0 {
		s.stop.Store(true)
		return 0, nil
	}
	return 1, nil
}

func (s *slowSocket) Packet(int) ([]byte, netip.AddrPort) {
	return append(make([]byte, 0, 1<<10), s.question...), netip.AddrPort{}
}
func (s *slowSocket) Send([]byte, netip.AddrPort) {}
func (s *slowSocket) Flush()                      {}
