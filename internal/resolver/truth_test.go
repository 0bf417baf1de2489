package resolver

import (
	"fmt"
	"hash/fnv"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// fate is what is true of a domain of zoned: a function of its name, so that the answer about another domain is
// nearly always another.
func fate(domain string) (outcome Outcome, zone string, long bool) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(domain))
	_, zone, _ = strings.Cut(domain, ".")
	switch n := h.Sum32() % 20; {
	case n < 13:
		return NXDOMAIN, zone, false
	case n < 16:
		return NODATA, domain, false
	default:
		return Reply, "", n == 19
	}
}

func zonedName(i int) string { return fmt.Sprintf("d%d.z%d.example", i, i*2654435761>>7%5003) }

// zoned gives n questions, each with its number as tag.
func zoned(n int) func([]Question) (int, bool) {
	i := -1
	return inBatches(func() (Question, bool) {
		i++
		return Question{Label: "_mta-sts", Name: zonedName(i), Type: dns.TypeTXT, Tag: int64(i)}, i < n
	})
}

// truth is the reply that q deserves.
func truth(q *dns.Msg) *dns.Msg {
	domain := strings.TrimPrefix(canonical(q.Question[0].Name), "_mta-sts.")
	switch outcome, zone, _ := fate(domain); outcome {
	case NXDOMAIN:
		return denial(q, dns.RcodeNameError, zone+".")
	case NODATA:
		return denial(q, dns.RcodeSuccess, zone+".")
	}
	return answer(q)
}

// cutTruth is the same as it comes over UDP, where some of it is too long.
func cutTruth(q *dns.Msg) *dns.Msg {
	m := truth(q)
	_, _, m.Truncated = fate(strings.TrimPrefix(canonical(q.Question[0].Name), "_mta-sts."))
	return m
}

// lie is a reply that says what is not so.
func lie(q *dns.Msg) *dns.Msg {
	if m := truth(q); len(m.Answer) == 0 {
		m = answer(q)
		m.Answer[0].(*dns.TXT).Txt = []string{"v=STSv1; id=evil"}
		return m
	}
	return denial(q, dns.RcodeNameError, "example.")
}

// wantTruth fails unless every one of n domains has exactly one answer, and that is true.
func wantTruth(t *testing.T, g *gathered, n int) {
	t.Helper()
	if len(g.answers) != n {
		t.Errorf("%d questions answered of %d", len(g.answers), n)
	}
	bad := 0
	for tag, answers := range g.answers {
		a, domain := answers[0], zonedName(int(tag))
		outcome, zone, long := fate(domain)
		ok := len(answers) == 1 && a.Err == nil && a.Outcome == outcome && a.Zone == zone && (a.Trace.TCP || !long)
		if ok && outcome == Reply {
			ok = len(a.Msg.Answer) == 1 && a.Msg.Answer[0].(*dns.TXT).Txt[0] == "answer for _mta-sts."+domain
		}
		if !ok {
			if bad++; bad <= 5 {
				t.Errorf("%s: %+v, want outcome %d, zone %q", domain, answers, outcome, zone)
			}
		}
	}
	if bad > 0 {
		t.Errorf("%d answers wrong of %d", bad, n)
	}
}
