package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A mode is how the relay treats questions.
type mode string

const (
	serve  mode = "serve"  // pass them on
	refuse mode = "refuse" // answer REFUSED
	silent mode = "silent" // answer nothing
)

// A relay passes questions to a server and replies back. Its questions go out from one port, with ids of its own.
type relay struct {
	faults    faults
	to        netip.AddrPort
	conn      *net.UDPConn // to the clients
	out       *net.UDPConn // to the server
	otherPort *net.UDPConn // forged replies may come from here
	tcp       *net.TCPListener
	running   sync.WaitGroup

	mu      sync.Mutex
	rng     *rand.Rand
	slow    *slowResolver
	mode    mode
	waiting [1 << 16]waiter // by the id of the question to the server
	id      uint16
	clients []netip.AddrPort // some that have asked
	counts  map[string]int64
	conns   map[net.Conn]bool // over TCP
}

// A waiter is a client, its question's id and end, and when the answer is ready.
type waiter struct {
	client netip.AddrPort
	id     uint16
	end    int
	ready  time.Time
}

const (
	headerSize = 12
	maxClients = 64
	buffers    = 4 << 20
	// reorderDelay holds a reply back so that later ones overtake it.
	reorderDelay = 5 * time.Millisecond
)

func newRelay(to netip.AddrPort, f faults, seed uint64) *relay {
	return &relay{
		faults: f, to: to, rng: rand.New(rand.NewPCG(seed, 0)), slow: newSlowResolver(f.slow, seed), mode: serve,
		counts: make(map[string]int64), conns: make(map[net.Conn]bool),
	}
}

func (r *relay) listen(address string) error {
	at, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return err
	}
	if r.conn, err = net.ListenUDP("udp", at); err != nil {
		return err
	}
	if r.tcp, err = net.ListenTCP("tcp", net.TCPAddrFromAddrPort(r.addr())); err != nil {
		return err
	}
	if r.out, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(r.to)); err != nil {
		return err
	}
	if r.otherPort, err = net.ListenUDP("udp", &net.UDPAddr{IP: at.IP}); err != nil {
		return err
	}
	for _, c := range []*net.UDPConn{r.conn, r.out} { // errors do not matter: the system's limit is enough
		c.SetReadBuffer(buffers)
		c.SetWriteBuffer(buffers)
	}
	return nil
}

func (r *relay) addr() netip.AddrPort { return r.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func (r *relay) serve() {
	r.running.Go(r.questions)
	r.running.Go(r.replies)
	r.running.Go(r.accept)
}

func (r *relay) close() {
	for _, c := range []*net.UDPConn{r.conn, r.out, r.otherPort} {
		if c != nil {
			c.Close()
		}
	}
	if r.tcp != nil {
		r.tcp.Close()
	}
	r.mu.Lock()
	for c := range r.conns {
		c.Close()
	}
	r.mu.Unlock()
	r.running.Wait()
}

// setMode changes how questions are treated from now on.
func (r *relay) setMode(m mode) error {
	switch m {
	case serve, refuse, silent:
	default:
		return fmt.Errorf("%q is none of %s, %s and %s", m, serve, refuse, silent)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mode = m
	return nil
}

// happens decides at random whether a fault happens, and counts it. The relay must be locked.
func (r *relay) happens(what string, share float64) bool {
	if r.rng.Float64() >= share {
		return false
	}
	r.counts[what]++
	return true
}

// questions reads questions until the socket is closed.
func (r *relay) questions() {
	b := make([]byte, 1<<16)
	for {
		n, from, err := r.conn.ReadFromUDPAddrPort(b)
		if err != nil && r.closed(err) {
			return
		}
		if end := questionEnd(b[:n]); err == nil && end > 0 {
			r.question(b[:n], end, from)
		}
	}
}

func (r *relay) question(b []byte, end int, from netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts["questions"]++
	switch r.mode {
	case silent:
		r.counts["silent"]++
		return
	case refuse:
		r.counts["refused"]++
		r.send(r.conn, refusal(b, end), from)
		return
	}
	if r.happens("forged", r.faults.forge) {
		r.sendForged(b, end, from)
	}
	if len(r.clients) < maxClients {
		r.clients = append(r.clients, from)
	} else {
		r.clients[r.rng.IntN(maxClients)] = from
	}
	if r.happens("lost", r.faults.loss/2) {
		return
	}
	r.id++ // a question that is still waiting after 65536 others gets no reply
	r.waiting[r.id] = waiter{from, binary.BigEndian.Uint16(b), end, r.slow.ready(b, end, time.Now())}
	binary.BigEndian.PutUint16(b, r.id)
	_, _ = r.out.Write(b)
}

// replies passes replies back until the socket is closed.
func (r *relay) replies() {
	b := make([]byte, 1<<16)
	for {
		n, err := r.out.Read(b)
		if err != nil && r.closed(err) {
			return
		}
		if err == nil && n >= headerSize {
			r.reply(append([]byte(nil), b[:n]...))
		}
	}
}

func (r *relay) reply(b []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := &r.waiting[binary.BigEndian.Uint16(b)]
	if !w.client.IsValid() || r.mode != serve {
		return
	}
	to, end, ready := w.client, w.end, w.ready
	binary.BigEndian.PutUint16(b, w.id)
	*w = waiter{}
	if r.happens("lost", r.faults.loss/2) {
		return
	}
	if r.happens("corrupted", r.faults.corrupt) {
		b = corrupt(b, end, r.rng)
	}
	copies := 1
	if r.happens("duplicated", r.faults.duplicate) {
		copies++
	}
	for range copies {
		wait := max(time.Until(ready), 0)
		if wait > 0 {
			r.counts["slow"]++
		}
		switch {
		case r.happens("delayed", r.faults.delay):
			wait += time.Duration(r.rng.Float64() * float64(r.faults.maxDelay))
		case r.happens("reordered", r.faults.reorder):
			wait += reorderDelay
		}
		if wait == 0 {
			r.send(r.conn, b, to)
			continue
		}
		time.AfterFunc(wait, func() { r.send(r.conn, b, to) })
	}
}

func (r *relay) send(from *net.UDPConn, b []byte, to netip.AddrPort) {
	_, _ = from.WriteToUDPAddrPort(b, to)
}
