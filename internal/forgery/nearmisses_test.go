package forgery

import (
	"strings"
	"testing"
	"time"

	"stsscan/internal/dnswire"
)

// Near-misses are counted by question, whatever its case, and forgotten after a second.
func TestNearMisses(t *testing.T) {
	question := func(name string) []byte {
		var q dnswire.Query
		if err := q.Ask(name, 16); err != nil {
			t.Fatal(err)
		}
		return q.Question()
	}
	m := NewNearMisses(dnswire.LowerCase)
	ours, upper := question("_mta-sts.example.com"), question("_MTA-STS.EXAMPLE.COM")
	other := question("_mta-sts.example.org")
	longest := question(strings.Repeat("a23456789.", 25) + "abc")
	if m.TooMany(ours, time.Second) {
		t.Error("a question is suspect at once")
	}
	now := 5 * time.Second
	for k := range MostNearMisses {
		if m.TooMany(ours, now) {
			t.Errorf("suspect after %d near-misses", k)
		}
		m.Add([][]byte{ours, upper}[k%2], now)
		m.Add(longest, now)
	}
	if !m.TooMany(ours, now) || !m.TooMany(upper, now) || !m.TooMany(longest, now) {
		t.Error("not suspect after as many near-misses as make it so")
	}
	if m.slot(ours) != m.slot(other) && m.TooMany(other, now) {
		t.Error("another question is suspect")
	}
	for range 1000 { // no counter runs over
		m.Add(ours, now)
	}
	if !m.TooMany(ours, now+time.Second) {
		t.Error("forgotten within a second")
	}
	if m.TooMany(ours, now+time.Second+1) {
		t.Error("still suspect after it")
	}
	m.Add(other, now+2*time.Second)
	if m.TooMany(ours, now+2*time.Second) {
		t.Error("suspect again with a near-miss of another")
	}
}
