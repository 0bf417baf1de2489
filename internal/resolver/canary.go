package resolver

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/miekg/dns"

	"stsscan/internal/monitor"
)

// A Canary is a question whose answer is known.
type Canary struct {
	Name   string // in A-labels, no final dot; "." for the root
	Type   uint16
	Absent bool // a random label is put before Name, and nothing may be there
}

// String is the canary for people.
func (c Canary) String() string {
	if c.Absent {
		return fmt.Sprintf("a random name below %s", c.Name)
	}
	return fmt.Sprintf("%s %s", dns.Type(c.Type), c.Name)
}

// question is the query for a canary. No two for an absence are alike, so that no cache answers.
func (c Canary) question() *dns.Msg {
	name := c.Name
	if c.Absent {
		name = randomLabel() + "." + strings.TrimPrefix(name, ".")
	}
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), c.Type)
	q.AuthenticatedData = true
	return q
}

// randomLabel is a label that no name has.
func randomLabel() string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	var label [20]byte
	for i := range label {
		label[i] = letters[rand.IntN(len(letters))]
	}
	return string(label[:])
}

// judge compares a reply, or its error, with what is known. The words say what is wrong.
func (c Canary) judge(rd reading, err error) (monitor.Result, string) {
	switch {
	case err != nil:
		return monitor.Failed, err.Error()
	case declines(rd.rcode):
		return monitor.Failed, RcodeName(rd.rcode)
	case c.Absent && rd.outcome == Reply && rd.msg != nil && len(rd.msg.Answer) > 0:
		return monitor.Wrong, fmt.Sprintf("%s, which cannot exist, has an answer: %s",
			strings.TrimSuffix(rd.msg.Question[0].Name, "."), rd.msg.Answer[0])
	case c.Absent:
		return monitor.Good, ""
	case rd.outcome == Reply && rd.rcode == dns.RcodeSuccess && rd.msg != nil && has(rd.msg.Answer, c.Type):
		return monitor.Good, ""
	}
	return monitor.Wrong, fmt.Sprintf("%s, which exists, is denied: %s", c, RcodeName(rd.rcode))
}

func has(rrs []dns.RR, rrtype uint16) bool {
	for _, rr := range rrs {
		if rr.Header().Rrtype == rrtype {
			return true
		}
	}
	return false
}
