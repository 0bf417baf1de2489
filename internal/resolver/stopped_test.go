package resolver

import (
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

// What fails at the other upstreams while one is stopped for good has failed: that one was not asked.
func TestFailuresBesideAStoppedUpstream(t *testing.T) {
	for title, c := range map[string]struct {
		meet play
		want func(t *testing.T, a Answer)
	}{
		"silent name": {silence, func(t *testing.T, a Answer) { wantError(t, a.Err, codes.RecordTimeout, false) }},
		"failing name": {rcode(dns.RcodeServerFailure), func(t *testing.T, a Answer) {
			if a.Rcode != dns.RcodeServerFailure {
				t.Errorf("%+v", a)
			}
		}},
	} {
		t.Run(title, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				const enough = 100 // questions about one name
				stopped := &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) { return absence(q), 0 }}
				good := &inMemory{}
				good.meet = func(q *dns.Msg) (reply []byte, after time.Duration) {
					if good.asked() > enough {
						return absence(q), 0
					}
					c.meet(q, func(packet []byte) { reply = packet })
					return reply, 0
				}
				r := memoryResolver(t, Config{Retries: 2}, stopped, good)
				prompt(t.Context(), r)
				r.upstreams[0].breaker.Trip(r.now, false)
				time.Sleep(time.Second)
				var g gathered
				sweepInMemory(t, r, listed(1), g.yield, stopped, good)
				c.want(t, g.answers[0][0])
				m, err := r.Exchange(t.Context(), txt("_mta-sts.d0.example"))
				a := Answer{Err: err}
				if m != nil {
					a.Rcode = m.Rcode
				}
				c.want(t, a)
				if stopped.asked() != 0 || good.asked() != 6 {
					t.Errorf("asked %d times where it is stopped, and %d times", stopped.asked(), good.asked())
				}
			})
		})
	}
}

// What was asked before its upstream was stopped says nothing, also after the upstream is asked again.
func TestFailuresWhileAnUpstreamWasStopped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		u := &inMemory{}
		r := memoryResolver(t, Config{}, u)
		prompt(t.Context(), r)
		time.Sleep(time.Second)
		var again atomic.Bool
		u.meet = func(q *dns.Msg) ([]byte, time.Duration) {
			if again.Swap(true) {
				return absence(q), 0
			}
			breaker := &r.upstreams[0].breaker
			breaker.Trip(r.now, false)
			time.AfterFunc(silenceOf/2, breaker.Reset)
			return nil, 0
		}
		var g gathered
		sweepInMemory(t, r, listed(1), g.yield, u)
		if a := g.answers[0][0]; a.Outcome != NXDOMAIN {
			t.Errorf("%+v", a)
		}
	})
}

// Attempts that were made before an upstream was stopped do not count when the answer is truncated after it.
func TestTruncatedAfterAnUpstreamWasStopped(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	var stop atomic.Pointer[func()]
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		if asked.Add(1) > 1 {
			cut(q, send)
			return
		}
		(*stop.Load())()
		rcode(dns.RcodeServerFailure)(q, send)
	}, tcpGood)
	r := open(t, Config{Lanes: 1}, s)
	prompt(t.Context(), r)
	breaker := &r.upstreams[0].breaker
	stopped := func() { breaker.Trip(r.now, false); breaker.Reset() }
	stop.Store(&stopped)
	var g gathered
	if err := r.Sweep(t.Context(), listed(1), g.yield); err != nil {
		t.Fatal(err)
	}
	if a := g.answers[0][0]; a.Outcome != Reply || !a.Trace.TCP {
		t.Errorf("%+v", a)
	}
	if n := asked.Load(); n != 2 {
		t.Errorf("asked %d times over UDP", n)
	}
}

// After a stop a question gets all its attempts again, however many it had before, and no more.
func TestMostAttemptsAfterAnUpstreamWasStopped(t *testing.T) {
	for title, c := range map[string]struct {
		retries, attempts int
		patient           bool
	}{
		"retries":             {MaxRetries, 1 + MaxRetries, false},
		"retries and patient": {100, 1 + MaxRetries, true},
	} {
		t.Run(title, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				u := &inMemory{}
				r := memoryResolver(t, Config{Retries: c.retries}, u)
				prompt(t.Context(), r)
				time.Sleep(time.Second)
				u.meet = func(q *dns.Msg) ([]byte, time.Duration) {
					switch u.asked() {
					case c.attempts:
						breaker := &r.upstreams[0].breaker
						breaker.Trip(r.now, false)
						breaker.Reset()
					case 3 * c.attempts:
						return absence(q), 0
					}
					return nil, 0
				}
				var g gathered
				question := Question{Label: "_mta-sts", Name: "d0.example", Type: dns.TypeTXT, Patient: c.patient}
				one := func(into []Question) (int, bool) { return copy(into, []Question{question}), false }
				sweepInMemory(t, r, one, g.yield, u)
				wantError(t, g.answers[0][0].Err, codes.RecordTimeout, false)
				if u.asked() != 2*c.attempts {
					t.Errorf("asked %d times, want %d", u.asked(), 2*c.attempts)
				}
			})
		})
	}
}

// A name without an answer that is asked again after a stop counts once, as one that was asked before, and not among
// those that were asked for the first time since.
func TestSilenceAfterAnUpstreamWasStopped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		u := &inMemory{}
		r := memoryResolver(t, Config{}, u)
		prompt(t.Context(), r)
		time.Sleep(time.Second)
		breaker := &r.upstreams[0].breaker
		const settled = time.Hour
		breaker.Silence.Settled = settled
		u.meet = func(q *dns.Msg) ([]byte, time.Duration) {
			if number(q) > 0 {
				return absence(q), 0
			}
			if breaker.Opened() == 0 {
				breaker.Trip(r.now, false)
				breaker.Reset()
			}
			return nil, 0
		}
		var g gathered
		sweepInMemory(t, r, listed(10), g.yield, u)
		wantError(t, g.answers[0][0].Err, codes.RecordTimeout, false)
		begun, missed := breaker.Silence.Latest(2*settled, -settled/16, math.MaxInt)
		if begun == 0 || missed > 1 { // when it failed first
			t.Errorf("%d of %d count as silent", missed, begun)
		}
	})
}
