package mtasts

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// An answer is what a zone has for one question: an rcode, header bits, an error, and records as in a master
// file. A line that begins with "!" goes into the authority section.
type answer struct {
	rcode int
	tc    bool
	ad    bool
	ede   []uint16
	rrs   []string
	err   error
	raw   func(*dns.Msg) *dns.Msg // last changes to the reply
}

// A zones answers questions from a table whose keys are "name TYPE", lower case, without the final dot. Replies
// have been through the wire format. A question that is not in the table fails the test.
type zones struct {
	t       *testing.T
	answers map[string]answer

	mu    sync.Mutex
	asked []string
}

func newZones(t *testing.T, answers map[string]answer) *zones {
	return &zones{t: t, answers: answers}
}

var errNotInZones = errors.New("not in the table")

func (z *zones) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	key := strings.TrimSuffix(strings.ToLower(q.Question[0].Name), ".") + " " + dns.TypeToString[q.Question[0].Qtype]
	z.mu.Lock()
	defer z.mu.Unlock()
	if slices.Contains(z.asked, key) {
		z.t.Errorf("%s is asked for twice", key)
	}
	z.asked = append(z.asked, key)
	a, ok := z.answers[key]
	if !ok {
		return nil, errNotInZones
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if a.err != nil {
		return nil, a.err
	}
	return a.reply(z.t, q), nil
}

// reply is the answer to q as it comes from the wire.
func (a answer) reply(t testing.TB, q *dns.Msg) *dns.Msg {
	t.Helper()
	m := new(dns.Msg).SetRcode(q, a.rcode)
	m.RecursionAvailable, m.Truncated, m.AuthenticatedData = true, a.tc, a.ad
	m.Answer, m.Ns = records(t, a.rrs)
	if len(a.ede) > 0 || a.rcode > 15 {
		m.SetEdns0(1232, false)
		for _, code := range a.ede {
			m.IsEdns0().Option = append(m.IsEdns0().Option, &dns.EDNS0_EDE{InfoCode: code})
		}
	}
	wire, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	m = new(dns.Msg)
	if err := m.Unpack(wire); err != nil {
		t.Fatal(err)
	}
	if a.raw != nil {
		m = a.raw(m)
	}
	return m
}

func records(t testing.TB, lines []string) (answer, ns []dns.RR) {
	t.Helper()
	for _, line := range lines {
		text, authority := strings.CutPrefix(line, "!")
		rr, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		if authority {
			ns = append(ns, rr)
		} else {
			answer = append(answer, rr)
		}
	}
	return answer, ns
}

// soa is an authority line: the denial of a zone.
func soa(zone string) string {
	return "!" + dns.Fqdn(zone) + " 300 IN SOA ns.example. hostmaster.example. 1 2 3 4 300"
}

// A reasonedError is an error of others that has a reason.
type reasonedError[R any] struct {
	error
	reason R
}

func (e reasonedError[R]) Unwrap() error { return e.error }

// An ownFault is an error that says whose fault it is.
type ownFault struct{ error }

func (ownFault) Local() bool { return true }

// A slowError is a timeout of package net's kind.
type slowError struct{}

func (slowError) Error() string   { return "i/o timeout" }
func (slowError) Timeout() bool   { return true }
func (slowError) Temporary() bool { return true }

var _ net.Error = slowError{}
