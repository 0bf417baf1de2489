package main

import (
	"math/rand/v2"
	"net/netip"
	"sync/atomic"
	"time"

	"stsscan/internal/udpbatch"
)

// counts are printed at the end.
type counts struct {
	Questions uint64 `json:"questions"` // well-formed ones, including dropped ones
	Answered  uint64 `json:"answered"`
	Dropped   uint64 `json:"dropped"`
	Malformed uint64 `json:"malformed"`
	Positive  uint64 `json:"positive"`
	NXDOMAIN  uint64 `json:"nxdomain"`
	NODATA    uint64 `json:"nodata"`
	SERVFAIL  uint64 `json:"servfail"`
	Relayed   uint64 `json:"relayed"`

	Seconds float64 `json:"seconds"` // from the first question to the last
}

// A server answers questions from one socket, in one goroutine.
type server struct {
	answers *answers
	loss    float64 // chance that a question is dropped
	delays  *delays // nil: replies leave at once
	pace    pace
	relay   *relay // nil: everything is answered here
	random  rand.Source
	elapsed func() time.Duration
	began   time.Duration // when the first question was read
	counts  counts

	authoritative bool // replies have AA and no RA
}

// serve answers questions until stop is set.
func (s *server) serve(on udpbatch.Server, stop *atomic.Bool) error {
	limit := uint64(s.loss * (1 << 32))
	for !stop.Load() {
		n, err := on.Receive(s.receiveTimeout())
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
			s.noteTime(asked == 0)
		}
		on.Flush()
		time.Sleep(s.pace.work(int(s.counts.Questions-asked), s.elapsed()))
	}
	return nil
}

// noteTime records when questions were read.
func (s *server) noteTime(first bool) {
	now := s.elapsed()
	if first {
		s.began = now
	}
	s.counts.Seconds = (now - s.began).Seconds()
}

// receiveTimeout is how long to wait for questions. It is short while replies wait to be sent.
func (s *server) receiveTimeout() time.Duration {
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
	if s.authoritative {
		b[2] |= flagAA
		b[3] &^= flagRA
	}
	if s.delays != nil {
		s.delays.hold(b, from, s.random.Uint64())
		return
	}
	on.Send(b, from)
}

// deliver sends the replies that have waited long enough. It flushes them at once, because their slots may be reused
// as soon as it returns.
func (s *server) deliver(on udpbatch.Server) {
	s.delays.due(s.elapsed(), on.Send)
	on.Flush()
}
