package resolver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

const canaryZone = "canary.example"

// honest answers canaries, big ones over TCP only, and denies all else, but for what p does to it.
func honest(p play) play {
	return func(q *dns.Msg, send func([]byte)) {
		name := strings.ToLower(q.Question[0].Name)
		zone := canaryZone + "."
		switch m := answer(q); {
		case name == "present."+zone:
			m.AuthenticatedData = true
			send(packed(m))
		case name == "bogus."+zone:
			rcode(dns.RcodeServerFailure)(q, send)
		case name == "big."+zone:
			cut(q, send)
		case strings.HasSuffix(name, ".slow."+zone):
			go func() { time.Sleep(brevity); rcode(dns.RcodeServerFailure)(q, send) }()
		case strings.HasSuffix(name, zone):
			send(packed(denial(q, dns.RcodeNameError, zone)))
		default:
			p(q, send)
		}
	}
}

func absent(q *dns.Msg, send func([]byte)) {
	send(packed(denial(q, dns.RcodeNameError, "example.")))
}

// A stage direction is what an upstream does instead of what it should.
type direction struct{ now atomic.Pointer[play] }

func (d *direction) play(p play) {
	if p == nil {
		d.now.Store(nil)
		return
	}
	d.now.Store(&p)
}

func (d *direction) or(p play) play {
	return func(q *dns.Msg, send func([]byte)) {
		if now := d.now.Load(); now != nil {
			(*now)(q, send)
			return
		}
		p(q, send)
	}
}

var testCanaries = []Canary{{Name: "present." + canaryZone, Type: dns.TypeTXT}, {canaryZone, dns.TypeTXT, true}}

// fakeAnswer answers everything, as resolvers do that rewrite NXDOMAIN.
func fakeAnswer(q *dns.Msg, send func([]byte)) { send(packed(answer(q))) }

// denyAll denies everything, as a resolver without upstreams may.
func denyAll(q *dns.Msg, send func([]byte)) { absent(q, send) }

// During an outage of any kind no question fails: the sweep waits, and goes on by itself. Dead names still fail.
func TestSweepThroughOutage(t *testing.T) {
	t.Parallel()
	for title, outage := range map[string]play{
		"silent": silence, "refusing": rcode(dns.RcodeRefused), "failing": rcode(dns.RcodeServerFailure),
	} {
		for upstreams := 1; upstreams <= 2; upstreams++ {
			if upstreams == 1 && title != "silent" {
				continue
			}
			t.Run(fmt.Sprintf("%s, %d upstreams", title, upstreams), func(t *testing.T) {
				t.Parallel()
				const n, dead = 4000, 50 // one domain in so many is dead
				var d direction
				var servers []*server
				for range upstreams {
					servers = append(servers, serve(t, d.or(honest(func(q *dns.Msg, send func([]byte)) {
						switch k := number(q); {
						case k%dead == 0:
						case k%dead == 1:
							rcode(dns.RcodeServerFailure)(q, send)
						default:
							absent(q, send)
						}
					})), nil))
				}
				r := open(t, Config{InFlight: 500, Retries: 3, Timeout: 4 * brevity, Rate: 5000}, servers...)
				r.Watch(Watch{Canaries: testCanaries, Interval: brevity})
				var g gathered
				var once sync.Once
				var ending sync.WaitGroup
				err := r.Sweep(t.Context(), listed(n), func(answers []Answer) {
					g.yield(answers)
					g.mu.Lock()
					defer g.mu.Unlock()
					if len(g.answers) > n/4 {
						once.Do(func() {
							d.play(outage)
							ending.Go(func() {
								time.Sleep(20 * brevity) // longer than all attempts
								for waited := time.Duration(0); !allStopped(r.upstreams) && waited < patience; waited += brevity {
									time.Sleep(brevity) // a busy machine has answers under way for longer
								}
								d.play(nil)
							})
						})
					}
				})
				ending.Wait()
				if err != nil || len(g.answers) != n {
					t.Fatalf("%d answers, error %v", len(g.answers), err)
				}
				for tag, answers := range g.answers {
					switch a := answers[0]; {
					case len(answers) != 1:
						t.Fatalf("tag %d: %d answers", tag, len(answers))
					case tag%dead == 0:
						wantError(t, a.Err, codes.RecordTimeout, false)
					case tag%dead == 1:
						if a.Rcode != dns.RcodeServerFailure {
							t.Fatalf("tag %d: %+v", tag, a)
						}
					case a.Outcome != NXDOMAIN:
						t.Fatalf("tag %d: outcome %d, rcode %d, error %v", tag, a.Outcome, a.Rcode, a.Err)
					}
				}
				report := r.TrustReport()
				if report.Paused == 0 || report.Canaries[0].Stopped == 0 {
					t.Errorf("the outage was not noticed: %+v", report)
				}
			})
		}
	}
}

// Where there is no process or no machine, ICMP says so, or nothing does.
func TestSweepWhileNobodyListens(t *testing.T) {
	t.Parallel()
	s := serveApart(t, honest(absent))
	r := open(t, Config{InFlight: 200, Retries: 3, Timeout: 4 * brevity, Rate: 5000}, s)
	r.Watch(Watch{Canaries: testCanaries, Interval: brevity})
	var g gathered
	var once sync.Once
	returned := make(chan error, 1)
	const n = 3000
	err := r.Sweep(t.Context(), listed(n), func(answers []Answer) {
		g.yield(answers)
		once.Do(func() {
			s.close()
			time.AfterFunc(10*brevity, func() { _, err := serveAt(t, s.addr, honest(absent)); returned <- err })
		})
	})
	if err := <-returned; err != nil {
		t.Fatal(err)
	}
	if err != nil || len(g.answers) != n {
		t.Fatalf("%d answers, error %v", len(g.answers), err)
	}
	for tag, answers := range g.answers {
		if answers[0].Outcome != NXDOMAIN {
			t.Fatalf("tag %d: %v", tag, answers[0].Err)
		}
	}
}

// A wrong answer to a canary stops the upstream; what it said since the last good one is not vouched for, and what
// another says is.
func TestLies(t *testing.T) {
	t.Parallel()
	for title, lie := range map[string]play{"makes up answers": fakeAnswer, "denies all": denyAll} {
		t.Run(title, func(t *testing.T) {
			t.Parallel()
			var d direction
			r := open(t, Config{Timeout: patience}, serve(t, d.or(honest(absent)), nil), serve(t, honest(absent), nil))
			r.Watch(Watch{Canaries: testCanaries, Interval: brevity})
			first := time.Now()
			vouched := func(from, to time.Time) Trust {
				t.Helper()
				for range 100 {
					if trust := r.Vouch(from, to); trust != Waiting {
						return trust
					}
					time.Sleep(brevity / 2)
				}
				return Waiting
			}
			early := time.Now()
			if trust := vouched(first, early); trust != Trusted {
				t.Fatalf("before the lie: %d", trust)
			}
			time.Sleep(3 * brevity)
			d.play(lie)
			lying := time.Now()
			if trust := vouched(lying, lying.Add(brevity/10)); trust != Distrusted {
				t.Errorf("during the lie: %d", trust)
			}
			if trust := vouched(first, early); trust != Trusted {
				t.Errorf("before the lie, asked later: %d", trust)
			}
			m, err := r.Exchange(t.Context(), txt("d1.example"))
			if err != nil || m.Rcode != dns.RcodeNameError {
				t.Errorf("while one is stopped: %v %v", m, err)
			}
			d.play(nil)
			for r.stoppedAny() {
				time.Sleep(brevity / 2)
			}
			late := time.Now()
			if trust := vouched(late, late); trust != Trusted {
				t.Errorf("after the lie: %d", trust)
			}
			if r.TrustReport().Canaries[0].Wrong == 0 || r.TrustReport().Canaries[1].Stopped != 0 {
				t.Errorf("%+v", r.TrustReport())
			}
		})
	}
}

// No answer of an upstream that lies is read, not even to what it was asked before.
func TestLiesInFlight(t *testing.T) {
	t.Parallel()
	var lying atomic.Bool
	var lies []func() // told when it is known
	var mu sync.Mutex
	liar := serve(t, func(q *dns.Msg, send func([]byte)) {
		if lying.Load() && number(q) > 0 {
			mu.Lock()
			defer mu.Unlock()
			lies = append(lies, func() { good(q, send) })
			return
		}
		if lying.Load() {
			good(q, send)
			return
		}
		honest(absent)(q, send)
	}, nil)
	r := open(t, Config{InFlight: 50, Timeout: patience}, liar, serve(t, honest(absent), nil))
	r.Watch(Watch{Canaries: testCanaries, Interval: brevity})
	time.Sleep(2 * brevity)
	lying.Store(true)
	var told sync.WaitGroup
	told.Go(func() {
		for t.Context().Err() == nil {
			time.Sleep(brevity / 20)
			if !r.stoppedAny() {
				continue
			}
			mu.Lock()
			for _, lie := range lies {
				lie()
			}
			lies = nil
			mu.Unlock()
		}
	})
	t.Cleanup(told.Wait)
	var g gathered
	const n = 200
	if err := r.Sweep(t.Context(), listed(n), g.yield); err != nil || len(g.answers) != n {
		t.Fatalf("%d answers, error %v", len(g.answers), err)
	}
	for tag, answers := range g.answers {
		if tag > 0 && answers[0].Outcome != NXDOMAIN {
			t.Fatalf("tag %d: a lie: %+v", tag, answers[0])
		}
	}
}

// An upstream that answers canaries and drops too many questions is stopped, and a run that gets nowhere ends. What
// was asked before is not counted.
func TestSilenceBeyondTheLimit(t *testing.T) {
	t.Parallel()
	dropping := honest(func(q *dns.Msg, send func([]byte)) {
		if number(q)%10 != 0 {
			absent(q, send)
		}
	})
	config := Config{InFlight: 500, Floor: 500, Timeout: 5 * brevity, Rate: 5000}
	r := open(t, config, serve(t, dropping, nil))
	r.Watch(Watch{Canaries: testCanaries, Interval: 2 * brevity, MaxSilence: 0.05, MaxPause: 20 * brevity})
	var g gathered
	err := r.Sweep(t.Context(), listed(1<<30), g.yield)
	if !errors.Is(err, ErrUntrusted) || !strings.Contains(fmt.Sprint(err), "drops questions in silence") {
		t.Errorf("error %v, want %v", err, ErrUntrusted)
	}

	config.Rate = 0
	r = open(t, config, serve(t, honest(silence), nil))
	r.Watch(Watch{Canaries: testCanaries, Interval: brevity, MaxSilence: 0.05, MaxPause: 15 * brevity})
	next := listed(2000)
	err = r.Sweep(t.Context(), func(into []Question) (int, bool) {
		n, more := next(into)
		for i := range into[:n] {
			into[i].Again = true
		}
		return n, more
	}, g.yield)
	if err != nil || r.TrustReport().Canaries[0].Stopped != 0 {
		t.Errorf("dead names asked again: %v, %+v", err, r.TrustReport())
	}
}

// When all are stopped for too long, everything that waits ends with that error.
func TestMaxPause(t *testing.T) {
	t.Parallel()
	r := open(t, Config{Timeout: brevity, InFlight: 100}, serve(t, silence, nil))
	r.Watch(Watch{Canaries: testCanaries, Interval: brevity, MaxPause: 10 * brevity})
	asked := make(chan error)
	go func() {
		_, err := r.Exchange(t.Context(), txt("d1.example"))
		asked <- err
	}()
	var g gathered
	if err := r.Sweep(t.Context(), listed(1000), g.yield); !errors.Is(err, ErrUntrusted) {
		t.Errorf("the sweep ended with %v", err)
	}
	if err := <-asked; !errors.Is(err, ErrUntrusted) {
		t.Errorf("the exchange ended with %v", err)
	}
	if len(g.answers) != 0 {
		t.Errorf("%d domains were blamed", len(g.answers))
	}
}

// An upstream that always loses some packets is not stopped.
func TestWatchBearsLoss(t *testing.T) {
	t.Parallel()
	asked := make(map[bool]int) // canaries and others: one in five of each is lost, and so never all attempts of a canary
	lossy := honest(absent)
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		canary := strings.HasSuffix(strings.ToLower(q.Question[0].Name), canaryZone+".")
		if asked[canary]++; asked[canary]%5 != 0 {
			lossy(q, send)
		}
	}, nil)
	r := open(t, Config{InFlight: 400, Retries: 4, Timeout: fairness, Rate: 8000}, s)
	r.Watch(Watch{Canaries: testCanaries, Interval: brevity, MaxSilence: 0.05})
	var g gathered
	if err := r.Sweep(t.Context(), listed(4000), g.yield); err != nil || len(g.answers) != 4000 {
		t.Fatalf("%d answers, error %v", len(g.answers), err)
	}
	if report := r.TrustReport(); report.Canaries[0].Stopped != 0 {
		t.Errorf("%+v", report)
	}
}

// A process that was stopped gives what is in flight its time back.
func TestStall(t *testing.T) {
	t.Parallel()
	var late atomic.Bool
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		if late.Load() {
			go func() { time.Sleep(2 * brevity); absent(q, send) }()
			return
		}
		absent(q, send)
	}, nil)
	r := open(t, Config{InFlight: 100, Timeout: fairness, Lanes: 1}, s)
	late.Store(true)
	var g gathered
	var once sync.Once
	next := listed(300)
	err := r.Sweep(t.Context(), func(into []Question) (int, bool) {
		n, more := next(into[:min(len(into), 50)])
		if number := r.Stats()[0].Asked; number > 0 {
			once.Do(func() { s.udp.SetReadBuffer(1 << 20); late.Store(true); time.Sleep(stall + fairness) })
		}
		return n, more
	}, g.yield)
	if err != nil || r.Stats()[0].Timeouts != 0 {
		t.Errorf("error %v, stats %+v", err, r.Stats()[0])
	}
}

func (r *Resolver) stoppedAny() bool {
	return slices.ContainsFunc(r.upstreams, func(u *upstream) bool { return u.breaker.IsOpen() })
}
