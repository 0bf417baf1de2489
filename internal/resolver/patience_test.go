package resolver

import (
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

// silentAtFirst plays nothing n times, and then well.
func silentAtFirst(n int64) play {
	var asked atomic.Int64
	return func(q *dns.Msg, send func([]byte)) {
		if asked.Add(1) > n {
			good(q, send)
		}
	}
}

// With patience silence gets more attempts, and a declined question does not.
func TestPatience(t *testing.T) {
	c := Config{Timeout: brevity, Retries: 1}
	r := open(t, c, serve(t, silentAtFirst(5), nil))
	if m, err := r.Exchange(WithPatience(deadline(t, patience)), txt("example.com")); err != nil {
		t.Errorf("an answer to the sixth attempt: %v, %v", m, err)
	}
	r = open(t, c, serve(t, silentAtFirst(5), nil))
	if m, err := r.Exchange(deadline(t, patience), txt("example.com")); err == nil {
		t.Errorf("six attempts without patience: %v", m)
	}
	s := serve(t, rcode(dns.RcodeServerFailure), nil)
	r = open(t, c, s)
	if _, err := r.Exchange(WithPatience(deadline(t, patience)), txt("example.com")); err != nil || s.asked.Load() != 2 {
		t.Errorf("declined %d times: %v", s.asked.Load(), err)
	}

	for patient, want := range map[bool]Outcome{true: Reply, false: Failed} {
		r := open(t, c, serve(t, silentAtFirst(5), nil))
		var g gathered
		questions := []Question{{Label: "_mta-sts", Name: "example.com", Type: TypeTXT, Patient: patient}}
		next := func(into []Question) (int, bool) { return copy(into, questions), false }
		if err := r.Sweep(t.Context(), next, g.yield); err != nil {
			t.Fatal(err)
		}
		if a := g.answers[0]; len(a) != 1 || a[0].Outcome != want {
			t.Errorf("swept, patient %t: %+v", patient, g.answers)
		}
	}
}

// What the first attempt met stands, though the later ones were lost.
func TestGarbledThenSilent(t *testing.T) {
	garbledAtFirst := func() play {
		var asked atomic.Int64
		return func(q *dns.Msg, send func([]byte)) {
			if wire := packed(answer(q)); asked.Add(1) == 1 {
				send(wire[:len(wire)-5])
			}
		}
	}
	c := Config{Timeout: brevity, Retries: 2}
	r := open(t, c, serve(t, garbledAtFirst(), nil))
	_, err := r.Exchange(deadline(t, patience), txt("example.com"))
	if failed, ok := err.(*Error); !ok || failed.RecordReason() != codes.RecordMalformed {
		t.Errorf("%v", err)
	}
	r = open(t, c, serve(t, garbledAtFirst(), nil))
	var g gathered
	questions := []Question{{Label: "_mta-sts", Name: "example.com", Type: TypeTXT}}
	next := func(into []Question) (int, bool) { return copy(into, questions), false }
	if err := r.Sweep(t.Context(), next, g.yield); err != nil {
		t.Fatal(err)
	}
	if failed, ok := g.answers[0][0].Err.(*Error); !ok || failed.RecordReason() != codes.RecordMalformed {
		t.Errorf("swept: %v", g.answers[0])
	}
}
