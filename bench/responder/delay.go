package main

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"time"
)

// A timer wheel holds one place for each millisecond. Latencies longer than the wheel are cut.
const (
	tick   = time.Millisecond
	places = 1 << 13
	none   = -1
)

// A delayed reply waits in a slot. Slots are reused and linked by number, so the wheel stops allocating once it has
// grown to its working size.
type delayed struct {
	to   netip.AddrPort
	next int32 // the next slot of the same millisecond, or the next free slot
	size int32
	b    [maxReply]byte
}

// delays holds replies back for a log-normal time.
type delays struct {
	table []uint16 // latencies in ticks, drawn in advance: a sample of 65536 is enough
	slots []delayed
	free  int32
	first [places]int32
	at    int64 // the last tick that was delivered
	held  int
}

// newDelays draws latencies with the given median and standard deviation of the logarithm. The clock starts at now.
func newDelays(median time.Duration, sigma float64, rnd *rand.Rand, now time.Duration) *delays {
	d := &delays{table: make([]uint16, 1<<16), free: none, at: int64(now / tick)}
	for i := range d.table {
		ticks := float64(median) / float64(tick) * math.Exp(sigma*rnd.NormFloat64())
		d.table[i] = uint16(min(max(math.Round(ticks), 1), places-2))
	}
	for i := range d.first {
		d.first[i] = none
	}
	return d
}

// hold keeps a reply for a latency that the random number selects.
func (d *delays) hold(b []byte, to netip.AddrPort, random uint64) {
	i := d.free
	if i == none {
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

// due passes each reply whose time has come to send. send must not keep the slice.
func (d *delays) due(now time.Duration, send func(b []byte, to netip.AddrPort)) {
	for end := int64(now / tick); d.at < end && d.held > 0; {
		d.at++
		place := d.at % places
		for i := d.first[place]; i != none; {
			s := &d.slots[i]
			send(s.b[:s.size], s.to)
			next := s.next
			s.next, d.free = d.free, i
			d.held--
			i = next
		}
		d.first[place] = none
	}
	if d.held == 0 {
		d.at = int64(now / tick)
	}
}
