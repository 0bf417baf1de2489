package resolver

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Behind an upstream of which one answer in ten takes longer than a time-out, and one in a hundred longer than three,
// no name is lost, though its canaries are prompt. Either that befalls each answer by itself, or all answers about a
// name until one was given, as behind a resolver that looks for it. Hardly any name needs a second pass.
func TestSlowUpstream(t *testing.T) {
	for title, byName := range map[string]bool{"each answer": false, "each name": true} {
		t.Run(title, func(t *testing.T) {
			bubble(t, func(t *testing.T) { slowUpstream(t, byName) })
		})
	}
}

func slowUpstream(t *testing.T, byName bool) {
	const n = 10_000
	random := rand.New(rand.NewPCG(12, 12))
	known := make(map[int]time.Time) // when the upstream knows the answers about names
	u := &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) {
		after := time.Duration(random.Int64N(int64(silenceOf / 10)))
		switch share := random.IntN(100); {
		case share == 0:
			after += 3 * silenceOf
		case share < 10:
			after += silenceOf
		}
		if byName {
			if at, ok := known[number(q)]; ok {
				after = max(time.Until(at), time.Millisecond)
			} else {
				known[number(q)] = time.Now().Add(after)
			}
		}
		return absence(q), after
	}}
	r := memoryResolver(t, Config{InFlight: 1000, Floor: 1000, Retries: 2}, u)
	prompt(t.Context(), r)
	questions := make(map[int64]Question)
	for next, more := listed(n), true; more; {
		var some [64]Question
		var k int
		k, more = next(some[:])
		for _, q := range some[:k] {
			questions[q.Tag] = q
		}
	}
	for pass := 1; pass <= 2; pass++ {
		left := slices.Collect(maps.Values(questions))
		sweepInMemory(t, r, func(into []Question) (int, bool) {
			k := copy(into, left)
			left = left[k:]
			return k, len(left) > 0
		}, func(answers []Answer) {
			for _, a := range answers {
				if a.Outcome == NXDOMAIN {
					delete(questions, a.Tag)
				}
			}
		}, u)
		t.Logf("pass %d: %d names got no answer", pass, len(questions))
		if pass == 1 && len(questions) > n/50 {
			t.Errorf("%d names want a second pass", len(questions))
		}
		for tag, q := range questions {
			q.Again, q.Patient = true, true
			questions[tag] = q
		}
	}
	if len(questions) > 0 {
		t.Errorf("%d names are lost", len(questions))
	}
}

// Whatever upstreams do, each question has one answer, which is none that another question was given, and nothing is
// left behind.
func TestSweepOfOddUpstreams(t *testing.T) {
	for seed := range uint64(20) {
		bubble(t, func(t *testing.T) {
			const n = 300
			random := rand.New(rand.NewPCG(seed, 12))
			var upstreams []*inMemory
			var mu sync.Mutex
			for range 1 + random.IntN(4) {
				upstreams = append(upstreams, &inMemory{meet: func(q *dns.Msg) ([]byte, time.Duration) {
					mu.Lock()
					defer mu.Unlock()
					after := time.Duration(random.Int64N(int64(2 * silenceOf)))
					if random.IntN(2) == 0 {
						after = time.Duration(random.Int64N(int64(silenceOf / 20)))
					}
					m := answer(q)
					switch random.IntN(8) {
					case 0:
						return nil, 0
					case 1:
						return packed(m.SetRcode(q, dns.RcodeServerFailure)), after
					case 2:
						m.SetRcode(q, dns.RcodeFormatError)
						return packed(m), after
					case 3:
						wire := packed(m)
						return wire[:len(wire)-5], after
					}
					return packed(m), after
				}})
			}
			r := memoryResolver(t, Config{
				InFlight: 1 + random.IntN(40), Retries: random.IntN(4), MixCase: random.IntN(2) == 0,
			}, upstreams...)
			if random.IntN(3) > 0 {
				prompt(t.Context(), r)
			}
			var g gathered
			next := listed(n)
			sweepInMemory(t, r, func(into []Question) (int, bool) {
				mu.Lock()
				defer mu.Unlock()
				k, more := next(into[:random.IntN(len(into)+1)])
				for i := range into[:k] {
					into[i].Patient, into[i].Again = random.IntN(2) == 0, random.IntN(2) == 0
					into[i].Avoid = uint16(random.IntN(3))
				}
				return k, more
			}, g.yield, upstreams...)
			if len(g.answers) != n {
				t.Errorf("seed %d: %d answers", seed, len(g.answers))
			}
			for tag, answers := range g.answers {
				a := answers[0]
				if len(answers) != 1 {
					t.Errorf("seed %d, tag %d: %d answers", seed, tag, len(answers))
				}
				if a.Outcome == Reply && a.Rcode == dns.RcodeSuccess {
					text, want := a.Msg.Answer[0].(*dns.TXT).Txt[0], fmt.Sprintf("answer for _mta-sts.d%d.example", tag)
					if !strings.EqualFold(text, want) {
						t.Errorf("seed %d, tag %d: %q", seed, tag, text)
					}
				}
			}
		})
	}
}
