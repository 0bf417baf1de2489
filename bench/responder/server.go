package main

import (
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"time"

	"stsscan/internal/udpbatch"
)

// counts is what is printed at the end.
type counts struct {
	Questions uint64 `json:"questions"` // well-formed ones, dropped ones too
	Answered  uint64 `json:"answered"`
	Dropped   uint64 `json:"dropped"`
	Malformed uint64 `json:"malformed"`
	Positive  uint64 `json:"positive"`
	NXDOMAIN  uint64 `json:"nxdomain"`
	NODATA    uint64 `json:"nodata"`
	SERVFAIL  uint64 `json:"servfail"`
	Relayed   uint64 `json:"relayed"`

	Seconds float64 `json:"seconds"` // from when the first question was read to when the last was
}

// A server answers questions from one socket, in one goroutine.
type server struct {
	answers *answers
	loss    float64 // chance of a question to be dropped, each packet for itself
	owner   bool    // replies are an authoritative server's
	delays  *delays // nil: replies leave at once
	relay   *relay  // nil: everything is answered here
	random  rand.Source
	elapsed func() time.Duration
	began   time.Duration // when the first question was read
	counts  counts
}

// serve answers until stop.
func (s *server) serve(on udpbatch.Server, stop *atomic.Bool) error {
	limit := uint64(s.loss * (1 << 32))
	for !stop.Load() {
		n, err := on.Receive(s.patience())
		if err != nil {
			return err
		}
		if s.delays != nil {
			s.deliver(on)
		}
		asked := s.counts.Questions
		for i := range n {
			b, from := on.Packet(i)
			q, ok := s.answers.read(b)
			if !ok {
				s.counts.Malformed++
				continue
			}
			s.counts.Questions++
			if limit > 0 && s.random.Uint64()>>32 < limit {
				s.counts.Dropped++
				continue
			}
			s.answer(on, b, q, from)
		}
		if s.counts.Questions > asked {
			s.clock(asked == 0)
		}
		on.Flush()
	}
	return nil
}

// clock notes when a question was read.
func (s *server) clock(first bool) {
	now := s.elapsed()
	if first {
		s.began = now
	}
	s.counts.Seconds = (now - s.began).Seconds()
}

// patience is how long to wait for questions when there is something else to do.
func (s *server) patience() time.Duration {
	if s.delays != nil && s.delays.held > 0 {
		return tick
	}
	return 50 * time.Millisecond
}

func (s *server) answer(on udpbatch.Server, b []byte, q question, from netip.AddrPort) {
	if s.relay != nil && s.relay.wants(b, q) {
		s.counts.Relayed++
		s.relay.ask(b, from)
		return
	}
	k := s.answers.kindOf(q)
	switch k {
	case positive:
		s.counts.Positive++
	case servfail:
		s.counts.SERVFAIL++
	case nodata:
		s.counts.NODATA++
	default:
		s.counts.NXDOMAIN++
	}
	s.counts.Answered++
	b = b[:reply(b, q, k)]
	if s.owner {
		b[2] |= flagAA
		b[3] &^= flagRA
	}
	if s.delays != nil {
		s.delays.hold(b, from, s.random.Uint64())
		return
	}
	on.Send(b, from)
}

// deliver sends what has waited long enough, and sets the clock of the delays.
// A slot may be taken again only when its reply is sent, which is why it flushes
// before anything is held.
func (s *server) deliver(on udpbatch.Server) {
	s.delays.due(s.elapsed(), on.Send)
	on.Flush()
}
