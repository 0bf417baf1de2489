package survey

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// An asked counts the questions about hosts, each of which has an address, and so many TLSA records as its first
// label says.
type asked struct {
	t     *testing.T
	times map[string]int
}

func (a asked) Exchange(_ context.Context, q *dns.Msg) (*dns.Msg, error) {
	m := new(dns.Msg).SetReply(q)
	m.AuthenticatedData = true
	host, found := strings.CutPrefix(q.Question[0].Name, "_25._tcp.")
	if !found {
		m.Answer = []dns.RR{record(a.t, host+" 60 IN A 22.9.0.1")}
		return m, nil
	}
	a.times[host]++
	var n int
	_, _ = fmt.Sscanf(host, "mx%d.", &n)
	for i := range n {
		m.Answer = append(m.Answer, record(a.t, fmt.Sprintf("%s 60 IN TLSA 3 1 2 %0128x", q.Question[0].Name, i)))
	}
	return m, nil
}

// Strangers fill the cache neither with long records nor with many names: a host that is asked for now is kept.
func TestTLSACache(t *testing.T) {
	var c tlsaCache
	questions := asked{t, make(map[string]int)}
	ask := func(host string) {
		if _, err := c.lookup(t.Context(), questions, host); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		ask("mx2.example.com")
		ask("mx16.example.com")
	}
	if questions.times["mx2.example.com."] != 1 || questions.times["mx16.example.com."] != 2 {
		t.Errorf("asked %v", questions.times)
	}
	for i := range maxTLSACache {
		c.keep(fmt.Sprintf("mx1.d%d.example", i), c.hosts["mx2.example.com"])
	}
	for range 2 {
		ask("mx3.example.net")
	}
	if len(c.hosts) != maxTLSACache || questions.times["mx3.example.net."] != 1 {
		t.Errorf("%d hosts, asked %v", len(c.hosts), questions)
	}
}
