package resolver

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/dnswire"
)

var relayed = flag.Int("relayed", 20_000,
	"questions that TestSweepThroughRelays asks over the best kind of sockets, and a tenth over each other")

// A relay stands between a resolver and the truth. Each of its five tricks is played with one reply in five, whatever
// else is done with it.
type relay struct {
	conn, other *net.UDPConn // where the resolver asks, and another's
	random      *rand.Rand
	peers       []netip.AddrPort // ports of the resolver
	earlier     []*dns.Msg       // questions

	mu   sync.Mutex
	held []datagram // to be sent later
}

type datagram struct {
	packet []byte
	to     netip.AddrPort
}

// relays starts n of them, each of which knows the next.
func relays(t *testing.T, n int, seed uint64) []*server {
	t.Helper()
	var all []*relay
	var servers []*server
	for i := range n {
		conn, listener, err := listen(true)
		for tries := 0; err != nil && tries < 20; tries++ { // the port may be taken over TCP
			conn, listener, err = listen(true)
		}
		if err != nil {
			t.Fatal(err)
		}
		s := &server{addr: conn.LocalAddr().(*net.UDPAddr).AddrPort(), udp: conn, tcp: listener}
		t.Cleanup(s.close)
		servers = append(servers, s)
		all = append(all, &relay{conn: conn, random: rand.New(rand.NewPCG(seed, uint64(i)))})
	}
	var running sync.WaitGroup
	done := make(chan struct{})
	for i, r := range all {
		r.other = all[(i+1)%n].conn
		running.Go(r.run)
		running.Go(func() { r.flush(done) })
		running.Go(func() { acceptAll(servers[i].tcp, tcpTrue) })
	}
	t.Cleanup(running.Wait)
	t.Cleanup(func() {
		close(done)
		for _, s := range servers {
			s.close()
		}
	})
	return servers
}

// acceptAll lets talk have each connection, until the listener is closed.
func acceptAll(l net.Listener, talk func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() { defer c.Close(); talk(c) }()
	}
}

func tcpTrue(c net.Conn) {
	if q, err := tcpQuestion(c); err == nil {
		_ = tcpSend(c, packed(truth(q)))
	}
}

func (r *relay) run() {
	buffer := make([]byte, 4096)
	for {
		n, from, err := r.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		q := new(dns.Msg)
		if q.Unpack(buffer[:n]) != nil {
			continue
		}
		r.reply(q, from)
	}
}

// flush sends what was held, every few milliseconds, in another order.
func (r *relay) flush(done chan struct{}) {
	tick := time.NewTicker(3 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		r.mu.Lock()
		held := r.held
		r.held = nil
		r.mu.Unlock()
		slices.Reverse(held)
		for _, d := range held {
			_, _ = r.conn.WriteToUDPAddrPort(d.packet, d.to)
		}
	}
}

// oneInFive says whether a trick is played.
func (r *relay) oneInFive() bool { return r.random.IntN(5) == 0 }

func (r *relay) reply(q *dns.Msg, to netip.AddrPort) {
	if r.oneInFive() {
		r.forge(q, to)
	}
	if r.oneInFive() && len(r.earlier) > 0 { // mismatch
		m := cutTruth(r.earlier[r.random.IntN(len(r.earlier))])
		if r.random.IntN(2) == 0 {
			m.Id = q.Id
		}
		r.send(packed(m), to)
	}
	wire := packed(cutTruth(q))
	if r.oneInFive() {
		wire = r.corrupt(wire, dnswire.HeaderSize+len(q.Question[0].Name)+1+4)
	}
	copies := 1
	if r.oneInFive() { // duplicate
		copies += 1 + r.random.IntN(2)
	}
	for range copies {
		if r.oneInFive() { // reorder
			r.mu.Lock()
			r.held = append(r.held, datagram{wire, to})
			r.mu.Unlock()
			continue
		}
		r.send(wire, to)
	}

	if len(r.earlier) < 512 {
		r.earlier = append(r.earlier, q)
	} else {
		r.earlier[r.random.IntN(len(r.earlier))] = q
	}
	if !slices.Contains(r.peers, to) {
		r.peers = append(r.peers, to)
	}
}

func (r *relay) send(packet []byte, to netip.AddrPort) { _, _ = r.conn.WriteToUDPAddrPort(packet, to) }

// forge sends a lie that lacks one of the things by which a reply is known.
func (r *relay) forge(q *dns.Msg, to netip.AddrPort) {
	m := lie(q)
	switch r.random.IntN(6) {
	case 0:
		m.Id ^= uint16(1 + r.random.IntN(1<<16-1))
	case 1:
		_, _ = r.other.WriteToUDPAddrPort(packed(m), to)
		return
	case 2:
		if len(r.peers) < 2 {
			return
		}
		for to == r.peers[0] {
			r.peers = append(r.peers[1:], r.peers[0])
		}
		to = r.peers[0]
	case 3:
		m.Question[0].Name = "_mta-sts." + zonedName(r.random.IntN(1000)) + "."
		if m.Question[0] == q.Question[0] {
			return
		}
	case 4:
		m.Question[0].Qtype = dns.TypeA
	case 5:
		m.Response = false
	}
	r.send(packed(m), to)
}

// corrupt changes an octet among those that a reply must repeat, or loses its end. What a change elsewhere says, no
// client can tell from what was said: that is what checksums are for.
func (r *relay) corrupt(wire []byte, end int) []byte {
	wire = bytes.Clone(wire)
	octet := byte(1 + r.random.IntN(255))
	switch r.random.IntN(5) {
	case 0:
		wire[r.random.IntN(2)] ^= octet // id
	case 1:
		wire[2] ^= 0x08 << r.random.IntN(5) // QR, opcode
	case 2:
		wire[4+r.random.IntN(2)] ^= octet // QDCOUNT
	case 3:
		wire[dnswire.HeaderSize+r.random.IntN(end-dnswire.HeaderSize)] ^= octet
	case 4:
		return wire[:r.random.IntN(len(wire))]
	}
	return wire
}

// Whatever stands between: no wrong answer is accepted, and the true ones are found.
func TestSweepThroughRelays(t *testing.T) {
	for k, sockets := range everyMethod() {
		n := *relayed
		if k > 0 {
			n /= 10
		}
		t.Run(string(sockets), func(t *testing.T) {
			t.Parallel()
			servers := relays(t, 3, 8461)
			r := open(t, Config{InFlight: 800, Timeout: 300 * time.Millisecond, Retries: 30, Sockets: sockets,
				Lanes: 2}, servers...)
			var g gathered
			if err := r.Sweep(t.Context(), zoned(n), g.yield); err != nil {
				t.Fatal(err)
			}
			wantTruth(t, &g, n)
			var sum UpstreamStats
			for _, s := range r.Stats() {
				sum.Asked += s.Asked
				sum.Mismatched += s.Mismatched
				sum.Timeouts += s.Timeouts
				sum.Suspected += s.Suspected
				sum.TCP += s.TCP
			}
			t.Logf("stats %+v", sum)
			fifth := int64(n) / 5
			if sum.Mismatched < fifth || sum.Timeouts < fifth/2 {
				t.Error("the relays hardly lie")
			}
			if sum.Suspected > fifth/50 { // lies about all questions are no attack on one
				t.Error("too many answers are suspected")
			}
		})
	}
}
