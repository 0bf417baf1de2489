package main

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"time"
)

// Latencies are kept in a wheel of one place a millisecond; longer ones than
// it has places are cut.
const (
	tick   = time.Millisecond
	places = 1 << 13
	nobody = -1
)

// A delayed reply waits in a slot. Slots are reused, and linked by their
// numbers, so that any number of them costs no allocation in the long run.
type delayed struct {
	to   netip.AddrPort
	next int32 // of the same millisecond, or of the free ones
	size int32
	b    [maxReply]byte
}

// delays holds replies back for a log-normal time.
type delays struct {
	table []uint16 // ticks, drawn beforehand: one in 65536 is as good as one anew
	slots []delayed
	free  int32
	first [places]int32
	at    int64 // the last tick that was delivered
	held  int
}

// newDelays makes delays of a median and a sigma of the logarithm, where the
// clock stands at now.
func newDelays(median time.Duration, sigma float64, rnd *rand.Rand, now time.Duration) *delays {
	d := &delays{table: make([]uint16, 1<<16), free: nobody, at: int64(now / tick)}
	for i := range d.table {
		ticks := float64(median) / float64(tick) * math.Exp(sigma*rnd.NormFloat64())
		d.table[i] = uint16(min(max(math.Round(ticks), 1), places-2))
	}
	for i := range d.first {
		d.first[i] = nobody
	}
	return d
}

// hold keeps a reply until its latency, chosen by the random number, is over.
func (d *delays) hold(b []byte, to netip.AddrPort, random uint64) {
	i := d.free
	if i == nobody {
		i = int32(len(d.slots))
		d.slots = append(d.slots, delayed{})
	} else {
		d.free = d.slots[i].next
	}
	s := &d.slots[i]
	s.to, s.size = to, int32(copy(s.b[:], b))
	place := (d.at + int64(d.table[random&0xffff])) % places
	s.next, d.first[place] = d.first[place], i
	d.held++
}

// due gives the replies whose time has come to send, which keeps none of them.
func (d *delays) due(now time.Duration, send func(b []byte, to netip.AddrPort)) {
	for end := int64(now / tick); d.at < end && d.held > 0; {
		d.at++
		place := d.at % places
		for i := d.first[place]; i != nobody; {
			s := &d.slots[i]
			send(s.b[:s.size], s.to)
			next := s.next
			s.next, d.free = d.free, i
			d.held--
			i = next
		}
		d.first[place] = nobody
	}
	if d.held == 0 {
		d.at = int64(now / tick)
	}
}
