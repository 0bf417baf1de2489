package mtasts

import (
	"context"
	"errors"
	"testing"

	"github.com/miekg/dns"
)

// asked is an Exchanger that answers one way, and notes the question.
type asked struct {
	rcode    int
	ede      []uint16
	err      error
	question dns.Question
}

func (a *asked) Exchange(_ context.Context, q *dns.Msg) (*dns.Msg, error) {
	a.question = q.Question[0]
	if a.err != nil {
		return nil, a.err
	}
	reply := new(dns.Msg).SetRcode(q, a.rcode)
	reply.SetEdns0(1232, false)
	for _, code := range a.ede {
		reply.IsEdns0().Option = append(reply.IsEdns0().Option, &dns.EDNS0_EDE{InfoCode: code})
	}
	return reply, nil
}

func TestZoneUnreachable(t *testing.T) {
	tests := []struct {
		name string
		ex   asked
		dead bool
	}{
		{"an SOA", asked{}, false},
		{"no such domain: the zone above answers", asked{rcode: dns.RcodeNameError}, false},
		{"SERVFAIL", asked{rcode: dns.RcodeServerFailure}, true},
		{"no server answers", asked{rcode: dns.RcodeServerFailure, ede: []uint16{dns.ExtendedErrorCodeNoReachableAuthority}}, true},
		{"bogus: the servers answer", asked{rcode: dns.RcodeServerFailure, ede: []uint16{dns.ExtendedErrorCodeDNSBogus}}, false},
		{"the resolver does not want to", asked{rcode: dns.RcodeRefused}, false},
		{"silence", asked{err: context.DeadlineExceeded}, true},
		{"a garbled reply", asked{err: dns.ErrBuf}, false},
	}
	for _, tt := range tests {
		reply, err := tt.ex.Exchange(t.Context(), question("example.com.", dns.TypeSOA))
		if dead, err := ZoneUnreachable(reply, err); dead != tt.dead || err != nil {
			t.Errorf("%s: %v, %v, want %v", tt.name, dead, err, tt.dead)
		}
	}
	if dead, err := ZoneUnreachable(nil, context.Canceled); dead || !errors.Is(err, context.Canceled) {
		t.Errorf("a run that ends: %v, %v", dead, err)
	}
}
