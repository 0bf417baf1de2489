package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// queryFor returns a TXT query and the end of its question.
func queryFor(t *testing.T, name string) ([]byte, int) {
	t.Helper()
	b, err := new(dns.Msg).SetQuestion(name, dns.TypeTXT).Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b, questionEnd(b)
}

// One question in ten takes longer than the unit, one in a hundred longer than
// three, none four.
func TestSlowShares(t *testing.T) {
	const n, unit = 50_000, 5 * time.Second
	p := newSlowResolver(unit, 1)
	var long, veryLong int
	for i := range n {
		q, end := queryFor(t, fmt.Sprintf("name%d.example.", i))
		takes := p.duration(q[headerSize:end])
		if takes > unit {
			long++
		} else if takes != 0 {
			t.Errorf("question %d takes %v", i, takes)
		}
		if takes > 3*unit {
			veryLong++
		}
		if takes >= 4*unit {
			t.Errorf("question %d takes %v", i, takes)
		}
	}
	if long < n*9/100 || long > n*11/100 {
		t.Errorf("%d of %d take longer than %v", long, n, unit)
	}
	if veryLong < n*8/1000 || veryLong > n*12/1000 {
		t.Errorf("%d of %d take longer than %v", veryLong, n, 3*unit)
	}
}

// slowName returns a name whose TXT question takes time.
func slowName(t *testing.T, p *slowResolver, label string) (name string, takes time.Duration) {
	t.Helper()
	for i := range 1000 {
		name := fmt.Sprintf("%s%d.example.", label, i)
		if q, end := queryFor(t, name); p.duration(q[headerSize:end]) > 0 {
			return name, p.duration(q[headerSize:end])
		}
	}
	t.Fatal("no question takes time")
	return "", 0
}

// Time counts from the first time that a question is asked, in any letter case. Then the answer is cached.
func TestSlowAnswerIsCached(t *testing.T) {
	p := newSlowResolver(time.Second, 1)
	name, takes := slowName(t, p, "name")
	q, end := queryFor(t, name)
	upper, _ := queryFor(t, "N"+name[1:])
	began := time.Unix(1e9, 0)
	ready := began.Add(takes)
	for _, c := range []struct {
		query []byte
		after time.Duration
		want  time.Time
	}{
		{q, 0, ready}, {upper, takes / 2, ready}, {q, takes, ready}, {q, time.Hour, began.Add(time.Hour)},
	} {
		if got := p.ready(c.query, end, began.Add(c.after)); !got.Equal(c.want) {
			t.Errorf("asked after %v: ready after %v, want %v", c.after, got.Sub(began), c.want.Sub(began))
		}
	}
}

// Behind a slow resolver all answers come, none before its time. Cached answers come without delay.
func TestSlow(t *testing.T) {
	const n = 500
	r := start(t, faults{slow: 50 * time.Millisecond})
	name, takes := slowName(t, r.slow, "asked")
	began := time.Now()
	c := &dns.Client{Timeout: busy}
	m, _, err := c.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeTXT), r.addr().String())
	if err != nil || len(m.Answer) != 1 {
		t.Errorf("%s: %v, %v", name, m, err)
	}
	if waited := time.Since(began); waited < takes {
		t.Errorf("%s: answered after %v, which is less than %v", name, waited, takes)
	}
	for round := range 2 {
		questions, packets := ask(t, r, n, busy)
		if len(packets) != n {
			t.Errorf("round %d: %d packets for %d questions", round, len(packets), n)
		}
		for _, p := range packets {
			if !isTrue(p.b, questions) {
				t.Errorf("round %d: %x is not true", round, p.b)
			}
		}
	}
	r.close()
	if got := r.counts["slow"]; got < n/20 || got > n/5 {
		t.Errorf("%d answers were slow, want about %d", got, n/10)
	}
}
