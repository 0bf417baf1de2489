package resolver

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
)

// wantDenials fails unless each of n questions of listed has one answer, the denial of d<i>.example.
func wantDenials(t *testing.T, g *gathered, n int) {
	t.Helper()
	if len(g.answers) != n {
		t.Errorf("%d questions answered of %d", len(g.answers), n)
	}
	for tag, answers := range g.answers {
		if a := answers[0]; len(answers) != 1 || a.Outcome != NXDOMAIN || a.Zone != "example" {
			t.Fatalf("tag %d: %+v", tag, answers)
		}
	}
}

func denied(q *dns.Msg, send func([]byte)) {
	send(packed(denial(q, dns.RcodeNameError, "example.")))
}

// letters counts upper and lower case.
func letters(name string) (upper, lower int) {
	for _, c := range name {
		switch {
		case 'A' <= c && c <= 'Z':
			upper++
		case 'a' <= c && c <= 'z':
			lower++
		}
	}
	return upper, lower
}

// Half of the letters are in upper case, each at random, and a reply that repeats them is taken. The answer has lower
// case again.
func TestMixCase(t *testing.T) {
	const n, letter = 2000, 14 // of _mta-sts.d<i>.example: each is one octet of a pattern
	var mu sync.Mutex
	var places [letter]int
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		mu.Lock()
		k := 0
		for _, c := range q.Question[0].Name {
			if upper, lower := letters(string(c)); upper+lower > 0 {
				places[k] += upper
				k++
			}
		}
		mu.Unlock()
		if number(q)%7 == 0 {
			send(packed(answer(q)))
			return
		}
		denied(q, send)
	}, nil)
	var g gathered
	r := open(t, Config{MixCase: true, InFlight: 100}, s)
	if err := r.Sweep(t.Context(), listed(n), g.yield); err != nil {
		t.Fatal(err)
	}
	for tag, answers := range g.answers {
		a := answers[0]
		switch {
		case len(answers) != 1 || a.Trace.Attempts != 1:
			t.Fatalf("tag %d: %+v", tag, answers)
		case tag%7 != 0 && (a.Outcome != NXDOMAIN || a.Zone != "example"):
			t.Fatalf("tag %d: %+v", tag, answers)
		case tag%7 == 0 && (a.Outcome != Reply || a.Msg.Question[0].Name != strings.ToLower(a.Msg.Question[0].Name)):
			t.Fatalf("tag %d: %+v", tag, answers)
		}
	}
	if stats := r.Stats()[0]; len(g.answers) != n || stats.Asked != n || stats.Mismatched != 0 {
		t.Errorf("%d answers, stats %+v", len(g.answers), stats)
	}
	mu.Lock()
	defer mu.Unlock()
	for k, upper := range places {
		if upper < n*2/5 || upper > n*3/5 {
			t.Errorf("letter %d was in upper case %d times of %d", k, upper, n)
		}
	}
}

// Without 0x20 the names go out as they came.
func TestNoMixCase(t *testing.T) {
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		if upper, _ := letters(q.Question[0].Name); upper > 0 {
			t.Errorf("%s was asked for", q.Question[0].Name)
		}
		denied(q, send)
	}, nil)
	var g gathered
	if err := open(t, Config{}, s).Sweep(t.Context(), listed(200), g.yield); err != nil {
		t.Fatal(err)
	}
	wantDenials(t, &g, 200)
}

// For an upstream that makes all letters lower case, 0x20 is switched off by itself, and no answer is lost. It stays
// on for the other.
func TestMixCaseFallsBack(t *testing.T) {
	t.Parallel()
	const n = 2000
	var mixedToBoth [2]atomic.Int64
	note := func(k int, q *dns.Msg) {
		if upper, _ := letters(q.Question[0].Name); upper > 0 {
			mixedToBoth[k].Add(1)
		}
	}
	folds := serve(t, func(q *dns.Msg, send func([]byte)) {
		note(0, q)
		q.Question[0].Name = strings.ToLower(q.Question[0].Name)
		denied(q, send)
	}, nil)
	keeps := serve(t, func(q *dns.Msg, send func([]byte)) { note(1, q); denied(q, send) }, nil)
	for _, servers := range [][]*server{{folds}, {folds, keeps}} {
		for i := range mixedToBoth {
			mixedToBoth[i].Store(0)
		}
		var g gathered
		r := open(t, Config{MixCase: true, InFlight: 50, Retries: 2, Timeout: fairness}, servers...)
		if err := r.Sweep(t.Context(), listed(n), g.yield); err != nil {
			t.Fatal(err)
		}
		wantDenials(t, &g, n)
		if mixed := mixedToBoth[0].Load(); mixed > 250 {
			t.Errorf("%d questions were mixed for an upstream that does not keep it", mixed)
		}
		if len(servers) == 1 {
			if stats := r.Stats()[0]; stats.Asked > n+4 {
				t.Errorf("stats %+v: more was asked again than what proves it", stats)
			}
			continue
		}
		if asked, mixed := keeps.asked.Load(), mixedToBoth[1].Load(); mixed < asked*9/10 || asked < n/20 {
			t.Errorf("%d of %d questions were mixed for an upstream that keeps it", mixed, asked)
		}
	}
}

// While case is mixed, a reply with another case is no answer, though all else is right.
func TestMixCaseForgeries(t *testing.T) {
	const n = 300
	var forged atomic.Int64
	s := serve(t, func(q *dns.Msg, send func([]byte)) {
		m := answer(q)
		m.Answer[0].(*dns.TXT).Txt[0] = "evil"
		name := []byte(q.Question[0].Name)
		for i, c := range name {
			if upper, lower := letters(string(c)); upper+lower > 0 && forged.Load() < 3 {
				name[i] ^= 0x20
				m.Question[0].Name = string(name)
				send(packed(m))
				forged.Add(1)
				break
			}
		}
		denied(q, send)
	}, nil)
	var g gathered
	r := open(t, Config{MixCase: true, InFlight: 50}, s)
	if err := r.Sweep(t.Context(), listed(n), g.yield); err != nil {
		t.Fatal(err)
	}
	wantDenials(t, &g, n)
	if stats := r.Stats()[0]; stats.Mismatched != forged.Load() || stats.Asked != n || r.upstreams[0].foldsCase.Load() {
		t.Errorf("%d forgeries, stats %+v, 0x20 off %v", forged.Load(), stats, r.upstreams[0].foldsCase.Load())
	}
}
