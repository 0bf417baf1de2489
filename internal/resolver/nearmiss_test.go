package resolver

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/forgery"
)

// A question that draws many near-misses is asked again over TCP, and what came over UDP is not believed; the others
// are left in peace.
func TestSweepNearMisses(t *testing.T) {
	const n, target, lies = 200, 100, 4 * forgery.MostNearMisses
	evil := func(q *dns.Msg) *dns.Msg {
		m := answer(q)
		m.Answer[0].(*dns.TXT).Txt[0] = "evil"
		return m
	}
	otherID := func(q *dns.Msg, k int) []byte {
		m := evil(q)
		m.Id += uint16(k + 1)
		return packed(m)
	}
	otherName := func(q *dns.Msg, k int) []byte {
		m := evil(q)
		m.Question[0].Name = fmt.Sprintf("_mta-sts.evil%d.example.", k)
		return packed(m)
	}
	for _, c := range []struct {
		title    string
		lie      func(q *dns.Msg, k int) []byte
		lies     int
		mixCase  bool
		believed bool
	}{
		{"other ids", otherID, lies, false, false},
		{"other names", otherName, lies, false, false},
		{"other ids, mixed case", otherID, lies, true, false},
		{"some other ids", otherID, forgery.MostNearMisses / 4, false, true},
		{"some other names", otherName, forgery.MostNearMisses / 4, false, true},
		{"none", otherName, 0, false, true},
	} {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(q *dns.Msg, send func([]byte)) {
				if number(q) != target {
					denied(q, send)
					return
				}
				for k := range c.lies {
					send(c.lie(q, k))
				}
				send(packed(evil(q))) // the right id at last
			}, func(c net.Conn) {
				if q, err := tcpQuestion(c); err == nil {
					_ = tcpSend(c, packed(answer(q)))
				}
			})
			var g gathered
			began := time.Now()
			r := open(t, Config{InFlight: 20, MixCase: c.mixCase, Lanes: 1}, s)
			if err := r.Sweep(t.Context(), listed(n), g.yield); err != nil || len(g.answers) != n {
				t.Fatalf("%d answers, error %v", len(g.answers), err)
			}
			if time.Since(began) > time.Second {
				t.Skip("the machine is too busy: near-misses are forgotten after a second")
			}
			a := g.answers[target][0]
			if a.Outcome != Reply || len(a.Msg.Answer) != 1 {
				t.Fatalf("%+v", a)
			}
			text := a.Msg.Answer[0].(*dns.TXT).Txt[0]
			if believed := text == "evil"; believed != c.believed || a.Trace.TCP == believed {
				t.Errorf("%q, over TCP: %v", text, a.Trace.TCP)
			}
			suspected := 0
			for tag, answers := range g.answers {
				if answers[0].Trace.TCP {
					suspected++
				} else if tag != target && answers[0].Outcome != NXDOMAIN {
					t.Fatalf("tag %d: %+v", tag, answers)
				}
			}
			// Now and then another question has the target's place in the table.
			if c.believed && suspected != 0 || suspected > 2 {
				t.Errorf("%d questions were asked over TCP", suspected)
			}
			k := int64(suspected)
			want := UpstreamStats{Upstream: s.addr, Asked: n + k, Answered: n + k, Mismatched: int64(c.lies),
				Suspected: k, TCP: k}
			if stats := r.Stats()[0]; stats != want {
				t.Errorf("stats %+v\nwant  %+v", stats, want)
			}
		})
	}
}
