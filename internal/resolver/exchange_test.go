package resolver

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

// forgeries are packets that somebody sends instead of, or before, the answer.
// None of them is it (RFC 5452, section 9.1).
func forgeries() map[string]func(q *dns.Msg) []byte {
	evil := func(q *dns.Msg, change func(m *dns.Msg)) []byte {
		m := answer(q)
		m.Answer[0].(*dns.TXT).Txt = []string{"evil"}
		change(m)
		return packed(m)
	}
	return map[string]func(q *dns.Msg) []byte{
		"nothing":         func(*dns.Msg) []byte { return nil },
		"three octets":    func(*dns.Msg) []byte { return []byte{1, 2, 3} },
		"garbage":         func(*dns.Msg) []byte { return slices.Repeat([]byte{0xa5}, 300) },
		"a header alone":  func(q *dns.Msg) []byte { return packed(answer(q))[:headerSize] },
		"half a question": func(q *dns.Msg) []byte { return packed(answer(q))[:headerSize+7] },
		"wrong id":        func(q *dns.Msg) []byte { return evil(q, func(m *dns.Msg) { m.Id++ }) },
		"a query":         func(q *dns.Msg) []byte { return evil(q, func(m *dns.Msg) { m.Response = false }) },
		"another opcode":  func(q *dns.Msg) []byte { return evil(q, func(m *dns.Msg) { m.Opcode = dns.OpcodeNotify }) },
		"another name": func(q *dns.Msg) []byte {
			return evil(q, func(m *dns.Msg) { m.Question[0].Name = "_mta-sts.evil.example." })
		},
		"another type":  func(q *dns.Msg) []byte { return evil(q, func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeA }) },
		"another class": func(q *dns.Msg) []byte { return evil(q, func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }) },
		"another case": func(q *dns.Msg) []byte {
			return evil(q, func(m *dns.Msg) { m.Question[0].Name = "_MTA-STS.example.com." })
		},
		"no question": func(q *dns.Msg) []byte { return evil(q, func(m *dns.Msg) { m.Question = nil }) },
		"two questions": func(q *dns.Msg) []byte {
			return evil(q, func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) })
		},
		"the query, echoed": func(q *dns.Msg) []byte { return packed(q) },
	}
}

func TestExchangeIgnoresForgeries(t *testing.T) {
	const name = "_mta-sts.example.com"
	all := forgeries()
	all["all of them"] = nil
	for title, forge := range all {
		t.Run(title, func(t *testing.T) {
			s := serve(t, func(q *dns.Msg, send func([]byte)) {
				if forge != nil {
					send(forge(q))
				} else {
					for _, forge := range forgeries() {
						send(forge(q))
					}
				}
				good(q, send)
				good(q, send) // a duplicate disturbs nobody
			}, nil)
			r := open(t, Config{}, s)
			m, err := r.Exchange(t.Context(), txt(name))
			wantAnswer(t, m, err, name)
			if got := r.Stats()[0]; got.Mismatched < 1 || got.Answered != 1 || got.Asked != 1 || got.Timeouts != 0 {
				t.Errorf("stats %+v", got)
			}
		})
	}
}

// A forgery alone is no answer, over TCP neither.
func TestExchangeForgeriesAlone(t *testing.T) {
	for title, forge := range forgeries() {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			forger := func(q *dns.Msg, send func([]byte)) {
				if q.Question[0].Name == "." {
					good(q, send) // the probe: somebody is there
					return
				}
				send(forge(q))
			}
			_, err := open(t, Config{Timeout: 2 * brevity}, serve(t, forger, nil)).Exchange(t.Context(), txt("_mta-sts.example.com"))
			wantError(t, err, codes.RecordTimeout, false)

			s := serve(t, cut, func(c net.Conn) {
				if q, err := tcpQuestion(c); err == nil {
					_ = tcpSend(c, forge(q))
					_ = tcpSend(c, packed(answer(q)))
				}
			})
			m, err := open(t, Config{}, s).Exchange(t.Context(), txt("_mta-sts.example.com"))
			wantAnswer(t, m, err, "_mta-sts.example.com")
		})
	}
}

func wantError(t *testing.T, err error, reason codes.RecordReason, local bool) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v (%T), want an *Error", err, err)
	}
	if e.RecordReason() != reason || e.Local() != local || e.Timeout() != (reason == codes.RecordTimeout) {
		t.Fatalf("error %v: reason %q, local %v, timeout %v; want reason %q, local %v", err, e.RecordReason(), e.Local(), e.Timeout(), reason, local)
	}
}

// The reply to an earlier question, late on a socket that is used again, is
// nobody's.
func TestExchangeLateReply(t *testing.T) {
	var mu sync.Mutex
	var late []byte
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case q.Question[0].Name == ".":
			good(q, send)
		case late == nil:
			late = packed(answer(q))
		default:
			send(late)
			good(q, send)
		}
	}, nil)
	r := open(t, Config{Timeout: brevity}, s)
	_, err := r.Exchange(t.Context(), txt("first.example.com"))
	wantError(t, err, codes.RecordTimeout, false)
	r.timeout = patience
	m, err := r.Exchange(t.Context(), txt("second.example.com"))
	wantAnswer(t, m, err, "second.example.com")
}

func TestExchangeAttempts(t *testing.T) {
	name := "_mta-sts.example.com"
	garbled := func(q *dns.Msg, send func([]byte)) {
		wire := packed(answer(q))
		send(wire[:len(wire)-5]) // a valid beginning that ends within a record
	}
	short := func(q *dns.Msg, send func([]byte)) {
		m := new(dns.Msg).SetReply(q)
		wire := packed(m)
		binary.BigEndian.PutUint16(wire[6:], 1) // an answer that is not there
		send(wire)
	}
	for title, c := range map[string]struct {
		first   play
		again   bool               // the second upstream is asked
		rcode   int                // of the reply when there is no second upstream
		reason  codes.RecordReason // of the error when there is no second upstream
		retried int                // attempts when there is no second upstream
	}{
		"good":     {first: good, retried: 1},
		"nxdomain": {first: rcode(dns.RcodeNameError), rcode: dns.RcodeNameError, retried: 1}, // never asked again
		"yxdomain": {first: rcode(dns.RcodeYXDomain), rcode: dns.RcodeYXDomain, retried: 1},
		"servfail": {first: rcode(dns.RcodeServerFailure), again: true, rcode: dns.RcodeServerFailure, retried: 3},
		"refused":  {first: rcode(dns.RcodeRefused), again: true, rcode: dns.RcodeRefused, retried: 3},
		"notimp":   {first: rcode(dns.RcodeNotImplemented), again: true, rcode: dns.RcodeNotImplemented, retried: 3},
		"formerr":  {first: rcode(dns.RcodeFormatError), again: true, rcode: dns.RcodeFormatError, retried: 6}, // each time without EDNS(0) too
		"silence":  {first: lively(silence), again: true, reason: codes.RecordTimeout, retried: 3},
		"garbled":  {first: garbled, again: true, reason: codes.RecordMalformed, retried: 3},
		"short":    {first: short, again: true, reason: codes.RecordMalformed, retried: 3},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			timeout := patience
			if title == "silence" {
				timeout = brevity
			}
			s := serve(t, c.first, nil)
			r := open(t, Config{Timeout: timeout, Retries: 2}, s)
			var trace Trace
			m, err := r.Exchange(WithTrace(t.Context(), &trace), txt(name))
			if c.reason != "" {
				wantError(t, err, c.reason, false)
			} else if err != nil || m.Rcode != c.rcode {
				t.Errorf("alone: reply\n%v\nerror %v, want rcode %d", m, err, c.rcode)
			}
			if int(s.asked.Load()) != c.retried || trace.Attempts != c.retried || trace.Upstream != s.addr || trace.TCP {
				t.Errorf("alone: asked %d times, trace %+v, want %d attempts", s.asked.Load(), trace, c.retried)
			}

			second := serve(t, good, nil)
			r = open(t, Config{Timeout: timeout, Retries: 1}, s, second)
			if r.next(nil).addr == s.addr { // let the bad one come first
				r.rotation.Add(1)
			}
			m, err = r.Exchange(WithTrace(t.Context(), &trace), txt(name))
			if !c.again && (err != nil || m.Rcode != c.rcode || second.asked.Load() != 0) {
				t.Errorf("with another: reply\n%v\nerror %v, the other asked %d times", m, err, second.asked.Load())
			}
			if c.again {
				wantAnswer(t, m, err, name)
				if trace.Upstream != second.addr {
					t.Errorf("with another: trace names %v, want %v", trace.Upstream, second.addr)
				}
			}
		})
	}
}

// lively is p for a server that is there: it answers probes.
func lively(p play) play {
	return func(q *dns.Msg, send func([]byte)) {
		if q.Question[0].Name == "." {
			good(q, send)
			return
		}
		p(q, send)
	}
}

// The last real reply counts, also when silence follows it.
func TestExchangeKeepsTheLastReply(t *testing.T) {
	lame, silent := serve(t, rcode(dns.RcodeServerFailure), nil), serve(t, silence, nil)
	r := open(t, Config{Timeout: brevity, Retries: 1}, lame, silent)
	for range 2 { // whichever comes first
		var trace Trace
		m, err := r.Exchange(WithTrace(t.Context(), &trace), txt("example.com"))
		if err != nil || m.Rcode != dns.RcodeServerFailure {
			t.Errorf("reply\n%v\nerror %v", m, err)
		}
		if trace.Upstream != lame.addr || trace.Attempts != 2 {
			t.Errorf("trace %+v, want that of the reply", trace)
		}
		r.upstreams[0].loss, r.upstreams[1].loss = loss{}, loss{}
	}
}

func TestExchangeWithoutEDNS(t *testing.T) {
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		if q.IsEdns0() != nil {
			rcode(dns.RcodeFormatError)(q, send)
			return
		}
		good(q, send)
	}, nil)
	m, err := open(t, Config{}, s).Exchange(t.Context(), txt("example.com"))
	wantAnswer(t, m, err, "example.com")
	if s.asked.Load() != 2 {
		t.Errorf("asked %d times, want 2", s.asked.Load())
	}
}

// What the caller built stays as it is, and what is sent has our size.
func TestExchangeDoesNotChangeTheQuery(t *testing.T) {
	sizes := make(chan uint16, 4)
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		sizes <- q.IsEdns0().UDPSize()
		good(q, send)
	}, nil)
	r := open(t, Config{}, s)
	for _, q := range []*dns.Msg{
		new(dns.Msg).SetQuestion("example.com.", dns.TypeTXT),
		new(dns.Msg).SetQuestion("example.com.", dns.TypeTXT).SetEdns0(4096, true),
	} {
		before := q.String()
		m, err := r.Exchange(t.Context(), q)
		wantAnswer(t, m, err, "example.com")
		if q.String() != before {
			t.Errorf("the query was changed:\n%v\ninto\n%v", before, q)
		}
		if m.Id != q.Id {
			t.Errorf("reply has id %d, query %d", m.Id, q.Id)
		}
		if size := <-sizes; size != udpSize {
			t.Errorf("sent with size %d, want %d", size, udpSize)
		}
	}
}

func TestExchangeRefusesWhatIsNoQuery(t *testing.T) {
	s := serve(t, good, nil)
	r := open(t, Config{}, s)
	two := txt("example.com")
	two.Question = append(two.Question, two.Question[0])
	for title, q := range map[string]*dns.Msg{
		"nil":           nil,
		"no question":   new(dns.Msg),
		"two questions": two,
		"a reply":       answer(txt("example.com")),
		"long label":    txt("a23456789012345678901234567890123456789012345678901234567890123456789.example.com"),
	} {
		if _, err := r.Exchange(t.Context(), q); err == nil {
			t.Errorf("%s: no error", title)
		} else {
			wantError(t, err, codes.RecordMalformed, false)
		}
	}
	if s.asked.Load() != 0 {
		t.Error("something was sent")
	}
}

func TestExchangeOverTCP(t *testing.T) {
	const name = "_mta-sts.example.com"
	stall := func(c net.Conn) {
		_, _ = tcpQuestion(c)
		_, _ = tcpQuestion(c) // until the other side closes
	}
	for title, c := range map[string]struct {
		tcp    func(net.Conn)
		reason codes.RecordReason // "": mended
	}{
		"good":    {tcpGood, ""},
		"refused": {nil, codes.RecordTruncated},
		"stalled": {stall, codes.RecordTruncated},
		"closed":  {func(c net.Conn) { _, _ = tcpQuestion(c) }, codes.RecordTruncated},
		"half": {func(c net.Conn) {
			q, _ := tcpQuestion(c)
			wire := packed(answer(q))
			framed := append(binary.BigEndian.AppendUint16(nil, uint16(len(wire))), wire...)
			_, _ = c.Write(framed[:len(framed)/2])
		}, codes.RecordTruncated},
		"truncated again": {func(c net.Conn) {
			q, _ := tcpQuestion(c)
			m := answer(q)
			m.Truncated = true
			_ = tcpSend(c, packed(m))
		}, codes.RecordTruncated},
		"garbled": {func(c net.Conn) {
			q, _ := tcpQuestion(c)
			wire := packed(answer(q))
			_ = tcpSend(c, wire[:len(wire)-5])
		}, codes.RecordMalformed},
	} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			timeout := patience
			if title == "stalled" {
				timeout = brevity
			}
			r := open(t, Config{Timeout: timeout}, serve(t, cut, c.tcp))
			var trace Trace
			m, err := r.Exchange(WithTrace(t.Context(), &trace), txt(name))
			if c.reason == "" {
				wantAnswer(t, m, err, name)
			} else {
				wantError(t, err, c.reason, false)
			}
			if trace.Attempts != 2 || !trace.TCP {
				t.Errorf("trace %+v, want two messages, the last over TCP", trace)
			}
			if got := r.Stats()[0]; got.TCP != 1 || got.Asked != 2 {
				t.Errorf("stats %+v", got)
			}
		})
	}
}

// Whose fault it is when nothing comes: a resolver that answers nobody, or
// where nobody listens, is our own; one that lives and does not answer this
// question tells something about the domain.
func TestExchangeFaults(t *testing.T) {
	closed := serve(t, good, nil)
	closed.close()
	dead := serve(t, silence, nil)
	alive := serve(t, lively(silence), nil)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		title   string
		ctx     context.Context
		config  Config
		servers []*server
		reason  codes.RecordReason
		local   bool
		is      error
	}{
		{"nobody listens", t.Context(), Config{}, []*server{closed}, "", true, nil},
		{"nobody listens, twice", t.Context(), Config{Retries: 1, Timeout: brevity}, []*server{closed}, "", true, nil},
		{"dead", t.Context(), Config{Timeout: brevity}, []*server{dead}, "", true, ErrSilent},
		{"all dead", t.Context(), Config{Timeout: brevity, Retries: 2}, []*server{dead, closed}, "", true, ErrSilent},
		{"silent on this", t.Context(), Config{Timeout: brevity}, []*server{alive}, codes.RecordTimeout, false, nil},
		{"one silent on this, one closed", t.Context(), Config{Timeout: brevity, Retries: 1}, []*server{alive, closed}, codes.RecordTimeout, false, nil},
		{"cancelled", cancelled, Config{}, []*server{dead}, "", true, context.Canceled},
		{"deadline", deadline(t, brevity), Config{}, []*server{dead}, codes.RecordTimeout, false, context.DeadlineExceeded},
	} {
		t.Run(c.title, func(t *testing.T) {
			began := time.Now()
			_, err := open(t, c.config, c.servers...).Exchange(c.ctx, txt("_mta-sts.example.com"))
			wantError(t, err, c.reason, c.local)
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("error %v does not wrap %v", err, c.is)
			}
			if c.config.Timeout == 0 && time.Since(began) > patience/2 {
				t.Errorf("took %v: the time-out was waited for", time.Since(began))
			}
		})
	}
}

func TestExchangeCancelledInFlight(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := serve(t, func(*dns.Msg, func([]byte)) { cancel() }, nil)
	_, err := open(t, Config{Retries: 2}, s).Exchange(ctx, txt("example.com"))
	wantError(t, err, "", true)
	if !errors.Is(err, context.Canceled) || s.asked.Load() != 1 {
		t.Errorf("error %v after %d attempts", err, s.asked.Load())
	}
}

// A reply that was to be tried again is not the last word of a question that was
// cancelled before it was.
func TestExchangeCancelledBetweenAttempts(t *testing.T) {
	for title, cancelAt := range map[string]int64{"in the last attempt": 3, "in the second": 2} {
		ctx, cancel := context.WithCancel(t.Context())
		var n atomic.Int64
		s := serve(t, func(q *dns.Msg, send func([]byte)) {
			if n.Add(1) == cancelAt {
				cancel()
				return
			}
			rcode(dns.RcodeServerFailure)(q, send)
		}, nil)
		_, err := open(t, Config{Retries: 2}, s).Exchange(ctx, txt("example.com"))
		t.Log(title)
		wantError(t, err, "", true)
		cancel()
	}
}

func TestCloseEndsWhatIsInFlight(t *testing.T) {
	asked := make(chan struct{}, 2)
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		if q.Question[0].Name == "tcp.example." {
			cut(q, send)
			return
		}
		asked <- struct{}{}
	}, func(c net.Conn) {
		_, _ = tcpQuestion(c)
		asked <- struct{}{}
		_, _ = tcpQuestion(c) // until the other side closes
	})
	r := open(t, Config{Retries: 2}, s)
	errs := make(chan error)
	for _, name := range []string{"udp.example", "tcp.example"} {
		go func() {
			_, err := r.Exchange(context.Background(), txt(name))
			errs <- err
		}()
	}
	<-asked
	<-asked
	began := time.Now()
	r.Close()
	for range 2 {
		wantError(t, <-errs, "", true)
	}
	if time.Since(began) > patience/2 {
		t.Error("the time-out was waited for")
	}
	_, err := r.Exchange(t.Context(), txt("later.example"))
	wantError(t, err, "", true)
}

func TestTraceSumsUp(t *testing.T) {
	s := serve(t, good, nil)
	r := open(t, Config{}, s)
	var trace Trace
	ctx := WithTrace(t.Context(), &trace)
	var both sync.WaitGroup
	for _, name := range []string{"a.example", "b.example"} {
		both.Go(func() { _, _ = r.Exchange(ctx, txt(name)) })
	}
	both.Wait()
	if trace.Attempts != 2 || trace.Upstream != s.addr || trace.TCP || trace.Elapsed <= 0 {
		t.Errorf("trace %+v", trace)
	}
}

func TestNewRefuses(t *testing.T) {
	up := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53")}
	for title, c := range map[string]Config{
		"no upstream":      {},
		"negative time":    {Upstreams: up, Timeout: -1},
		"negative retries": {Upstreams: up, Retries: -1},
		"negative window":  {Upstreams: up, InFlight: -1},
		"negative rate":    {Upstreams: up, Rate: -1},
	} {
		if r, err := New(c); err == nil {
			r.Close()
			t.Errorf("%s: no error", title)
		}
	}
}
