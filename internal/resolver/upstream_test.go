package resolver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// The rate holds for everything that is sent, attempts after the first too, and its waits are not charged to the
// attempt.
func TestRate(t *testing.T) {
	t.Parallel()
	s := serve(t, rcode(dns.RcodeServerFailure), nil)
	const perSecond, questions, attempts = 40, 30, 2
	r := open(t, Config{Rate: perSecond, Retries: attempts - 1, Timeout: fairness}, s) // less than the waits
	began := time.Now()
	var all sync.WaitGroup
	for i := range questions {
		all.Go(func() {
			if _, err := r.Exchange(t.Context(), txt(fmt.Sprintf("d%d.example", i))); err != nil {
				t.Errorf("a question failed while it waited: %v", err)
			}
		})
	}
	all.Wait()
	const burst = 1
	if least := time.Second * (questions*attempts - burst) / perSecond; time.Since(began) < least {
		t.Errorf("%d messages at %d per second took %v, less than %v", questions*attempts, perSecond,
			time.Since(began), least)
	}
}

// A sweep keeps to the rate in any stretch of time, with all that it sends: first attempts, others, and those over
// TCP.
func TestRateOfSweep(t *testing.T) {
	t.Parallel()
	const perSecond, burst, n = 2000, 20, 2000
	r := open(t, Config{Rate: perSecond, Retries: 2, InFlight: 500}, serve(t, mixed, tcpMixed))
	began := time.Now()
	type mark struct {
		asked int64
		at    time.Duration
	}
	var mu sync.Mutex
	var marks []mark
	note := func() {
		mu.Lock()
		defer mu.Unlock()
		asked := r.Stats()[0].Asked // before the time: what is sent meanwhile is not counted
		marks = append(marks, mark{asked, time.Since(began)})
	}
	var g gathered
	err := r.Sweep(t.Context(), listed(n), func(answers []Answer) { g.yield(answers); note() })
	if err != nil || len(g.answers) != n {
		t.Fatalf("%d answers, error %v", len(g.answers), err)
	}
	note()
	last := marks[len(marks)-1]
	if asked := last.asked; asked < n*12/10 {
		t.Errorf("%d messages: hardly any attempt was a second one", asked)
	}
	for _, m := range marks {
		if most := perSecond*m.at.Seconds() + burst; float64(m.asked) > most {
			t.Fatalf("%d messages in %v, want at most %.0f", m.asked, m.at, most)
		}
	}
	// On a busy machine not the whole sweep shows what the limit lets out, but some stretch of it does.
	best := 0.0
	for i, first := range marks {
		for _, m := range marks[i:] {
			if asked := m.asked - first.asked; asked >= n/10 {
				best = max(best, float64(asked)/(m.at-first.at).Seconds())
				break
			}
		}
	}
	if best < perSecond/5 {
		t.Errorf("%.0f messages per second at the most: far below the rate", best)
	}
}

// A question of a survey waits for the limit behind one question of a sweep, not behind all of its window.
func TestRateIsShared(t *testing.T) {
	t.Parallel()
	s := serve(t, good, nil)
	const questions, few = 200, 10
	r := open(t, Config{Rate: 20, InFlight: questions}, s)
	sweeping := make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var given atomic.Int64
	var sweep sync.WaitGroup
	sweep.Go(func() {
		_ = r.Sweep(ctx, inBatches(func() (Question, bool) {
			n := given.Add(1)
			if n == few {
				close(sweeping) // questions wait for the limit by now, and more will
			}
			return Question{Name: fmt.Sprintf("d%d.example", n), Type: TypeTXT}, n <= questions
		}), func([]Answer) {})
	})
	<-sweeping
	before := s.asked.Load()
	m, err := r.Exchange(t.Context(), txt("survey.example"))
	wantAnswer(t, m, err, "survey.example")
	if between := s.asked.Load() - before; between > questions/4 {
		t.Errorf("%d questions of the sweep went first", between)
	}
	stop()
	sweep.Wait()
}

// A deadline that the queue of the rate limit would exceed is no time-out of an upstream.
func TestRateAndDeadline(t *testing.T) {
	s := serve(t, good, nil)
	r := open(t, Config{Rate: 0.1}, s)
	m, err := r.Exchange(t.Context(), txt("first.example"))
	wantAnswer(t, m, err, "first.example")
	_, err = r.Exchange(deadline(t, time.Second), txt("second.example"))
	wantError(t, err, "", true)
	if s.asked.Load() != 1 {
		t.Error("the second question was sent")
	}
}

// The ids of a socket in flight differ, and the same question has another id each time.
func TestIDs(t *testing.T) {
	const many = 1000
	way := make(chan struct{}, 100) // an element for each question on its way: so many fit the server's buffer
	var mu sync.Mutex
	ids := make(map[string]bool) // port and id
	seen := make(map[uint16]bool)
	release := make(chan struct{})
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		<-way
		mu.Lock()
		seen[q.Id] = true
		if ids[fmt.Sprint(q.Question[0].Name, q.Id)] = true; len(ids) == many {
			close(release)
		}
		mu.Unlock()
		go func() { <-release; good(q, send) }()
	}, nil)
	r := open(t, Config{InFlight: many, Timeout: 5 * patience}, s) // each waits for all the others
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			name := fmt.Sprintf("d%d.example", i)
			way <- struct{}{}
			m, err := r.Exchange(t.Context(), txt(name))
			if err != nil || m.Answer[0].(*dns.TXT).Txt[0] != "answer for "+name {
				t.Errorf("%s: %v %v", name, m, err)
			}
		})
	}
	all.Wait()
	mu.Lock()
	defer mu.Unlock()
	if len(seen) < many/2 {
		t.Errorf("%d different ids in %d questions", len(seen), many)
	}
}

// An upstream that does not answer is asked less, and as before when it is back.
func TestHealth(t *testing.T) {
	var dead atomic.Bool
	dead.Store(true)
	lame := serve(t, func(q *dns.Msg, send func([]byte)) {
		if !dead.Load() {
			good(q, send)
		}
	}, nil)
	fine := serve(t, good, nil)
	var r *Resolver
	exchange := func(n int) {
		for i := range n {
			if _, err := r.Exchange(t.Context(), txt(fmt.Sprintf("d%d.example", i))); err != nil {
				var e *Error
				if errors.As(err, &e) && e.Timeout() {
					continue // the machine is busy
				}
				t.Fatal(err)
			}
		}
	}
	for timeout := 10 * time.Millisecond; ; timeout *= 4 {
		r = open(t, Config{Timeout: timeout, Retries: 3}, lame, fine)
		before := lame.asked.Load()
		exchange(200)
		if r.Stats()[1].Timeouts > 0 && timeout < fairness {
			continue // the other one loses questions too where the machine is slower than the time-out
		}
		if asked := lame.asked.Load() - before; asked > 80 || asked < 1 {
			t.Errorf("the silent upstream was asked %d times of 200", asked)
		}
		break
	}
	dead.Store(false)
	r.schedule.timeout = patience
	exchange(400)
	before := lame.asked.Load()
	exchange(200)
	if asked := lame.asked.Load() - before; asked < 60 {
		t.Errorf("the upstream that came back was asked %d times of 200", asked)
	}
}

// The next attempt goes to another upstream, however much that loses. Even one that loses everything is asked now and
// then.
func TestNext(t *testing.T) {
	r := open(t, Config{}, serve(t, silence, nil), serve(t, silence, nil))
	lame, fine := r.upstreams[0], r.upstreams[1]
	for range 500 {
		lame.loss.Count(true)
	}
	const draws = 4000
	asked := 0
	for range draws {
		if r.nextUpstream(fine) != lame || r.nextUpstream(lame) != fine {
			t.Fatal("the same upstream again")
		}
		if r.nextUpstream(nil) == lame {
			asked++
		}
	}
	if asked < draws/200 || asked > draws/8 {
		t.Errorf("one that loses everything was asked %d times of %d", asked, draws)
	}
	only := open(t, Config{}, serve(t, silence, nil))
	if u := only.upstreams[0]; only.nextUpstream(u) != u {
		t.Error("the only upstream is not asked again")
	}
}

// A flight whose reply came at the last moment does not end the wait of another that has its id now.
func TestForget(t *testing.T) {
	done, other := &flight{id: 7}, &flight{id: 7}
	s := &socket{waiting: map[uint16]*flight{7: other}}
	if s.forget(done) || s.waiting[7] != other {
		t.Error("the wait of another was ended")
	}
	if !s.forget(other) || len(s.waiting) != 0 {
		t.Error("its own wait was not ended")
	}
}
