package resolver

import (
	"errors"
	"strings"

	"github.com/miekg/dns"

	"stsscan/internal/dnswire"
)

// The types of the records that an MTA-STS survey asks for first, and at last.
const (
	TypeTXT = dns.TypeTXT
	TypeSOA = dns.TypeSOA
)

var errTruncated = errors.New("truncated")

// pack makes the query that m asks, without changing m. Its OPT record is kept or added, with our size.
func (a *asker) pack(m *dns.Msg) error {
	if m == nil || len(m.Question) != 1 || m.Response || m.Opcode != dns.OpcodeQuery {
		return dnswire.ErrQuestion
	}
	bare := *m
	bare.Id, bare.Compress = 0, false
	opt := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}}
	bare.Extra = nil
	for _, rr := range m.Extra {
		if o, ok := rr.(*dns.OPT); ok {
			opt = dns.Copy(o).(*dns.OPT)
			continue
		}
		bare.Extra = append(bare.Extra, rr)
	}
	opt.SetUDPSize(dnswire.UDPSize)

	wire, err := bare.Pack()
	if err != nil {
		return err
	}
	packed := make([]byte, dns.Len(opt))
	n, err := dns.PackRR(opt, packed, 0, nil, false)
	if err != nil {
		return err
	}
	return a.query.Set(strings.TrimSuffix(m.Question[0].Name, "."), m.Question[0].Qtype, wire, packed[:n])
}

// String is the question for people.
func (a *asker) String() string { return dns.Type(a.query.Type).String() + " " + a.query.Name }
