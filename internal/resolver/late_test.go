package resolver

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/window"
)

// A reply to the first attempt is the answer even after others were sent. To one upstream those are the same datagram
// from the same port.
func TestLateReply(t *testing.T) {
	for title, c := range map[string]struct {
		late    time.Duration // of the first attempt's reply, the only one
		mixCase bool
		two     bool // upstreams, of which the first that is asked answers
	}{
		"after the second":              {silenceOf / 2, false, false},
		"after the second, mixed case":  {silenceOf / 2, true, false},
		"after the third":               {silenceOf * 3 / 2, false, false},
		"after the third, mixed case":   {silenceOf * 3 / 2, true, false},
		"over another, after the third": {silenceOf * 3 / 2, true, true},
	} {
		t.Run(title, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var asked atomic.Int64
				u := &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) {
					if asked.Add(1)%3 == 1 {
						return absence(q), c.late
					}
					return nil, 0
				}}
				upstreams := []*inMemory{u}
				if c.two {
					other := &inMemory{meet: u.meet}
					upstreams = append(upstreams, other)
				}
				r := memoryResolver(t, Config{Retries: 2, MixCase: c.mixCase}, upstreams...)
				prompt(t.Context(), r)
				var g gathered
				sweepInMemory(t, r, listed(1), g.yield, upstreams...)
				if a := g.answers[0][0]; a.Outcome != NXDOMAIN || a.Zone != "example" || a.Trace.Elapsed < c.late {
					t.Errorf("swept: %+v", a)
				}
				asked.Store(0)
				if m, err := r.Exchange(t.Context(), txt("_mta-sts.d0.example")); err != nil || m.Rcode != dns.RcodeNameError {
					t.Errorf("exchanged: %v, %v", m, err)
				}
				if c.two {
					return
				}
				u.mu.Lock()
				defer u.mu.Unlock()
				half := len(u.queries) / 2
				for k, query := range u.queries {
					first := k / half * half
					if string(query) != string(u.queries[first]) || u.from[k] != u.from[first] {
						t.Errorf("query %d: %x from port %d, the first was %x from port %d",
							k, query, u.from[k], u.queries[first], u.from[first])
					}
				}
				if stats := r.Stats()[0]; stats.Mismatched != 0 {
					t.Errorf("stats %+v", stats)
				}
			})
		})
	}
}

// A question that waits takes no more for an answer than one in flight.
func TestForgedLateReplies(t *testing.T) {
	bubble(t, func(t *testing.T) {
		evil := func(q *dns.Msg, change func(m *dns.Msg)) []byte {
			m := answer(q)
			m.Answer[0].(*dns.TXT).Txt[0] = "evil"
			change(m)
			return packed(m)
		}
		forgeries := []func(m *dns.Msg){
			func(m *dns.Msg) { m.Id++ },
			func(m *dns.Msg) { m.Question[0].Name = "_mta-sts.d1.example." },
			func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeA },
			func(m *dns.Msg) { m.Response = false },
			func(m *dns.Msg) { m.Question[0].Name = otherCase(m.Question[0].Name) },
		}
		var port *memoryPort
		u := &inMemory{}
		u.meet = func(q *dns.Msg) ([]byte, time.Duration) {
			if u.asked() > 1 {
				return nil, 0
			}
			for k, change := range forgeries {
				forged := evil(q, change)
				time.AfterFunc(silenceOf/4+time.Duration(k), func() { port.deliver(forged) })
			}
			return absence(q), silenceOf
		}
		r := memoryResolver(t, Config{Retries: 2, MixCase: true}, u)
		prompt(t.Context(), r)
		var g gathered
		s := &sweep{resolver: r, next: listed(1), yield: g.yield, ctx: t.Context(), stop: func(error) {}}
		l := s.newLane(10)
		port = &memoryPort{to: u}
		ports := []lanePort{{conn: port, maxInFlight: maxWaiting}}
		rt := &route{
			upstream: r.upstreams[0], ports: ports, window: window.New(1, 10, r.schedule.timeout/firstAttemptTime),
		}
		l.useRoutes(&routeSet{routes: []*route{rt}})
		l.run()
		if a := g.answers[0][0]; a.Outcome != NXDOMAIN {
			t.Errorf("%+v", a)
		}
		if stats := r.Stats()[0]; stats.Mismatched != int64(len(forgeries)) {
			t.Errorf("stats %+v", stats)
		}
	})
}

// otherCase changes the case of the last letter.
func otherCase(name string) string {
	k := len(name) - 2
	return name[:k] + string(name[k]^0x20) + name[k+1:]
}
