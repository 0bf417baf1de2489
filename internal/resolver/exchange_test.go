package resolver

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/dnswire"
	"stsscan/internal/window"
)

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
				timeout = fairness
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
			if r.nextUpstream(nil).addr == s.addr { // let the bad one come first
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

// lively is p for a server that also answers probes.
func lively(p play) play {
	return func(q *dns.Msg, send func([]byte)) {
		if q.Question[0].Name == "." {
			good(q, send)
			return
		}
		p(q, send)
	}
}

// The last real reply counts, even if silence follows it.
func TestExchangeKeepsTheLastReply(t *testing.T) {
	t.Parallel()
	lame, silent := serve(t, rcode(dns.RcodeServerFailure), nil), serve(t, silence, nil)
	r := open(t, Config{Timeout: fairness, Retries: 1}, lame, silent)
	for range 2 { // whichever comes first
		var trace Trace
		m, err := r.Exchange(WithTrace(t.Context(), &trace), txt("example.com"))
		if err != nil || m.Rcode != dns.RcodeServerFailure {
			t.Errorf("reply\n%v\nerror %v", m, err)
		}
		if trace.Upstream != lame.addr || trace.Attempts != 2 {
			t.Errorf("trace %+v, want that of the reply", trace)
		}
		r.upstreams[0].loss, r.upstreams[1].loss = window.Loss{}, window.Loss{}
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

// The caller's message is not changed, and what is sent has the size of the Resolver.
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
		if size := <-sizes; size != dnswire.UDPSize {
			t.Errorf("sent with size %d, want %d", size, dnswire.UDPSize)
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
		"endless retries":  {Upstreams: up, Retries: 255},
		"negative window":  {Upstreams: up, InFlight: -1},
		"endless window":   {Upstreams: up, InFlight: MostInFlight + 1},
		"negative rate":    {Upstreams: up, Rate: -1},
	} {
		if r, err := New(c); err == nil {
			r.Close()
			t.Errorf("%s: no error", title)
		}
	}
}
