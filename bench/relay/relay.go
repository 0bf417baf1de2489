package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A mode is what the relay does with questions.
type mode string

const (
	serve  mode = "serve"  // passes them on
	refuse mode = "refuse" // answers REFUSED
	silent mode = "silent" // answers nothing
)

// A relay passes questions on to a server, and replies back. Questions go out
// from one port, under ids of its own.
type relay struct {
	faults
	to       netip.AddrPort
	conn     *net.UDPConn // where it is asked
	out      *net.UDPConn // where it asks
	stranger *net.UDPConn // somebody else's port
	tcp      *net.TCPListener
	running  sync.WaitGroup

	mu      sync.Mutex
	dice    *rand.Rand
	pace    *pace
	mode    mode
	waiting [1 << 16]waiter // by the id under which the server was asked
	id      uint16
	ports   []netip.AddrPort // some from which it was asked
	sum     map[string]int64
	talks   map[net.Conn]bool // over TCP
}

// A waiter is whose question it is, its id there, how long the question is, and
// when its answer is ready.
type waiter struct {
	client netip.AddrPort
	id     uint16
	end    int
	ready  time.Time
}

const (
	headerSize = 12
	mostPorts  = 64
	buffers    = 4 << 20
	// behind is by how much a reply is held back that is to come behind others.
	behind = 5 * time.Millisecond
)

func newRelay(to netip.AddrPort, f faults, seed uint64) *relay {
	return &relay{
		faults: f, to: to, dice: rand.New(rand.NewPCG(seed, 0)), pace: newPace(f.slow, seed), mode: serve,
		sum: make(map[string]int64), talks: make(map[net.Conn]bool),
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
	if r.stranger, err = net.ListenUDP("udp", &net.UDPAddr{IP: at.IP}); err != nil {
		return err
	}
	for _, c := range []*net.UDPConn{r.conn, r.out} { // as much as the system allows is enough
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
	for _, c := range []*net.UDPConn{r.conn, r.out, r.stranger} {
		if c != nil {
			c.Close()
		}
	}
	if r.tcp != nil {
		r.tcp.Close()
	}
	r.mu.Lock()
	for c := range r.talks {
		c.Close()
	}
	r.mu.Unlock()
	r.running.Wait()
}

func (r *relay) counts() map[string]int64 { return r.sum }

// turn changes what is done with questions from now on.
func (r *relay) turn(m mode) error {
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

// plays rolls the dice for a fault, and counts it. The relay is locked.
func (r *relay) plays(what string, share float64) bool {
	if r.dice.Float64() >= share {
		return false
	}
	r.sum[what]++
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
	r.sum["questions"]++
	switch r.mode {
	case silent:
		r.sum["silent"]++
		return
	case refuse:
		r.sum["refused"]++
		r.send(r.conn, refusal(b, end), from)
		return
	}
	if r.plays("forged", r.forge) {
		r.lie(b, end, from)
	}
	if len(r.ports) < mostPorts {
		r.ports = append(r.ports, from)
	} else {
		r.ports[r.dice.IntN(mostPorts)] = from
	}
	if r.plays("lost", r.loss/2) {
		return
	}
	r.id++ // whose question has waited for 65536 others gets no reply
	r.waiting[r.id] = waiter{from, binary.BigEndian.Uint16(b), end, r.pace.hear(b, end, time.Now())}
	binary.BigEndian.PutUint16(b, r.id)
	_, _ = r.out.Write(b)
}

// replies brings replies back until the socket is closed.
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
	if r.plays("lost", r.loss/2) {
		return
	}
	if r.plays("corrupted", r.corrupt) {
		b = corrupted(b, end, r.dice)
	}
	copies := 1
	if r.plays("duplicated", r.duplicate) {
		copies++
	}
	for range copies {
		wait := max(time.Until(ready), 0)
		if wait > 0 {
			r.sum["slow"]++
		}
		switch {
		case r.plays("delayed", r.delay):
			wait += time.Duration(r.dice.Float64() * float64(r.late))
		case r.plays("reordered", r.reorder):
			wait += behind
		}
		if wait == 0 {
			r.send(r.conn, b, to)
			continue
		}
		time.AfterFunc(wait, func() { r.send(r.conn, b, to) })
	}
}

func (r *relay) send(over *net.UDPConn, b []byte, to netip.AddrPort) {
	_, _ = over.WriteToUDPAddrPort(b, to)
}

// accept passes connections on until the listener is closed. One that is not
// served ends at once, or stays and says nothing.
func (r *relay) accept() {
	for {
		c, err := r.tcp.Accept()
		if err != nil {
			if r.closed(err) {
				return
			}
			continue
		}
		r.mu.Lock()
		m := r.mode
		r.talks[c] = true
		r.mu.Unlock()
		r.running.Go(func() {
			switch m {
			case serve:
				r.pass(c)
			case silent:
				_, _ = io.Copy(io.Discard, c)
			}
			c.Close()
			r.mu.Lock()
			delete(r.talks, c)
			r.mu.Unlock()
		})
	}
}

// pass passes a connection on until one side ends it.
func (r *relay) pass(c net.Conn) {
	server, err := net.DialTimeout("tcp", r.to.String(), 5*time.Second)
	if err != nil {
		return
	}
	defer server.Close()
	over := make(chan struct{}, 2)
	for _, ends := range [][2]net.Conn{{server, c}, {c, server}} {
		go func() {
			_, _ = io.Copy(ends[0], ends[1])
			over <- struct{}{}
		}()
	}
	<-over
}
