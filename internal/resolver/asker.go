package resolver

import (
	"errors"
	"strings"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/dnswire"
)

// An asker is what one question of Exchange, or a slow one, needs while it is asked. It is used for one question
// after the other, and belongs to one goroutine at a time.
type asker struct {
	query    dnswire.Query
	flights  [mostFlights]flight // one for an upstream; those over the latest come first
	done     chan *flight        // capacity mostFlights: those that have ended; sockets write it
	timer    *time.Timer
	trace    Trace
	sweeping bool // the question is one of a Sweep

	timeout    time.Duration // of an attempt; 0: that of the Resolver
	promptTime time.Duration // of an attempt at a prompt upstream; 0: the same
	sentAt     time.Duration // when the attempt under way was sent
	until      time.Duration // when its time is up
	isCanary   bool          // the question is one: upstreams that are stopped get it too
}

// mostFlights is from how many upstreams a question expects replies at a time.
const mostFlights = 3

func newAsker() *asker {
	a := &asker{done: make(chan *flight, mostFlights), timer: time.NewTimer(time.Hour)}
	a.timer.Stop()
	for i := range a.flights {
		a.flights[i].ended = a.done
	}
	return a
}

// forget expects no reply any more.
func (a *asker) forget() {
	for i := range a.flights {
		if f := &a.flights[i]; f.upstream != nil {
			if !f.socket.forget(f) {
				<-a.done // this one, or another that has ended
			}
			f.upstream = nil
		}
	}
}

// flightTo is the flight to u that expects a reply. Where there is none it is a new one, over a random socket, in
// place of the oldest.
func (a *asker) flightTo(u *upstream) (f *flight, isNew bool) {
	f = &a.flights[0]
	for i := range a.flights {
		g := &a.flights[i]
		if g.upstream == u {
			return g, false
		}
		if g.upstream == nil || f.upstream != nil && g.sent < f.sent {
			f = g
		}
	}
	if f.upstream != nil && !f.socket.forget(f) {
		a.dropEnded(f)
	}
	f.upstream, f.socket = u, u.randomSocket()
	return f, true
}

// dropEnded takes a flight that has ended from among the others.
func (a *asker) dropEnded(f *flight) {
	for {
		g := <-a.done
		if g == f {
			return
		}
		a.done <- g
	}
}

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
