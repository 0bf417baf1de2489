package resolver

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/monitor"
	"stsscan/internal/window"
)

// silenceOf is the time-out of tests that run in a bubble.
const silenceOf = 5 * time.Second

// An inMemory is an upstream without a network, for tests inside a synctest bubble. It meets a question with a reply
// after some time, or with nil, which is silence.
type inMemory struct {
	meet func(q *dns.Msg) (reply []byte, after time.Duration)

	meeting sync.Mutex // one question at a time

	mu      sync.Mutex
	queries [][]byte // in the order of their coming
	from    []int    // the ports that they came from
}

func (u *inMemory) asked() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.queries)
}

func (u *inMemory) take(from int, query []byte, answer func([]byte)) {
	query = append([]byte(nil), query...)
	q := new(dns.Msg)
	if q.Unpack(query) != nil {
		panic("no message")
	}
	u.mu.Lock()
	u.queries, u.from = append(u.queries, query), append(u.from, from)
	u.mu.Unlock()
	u.meeting.Lock()
	reply, after := u.meet(q)
	u.meeting.Unlock()
	switch {
	case reply == nil:
	case after == 0:
		answer(reply)
	default:
		time.AfterFunc(after, func() { answer(reply) })
	}
}

// A memoryPort is a port of a lane to such an upstream.
type memoryPort struct {
	to     *inMemory
	number int

	mu    sync.Mutex
	inbox [][]byte
}

func (p *memoryPort) Send(queries []byte, size int) (n int, err error) {
	for ; len(queries) > 0; queries = queries[size:] {
		p.to.take(p.number, queries[:size], p.deliver)
		n++
	}
	return n, nil
}

func (p *memoryPort) deliver(reply []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inbox = append(p.inbox, reply)
}

func (p *memoryPort) Receive(deliver func([][]byte)) (int, error) {
	p.mu.Lock()
	packets := p.inbox
	p.inbox = nil
	p.mu.Unlock()
	if len(packets) > 0 {
		deliver(packets)
	}
	return len(packets), nil
}

func (p *memoryPort) ReadBuffer() int { return 0 }
func (p *memoryPort) Close()          {}

// A pipeConn is a pipe that is closed as connections are.
type pipeConn struct{ net.Conn }

func (c pipeConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if errors.Is(err, io.ErrClosedPipe) || errors.Is(err, io.EOF) {
		err = net.ErrClosed
	}
	return n, err
}

// memoryResolver is a Resolver that asks such upstreams, over sockets that are pipes where Exchange asks.
func memoryResolver(t *testing.T, c Config, upstreams ...*inMemory) *Resolver {
	c.Lanes = 1
	if c.Timeout == 0 {
		c.Timeout = silenceOf
	}
	for i := range upstreams {
		c.Upstreams = append(c.Upstreams, netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), 53))
	}
	r, err := c.build()
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range upstreams {
		u := &upstream{addr: c.Upstreams[i]}
		for number := range 2 {
			ours, theirs := net.Pipe()
			s := newSocket(pipeConn{ours})
			u.sockets = append(u.sockets, s)
			go func() {
				query := make([]byte, 4096)
				for {
					n, err := theirs.Read(query)
					if err != nil {
						return
					}
					go m.take(number, query[:n:n], func(reply []byte) { _, _ = theirs.Write(reply) })
					query = make([]byte, 4096)
				}
			}()
			r.goroutines.Go(func() { s.read(func(valid bool) { r.countDatagram(u, valid) }) })
			t.Cleanup(func() { theirs.Close() })
		}
		r.upstreams = append(r.upstreams, u)
	}
	t.Cleanup(func() {
		for _, u := range r.upstreams {
			for _, s := range u.sockets {
				s.mu.Lock()
				if len(s.waiting) > 0 {
					t.Errorf("%d questions of Exchange are left behind", len(s.waiting))
				}
				s.mu.Unlock()
			}
		}
		r.Close()
	})
	return r
}

// prompt makes all upstreams count as watched and prompt until the context ends.
func prompt(ctx context.Context, r *Resolver) {
	r.watch = monitor.New(r.ctx, monitor.Config{Interval: time.Second}, nil)
	good := func() {
		for _, u := range r.upstreams {
			u.breaker.NoteGood(r.now())
			u.lastReply.Store(int64(r.now()))
		}
	}
	good()
	r.goroutines.Go(func() {
		tick := time.NewTicker(r.watch.Interval() / 4)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				good()
			case <-ctx.Done():
				return
			case <-r.ctx.Done():
				return
			}
		}
	})
}

// sweepInMemory sweeps with one lane, and fails where anything is left behind.
func sweepInMemory(
	t *testing.T, r *Resolver, next func([]Question) (int, bool), yield func([]Answer), upstreams ...*inMemory,
) *lane {
	t.Helper()
	return sweepOverPorts(t, r, fewestPorts, next, yield, upstreams...)
}

// sweepOverPorts does so over so many ports to each upstream.
func sweepOverPorts(
	t *testing.T, r *Resolver, ports int, next func([]Question) (int, bool), yield func([]Answer), upstreams ...*inMemory,
) *lane {
	t.Helper()
	var workers sync.WaitGroup
	s := &sweep{
		resolver: r, next: next, yield: yield, ctx: t.Context(), stop: func(error) {}, workers: &workers, began: r.now(),
	}
	l := s.newLane(r.inFlight)
	links := new(routeSet)
	for i, u := range upstreams {
		rt := &route{upstream: r.upstreams[i], number: uint16(i), window: window.New(r.floor, r.inFlight,
			r.schedule.timeout/firstAttemptTime)}
		for k := range ports {
			p := &memoryPort{to: u, number: k}
			rt.ports = append(rt.ports, lanePort{conn: p, number: links.ports, maxInFlight: maxWaiting})
			links.ports++
		}
		links.routes = append(links.routes, rt)
	}
	l.useRoutes(links)
	l.run()
	workers.Wait()
	if l.ids.Taken() != 0 || l.inFlight != 0 || l.wheel.n != 0 || l.unconfirmed.n != 0 || l.stage.n != 0 ||
		l.sweep.waiting.Load() != 0 ||
		l.table.used() != 0 || len(l.table.freeSlots) != len(l.table.slots) || len(l.history) != 0 {
		t.Errorf("left behind: ids %d, in flight %d, in the wheel %d, waiting as the sweep knows %d, "+
			"unconfirmed %d, staged %d", l.ids.Taken(), l.inFlight, l.wheel.n, l.sweep.waiting.Load(), l.unconfirmed.n, l.stage.n)
		t.Errorf("items %d, slots %d, histories %d",
			l.table.used(), len(l.table.slots)-len(l.table.freeSlots), len(l.history))
	}
	for _, at := range l.byPort {
		if at.port.inFlight != 0 || at.port.idsTaken != 0 || at.route.first != 0 || at.route.repeated != 0 {
			t.Errorf("port %d: %d in flight, %d ids; its route %d", at.port.number, at.port.inFlight,
				at.port.idsTaken, at.route.first)
		}
	}
	return l
}

// absence is a plain denial.
func absence(q *dns.Msg) []byte { return packed(denial(q, dns.RcodeNameError, "example.")) }
