package resolver

import (
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
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

// Silent names cost the others nothing, whatever their number: they wait side by
// side, and not for each other.
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
		// Alone, the healthy names take 2.5 s, and a silent one 8 s. If they held their
		// places, 20 at a time, the silent ones would take 75 s.
		if took := r.now() - began; took > 4*silenceOf {
			t.Errorf("took %v", took)
		}
	})
}

// Silence about one name is settled soon while canaries are answered promptly, and
// has a time-out for each attempt where nobody knows.
func TestSilentName(t *testing.T) {
	for title, c := range map[string]struct {
		retries         int
		patient, prompt bool
		attempts        int
		after           float64 // time-outs
	}{
		"prompt":                {2, false, true, 3, 1.6},
		"prompt, patient":       {2, true, true, 9, 1.6},
		"prompt, one attempt":   {0, false, true, 1, 1},
		"prompt, one, patient":  {0, true, true, 3, 1.6},
		"prompt, five":          {4, false, true, 5, 1.6},
		"unwatched":             {2, false, false, 3, 3},
		"unwatched, patient":    {2, true, false, 9, 9},
		"unwatched, no retries": {0, false, false, 1, 1},
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
						sweepInMemory(t, r, func(into []Question) (int, bool) { return copy(into, []Question{question}), false }, g.yield, u)
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
					want := time.Duration(c.after * float64(silenceOf))
					// A failure waits for the next good canaries; ticks and naps are short.
					if took < want || took > want+silenceOf/10 {
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

// silenceProbes takes the questions by which a Resolver asked whether anybody is
// there out of what was asked.
func silenceProbes(u *inMemory) (probes [][]byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var others [][]byte
	for _, query := range u.queries {
		if query[headerSize] == 0 {
			probes = append(probes, query)
		} else {
			others = append(others, query)
		}
	}
	u.queries = others
	return probes
}

// A reply to the first attempt is the answer also after others were sent, which over
// one upstream are the same datagram from the same port.
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
				asked := 0
				u := &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) {
					if asked++; asked%3 == 1 {
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
				asked = 0
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

// What waits does not believe more than what is in flight.
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
		s := &sweep{Resolver: r, next: listed(1), yield: g.yield, ctx: t.Context(), stop: func(error) {}}
		l, err := s.newLane(10)
		if err != nil {
			t.Fatal(err)
		}
		port = &memoryPort{to: u}
		ports := []lanePort{{port: port, max: maxWaiting}}
		l.use(&uplinks{routes: []*route{{upstream: r.upstreams[0], window: newWindow(1, 10, r.timeout/windowPatience), ports: ports}}})
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

// Behind an upstream of which one answer in ten takes longer than a time-out, and one
// in a hundred longer than three, no name is lost, though its canaries are prompt.
func TestSlowUpstream(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n = 10_000
		dice := rand.New(rand.NewPCG(12, 12))
		u := &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) {
			after := time.Duration(dice.Int64N(int64(silenceOf / 10)))
			switch share := dice.IntN(100); {
			case share == 0:
				after += 3 * silenceOf
			case share < 10:
				after += silenceOf
			}
			return absence(q), after
		}}
		r := memoryResolver(t, Config{InFlight: 1000, Retries: 2}, u)
		prompt(t.Context(), r)
		questions, failed := make([]Question, 0, n), []Question(nil)
		for next, more := listed(n), true; more; {
			var some [64]Question
			var k int
			k, more = next(some[:])
			questions = append(questions, some[:k]...)
		}
		for pass := 1; pass <= 2; pass++ {
			byTag := make(map[int64]Question)
			for _, q := range questions {
				byTag[q.Tag] = q
			}
			failed = nil
			left := questions
			sweepInMemory(t, r, func(into []Question) (int, bool) {
				k := copy(into, left)
				left = left[k:]
				return k, len(left) > 0
			}, func(answers []Answer) {
				for _, a := range answers {
					if a.Outcome != NXDOMAIN {
						q := byTag[a.Tag]
						q.Again, q.Patient = true, true
						failed = append(failed, q)
					}
				}
			}, u)
			t.Logf("pass %d: %d of %d names got no answer", pass, len(failed), len(questions))
			questions = failed
		}
		if len(failed) > 0 {
			t.Errorf("%d names are lost", len(failed))
		}
	})
}

// More silent names than may wait hold up a sweep, and do not end it.
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

// Failures that wait to be believed hold up no other name.
func TestHeldFailuresHoldNothingUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n, inFlight = 1000, 10
		u := &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) {
			if number(q)%2 == 0 {
				return packed(new(dns.Msg).SetRcode(q, dns.RcodeServerFailure)), time.Millisecond
			}
			return absence(q), time.Millisecond
		}}
		r := memoryResolver(t, Config{InFlight: inFlight, Floor: inFlight, Retries: 1}, u)
		prompt(t.Context(), r)
		r.upstreams[0].guard.good.Store(int64(r.now()))
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
		// 250 ms from one good canary to the next: 10 at a time would take 12 s.
		if len(g.answers) != n || healthy > 2*time.Second {
			t.Errorf("%d answers, the last healthy one after %v", len(g.answers), healthy)
		}
	})
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

// The wheel gives each item when it is due, in time, and none that was taken out.
func TestWheel(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	const n, timeout = 2000, time.Second
	w := newWheel(timeout)
	items := make([]item, n)
	due := make(map[uint32]time.Duration)
	now := time.Duration(0)
	for range 20_000 {
		switch i := uint32(dice.IntN(n)); {
		case dice.IntN(4) == 0:
			now += time.Duration(dice.Int64N(int64(timeout / 10)))
			for k := w.pop(items, now); k != nowhere; k = w.pop(items, now) {
				if d, ok := due[k]; !ok || d > now {
					t.Fatalf("item %d at %v, due at %v, in it %v", k, now, d, ok)
				}
				delete(due, k)
			}
			for k, d := range due {
				if d+w.tick < now {
					t.Fatalf("item %d was due at %v, and it is %v", k, d, now)
				}
			}
		case due[i] != 0:
			w.remove(items, i)
			delete(due, i)
		default:
			due[i] = now + 1 + time.Duration(dice.Int64N(int64(timeout)))
			w.push(items, i, now, due[i])
		}
		if w.n != len(due) {
			t.Fatalf("%d items, want %d", w.n, len(due))
		}
	}
}

// The case of letters follows from question, port and id by the secret of the lane.
func TestCasesAreDerived(t *testing.T) {
	c, err := newCases()
	if err != nil {
		t.Fatal(err)
	}
	question := func(c *cases, tag int64, at portID, mix bool) string {
		wire := make([]byte, inlineQuery)
		end, _, _ := packPlain(wire, "_mta-sts", strings.Repeat("abcdefghij.", 5)+"example", dns.TypeTXT)
		c.mix(wire[headerSize:end], tag, at, mix)
		return string(wire[headerSize:end])
	}
	first := question(c, 7, portID{1, 2}, true)
	if again := question(c, 7, portID{1, 2}, true); again != first {
		t.Error("the same attempt has other letters")
	}
	other, err := newCases()
	if err != nil {
		t.Fatal(err)
	}
	for title, different := range map[string]string{
		"another tag": question(c, 8, portID{1, 2}, true), "another port": question(c, 7, portID{2, 2}, true),
		"another id": question(c, 7, portID{1, 3}, true), "another lane": question(other, 7, portID{1, 2}, true),
		"no mixed case": question(c, 7, portID{1, 2}, false),
	} {
		if different == first {
			t.Errorf("%s has the same letters", title)
		}
	}
}
