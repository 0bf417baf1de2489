package resolver

import (
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/dnswire"
)

// bubble runs a test whose clock goes on when nothing else does.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func TestWaitingQuestionIsSmall(t *testing.T) {
	if size := unsafe.Sizeof(item{}); size > 64 {
		t.Errorf("a question that waits takes %d octets", size)
	}
}

// Silent names cost the others nothing, whatever their number: they wait side by side, and not for each other.
func TestSilentNamesWaitTogether(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n, inFlight = 10_000, 20
		u := &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) {
			if number(q)%100 == 0 {
				return nil, 0
			}
			return absence(q), 5 * time.Millisecond
		}}
		r := memoryResolver(t, Config{InFlight: inFlight, Retries: 2, Floor: inFlight}, u)
		prompt(t.Context(), r)
		var g gathered
		began := r.now()
		sweepInMemory(t, r, listed(n), g.yield, u)
		if len(g.answers) != n {
			t.Fatalf("%d answers", len(g.answers))
		}
		for tag, answers := range g.answers {
			switch a := answers[0]; {
			case len(answers) != 1:
				t.Fatalf("tag %d: %d answers", tag, len(answers))
			case tag%100 == 0:
				wantError(t, a.Err, codes.RecordTimeout, false)
			case a.Outcome != NXDOMAIN || a.Trace.Attempts != 1:
				t.Fatalf("tag %d: %+v", tag, a)
			}
		}
		// Alone, the healthy names take 2.5 s, and a silent one 8 s. If they held their places, 20 at a time, the
		// silent ones would take 75 s.
		if took := r.now() - began; took > 4*silenceOf {
			t.Errorf("took %v", took)
		}
	})
}

// Silence about one name ends soon while canaries are answered promptly. Where that is not known, each attempt has a
// time-out.
func TestSilentName(t *testing.T) {
	for title, c := range map[string]struct {
		retries         int
		patient, prompt bool
		attempts        int
		swept, alone    float64 // time-outs until it is given up
	}{
		"prompt":                {2, false, true, 3, 1.6, 1.6},
		"prompt, patient":       {2, true, true, 9, 1.6, 4.5},
		"prompt, one attempt":   {0, false, true, 1, 1, 1},
		"prompt, one, patient":  {0, true, true, 3, 1.6, 1.5},
		"prompt, five":          {4, false, true, 5, 1.6, 1.6},
		"prompt, twenty":        {19, false, true, 20, 1.6, 1.6},
		"unwatched":             {2, false, false, 3, 3, 3},
		"unwatched, patient":    {2, true, false, 9, 9, 9},
		"unwatched, no retries": {0, false, false, 1, 1, 1},
	} {
		t.Run(title, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				u := &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) {
					if q.Question[0].Name == "." {
						return packed(answer(q)), 0
					}
					return nil, 0
				}}
				r := memoryResolver(t, Config{Retries: c.retries}, u)
				if c.prompt {
					prompt(t.Context(), r)
				}
				for _, how := range []string{"swept", "exchanged"} {
					began, asked := r.now(), u.asked()
					var took time.Duration
					if how == "swept" {
						question := Question{Label: "_mta-sts", Name: "d0.example", Type: dns.TypeTXT, Patient: c.patient}
						var g gathered
						one := func(into []Question) (int, bool) { return copy(into, []Question{question}), false }
						sweepInMemory(t, r, one, g.yield, u)
						took = r.now() - began
						a := g.answers[0][0]
						wantError(t, a.Err, codes.RecordTimeout, false)
						if a.Trace.Attempts != c.attempts {
							t.Errorf("swept: trace %+v", a.Trace)
						}
					} else {
						ctx := t.Context()
						if c.patient {
							ctx = WithPatience(ctx)
						}
						_, err := r.Exchange(ctx, txt("_mta-sts.d0.example"))
						took = r.now() - began
						wantError(t, err, codes.RecordTimeout, false)
					}
					want := time.Duration(c.swept * float64(silenceOf))
					if how == "exchanged" {
						want = time.Duration(c.alone * float64(silenceOf))
					}
					// A failure waits for the next good canaries; each attempt may wait for a tick.
					if took < want || took > want+silenceOf/8 {
						t.Errorf("%s: given up after %v, want %v", how, took, want)
					}
					asked = u.asked() - asked
					if !c.prompt {
						asked -= len(silenceProbes(u))
					}
					if asked != c.attempts {
						t.Errorf("%s: asked %d times, want %d", how, asked, c.attempts)
					}
				}
			})
		})
	}
}

// silenceProbes takes the questions of a probe out of what was asked.
func silenceProbes(u *inMemory) (probes [][]byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var others [][]byte
	for _, query := range u.queries {
		if query[dnswire.HeaderSize] == 0 {
			probes = append(probes, query)
		} else {
			others = append(others, query)
		}
	}
	u.queries = others
	return probes
}

// More silent names than may wait hold up a sweep, but do not end it.
func TestMostWaiting(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n, inFlight = MostWaiting + 40_000, 10_000
		u := &inMemory{meet: func(*dns.Msg) ([]byte, time.Duration) { return nil, 0 }}
		r := memoryResolver(t, Config{InFlight: inFlight, Floor: inFlight}, u)
		prompt(t.Context(), r)
		answered, taken, most := 0, 0, 0
		next := listed(n)
		sweepInMemory(t, r, func(into []Question) (int, bool) {
			k, more := next(into)
			taken += k
			most = max(most, taken-answered)
			return k, more
		}, func(answers []Answer) { answered += len(answers) }, u)
		if answered != n {
			t.Errorf("%d answers of %d", answered, n)
		}
		if room := inFlight + r.stageRoom(inFlight); most < MostWaiting || most > MostWaiting+2*room {
			t.Errorf("%d questions at a time, want about %d and %d", most, MostWaiting, room)
		}
	})
}

// Failures that wait for a canary hold up no other name.
func TestUnconfirmedFailuresHoldNothingUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n, inFlight = 4000, 10
		u := &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) {
			if number(q)%2 == 0 {
				return packed(new(dns.Msg).SetRcode(q, dns.RcodeServerFailure)), time.Millisecond
			}
			return absence(q), time.Millisecond
		}}
		r := memoryResolver(t, Config{InFlight: inFlight, Floor: inFlight, Retries: 1}, u)
		prompt(t.Context(), r)
		healthy := time.Duration(0)
		var g gathered
		sweepInMemory(t, r, listed(n), func(answers []Answer) {
			g.yield(answers)
			for _, a := range answers {
				if a.Outcome == NXDOMAIN {
					healthy = r.now()
				}
			}
		}, u)
		t.Logf("the last healthy answer came after %v", healthy)
		// It is 250 ms from one good canary to the next: with the places of a lane, 74 at a time, 2,000 failures
		// would take 7 s.
		if len(g.answers) != n || healthy > 3*time.Second {
			t.Errorf("%d answers, the last healthy one after %v", len(g.answers), healthy)
		}
	})
}

// Answers that come over TCP, however slowly, hold up no other name.
func TestSlowTCPHoldsNothingUp(t *testing.T) {
	const n, truncated, inFlight = 2000, 1000, 20
	done := make(chan struct{}) // all others are answered
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		if number(q)%2 == 0 {
			cut(q, send)
			return
		}
		denied(q, send)
	}, func(c net.Conn) {
		if q, err := tcpQuestion(c); err == nil {
			<-done
			_ = tcpSend(c, packed(answer(q)))
		}
	})
	r := open(t, Config{InFlight: inFlight, Floor: inFlight, Lanes: 1}, s)
	var g gathered
	var denials atomic.Int64
	err := r.Sweep(deadline(t, patience), listed(n), func(answers []Answer) {
		g.yield(answers)
		for _, a := range answers {
			if a.Outcome == NXDOMAIN && denials.Add(1) == n-truncated {
				close(done)
			}
		}
	})
	if err != nil || len(g.answers) != n {
		t.Fatalf("%d answers, error %v", len(g.answers), err)
	}
	for tag, answers := range g.answers {
		if over := answers[0].Trace.TCP; over != (tag%2 == 0) {
			t.Fatalf("tag %d: %+v", tag, answers[0])
		}
	}
}

// Time in which this process was stopped is given back to what waits.
func TestWaitsThroughStall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const stopped = 20 * time.Second
		u := &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) {
			if number(q) == 0 {
				return nil, 0
			}
			return absence(q), time.Millisecond
		}}
		r := memoryResolver(t, Config{Retries: 2}, u)
		prompt(t.Context(), r)
		began, once := r.now(), false
		var g gathered
		sweepInMemory(t, r, func(into []Question) (int, bool) {
			switch now := r.now() - began; {
			case u.asked() == 0 && !once:
				once = true
				into[0] = Question{Label: "_mta-sts", Name: "d0.example", Type: dns.TypeTXT}
				return 1, true
			case now < silenceOf: // the question waits
				return 0, true
			}
			time.Sleep(stopped)
			return 0, false
		}, g.yield, u)
		want := silenceOf*8/5 + stopped
		if took := r.now() - began; took < want || took > want+silenceOf/10 {
			t.Errorf("given up after %v, want %v", took, want)
		}
	})
}

// Names that wait leave ids for each other where there are few ports: each may need one at every upstream.
func TestSilentNamesOverFewPorts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n, inFlight = MostWaiting, 20_000
		u := &inMemory{meet: func(*dns.Msg) ([]byte, time.Duration) { return nil, 0 }}
		other := &inMemory{meet: u.meet}
		r := memoryResolver(t, Config{InFlight: inFlight, Floor: inFlight, Retries: 2}, u, other)
		prompt(t.Context(), r)
		defer time.AfterFunc(time.Hour, r.cancel).Stop()
		held := make(chan codes.Standstill, 1)
		time.AfterFunc(silenceOf, func() { held <- r.Progress().Held })
		answered := 0
		sweepOverPorts(t, r, 1, listed(n), func(answers []Answer) {
			for _, a := range answers {
				wantError(t, a.Err, codes.RecordTimeout, false)
				answered++
			}
		}, u, other)
		if answered != n {
			t.Errorf("%d answers of %d", answered, n)
		}
		if why := <-held; why != codes.StandstillWaiting {
			t.Errorf("no more were asked for since: %q", why)
		}
	})
}

// A late reply that is no answer is no silence, even while an earlier attempt at another upstream is in flight.
func TestLateFailureIsNoSilence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		silent := &inMemory{meet: func(*dns.Msg) ([]byte, time.Duration) { return nil, 0 }}
		failing := &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) {
			return packed(new(dns.Msg).SetRcode(q, dns.RcodeServerFailure)), silenceOf / 5
		}}
		r := memoryResolver(t, Config{Retries: 1}, silent, failing)
		prompt(t.Context(), r)
		question := Question{Label: "_mta-sts", Name: "d0.example", Type: dns.TypeTXT, Avoid: 2}
		var g gathered
		sweepInMemory(t, r, func(into []Question) (int, bool) {
			return copy(into, []Question{question}), false
		}, g.yield, silent, failing)
		if a := g.answers[0][0]; a.Rcode != dns.RcodeServerFailure {
			t.Errorf("%+v", a)
		}
		if stats := r.Stats(); stats[1].Servfail != 1 || stats[1].Timeouts != 0 {
			t.Errorf("stats %+v", stats[1])
		}
	})
}
