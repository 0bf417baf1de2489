package resolver

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/dnswire"
)

// A sweep by two upstreams, one of them odd, finds what is true. The odd one costs attempts and time, but no name is
// absent because of it.
func TestSweepBesideAnOddUpstream(t *testing.T) {
	honest := func(q *dns.Msg, send func([]byte)) { send(packed(cutTruth(q))) }
	began := time.Now()
	var asked atomic.Int64
	var mu sync.Mutex
	var last []byte
	var late sync.WaitGroup
	defer late.Wait()
	for title, odd := range map[string]play{
		"silent at first": func(q *dns.Msg, send func([]byte)) {
			if time.Since(began) > time.Second {
				honest(q, send)
			}
		},
		"answers one in ten": func(q *dns.Msg, send func([]byte)) {
			if asked.Add(1)%10 == 0 {
				honest(q, send)
			}
		},
		"refuses after a hundred": func(q *dns.Msg, send func([]byte)) {
			if asked.Add(1) > 100 {
				rcode(dns.RcodeRefused)(q, send)
				return
			}
			honest(q, send)
		},
		"truncates all, and has no TCP": cut,
		"gives each answer to the next": func(q *dns.Msg, send func([]byte)) {
			mu.Lock()
			defer mu.Unlock()
			if last != nil {
				send(last)
			}
			last = packed(cutTruth(q))
		},
		"gives the next answer with the id of this": func(q *dns.Msg, send func([]byte)) {
			mu.Lock()
			defer mu.Unlock()
			if last != nil {
				wire := append([]byte(nil), last...)
				wire[0], wire[1] = byte(q.Id>>8), byte(q.Id)
				send(wire)
			}
			last = packed(cutTruth(q))
		},
		"lies after the truth": func(q *dns.Msg, send func([]byte)) {
			honest(q, send)
			send(packed(lie(q)))
		},
		"answers fifty times": func(q *dns.Msg, send func([]byte)) {
			for range 50 {
				honest(q, send)
			}
		},
		"knows no EDNS": func(q *dns.Msg, send func([]byte)) {
			if q.IsEdns0() != nil {
				rcode(dns.RcodeFormatError)(q, send)
				return
			}
			honest(q, send)
		},
		"implements nothing":        rcode(dns.RcodeNotImplemented),
		"answers too late":          func(q *dns.Msg, send func([]byte)) { late.Go(func() { time.Sleep(time.Second); honest(q, send) }) },
		"garbles":                   func(q *dns.Msg, send func([]byte)) { wire := packed(cutTruth(q)); send(wire[:len(wire)-3]) },
		"denies without a question": func(q *dns.Msg, send func([]byte)) { send(packed(new(dns.Msg).SetReply(q))[:dnswire.HeaderSize]) },
	} {
		t.Run(title, func(t *testing.T) {
			const n = 200
			began, last = time.Now(), nil
			asked.Store(0)
			tcp := tcpTrue
			if title == "truncates all, and has no TCP" {
				tcp = nil
			}
			r := open(t, Config{InFlight: 50, Timeout: 300 * time.Millisecond, Retries: 30},
				serve(t, odd, tcp), serve(t, honest, tcpTrue))
			var g gathered
			if err := r.Sweep(t.Context(), zoned(n), g.yield); err != nil {
				t.Fatal(err)
			}
			wantTruth(t, &g, n)
		})
	}
}
