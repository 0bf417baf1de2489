package resolver

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
)

// The kernel refuses UDP_SEGMENT on a socket that sends no checksums, as it
// does for devices that cannot compute them. The port goes on without, and no
// query is lost or sent twice.
func TestPortWithoutSegments(t *testing.T) {
	for _, refused := range []bool{false, true} {
		t.Run(fmt.Sprint(refused), func(t *testing.T) {
			var mu sync.Mutex
			seen := make(map[string]int)
			s := serve(t, func(q *dns.Msg, send func([]byte)) {
				mu.Lock()
				seen[q.Question[0].Name]++
				mu.Unlock()
				good(q, send)
			}, nil)
			opened, err := openBatchPort(s.addr, newBatches(), true)
			if err != nil {
				t.Fatal(err)
			}
			defer opened.close()
			p := opened.(*batchPort)
			if refused {
				if err := unix.SetsockoptInt(p.fd, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
					t.Skip(err)
				}
			}
			for round := range 3 {
				var queries []byte
				var size int
				for i := range batch {
					var wire [inlineQuery]byte
					name := fmt.Sprintf("r%d-%02d.example", round, i)
					if _, size, _ = packPlain(wire[:], "", name, dns.TypeTXT); size == 0 {
						t.Fatal(name)
					}
					queries = append(queries, wire[:size]...)
				}
				if n, err := p.send(queries, size); n != batch || err != nil {
					t.Fatalf("%d sent, error %v", n, err)
				}
				got := 0
				for waited := time.Duration(0); got < batch && waited < patience; waited += time.Millisecond {
					n, err := p.receive(func([][]byte) {})
					if err != nil {
						t.Fatal(err)
					}
					if got += n; n == 0 {
						time.Sleep(time.Millisecond)
					}
				}
				if got != batch {
					t.Fatalf("%d replies, want %d", got, batch)
				}
			}
			if p.segment == refused {
				t.Errorf("UDP_SEGMENT is on: %v", p.segment)
			}
			mu.Lock()
			defer mu.Unlock()
			for name, n := range seen {
				if n != 1 {
					t.Errorf("%s was asked %d times", name, n)
				}
			}
			if len(seen) != 3*batch {
				t.Errorf("%d queries arrived of %d", len(seen), 3*batch)
			}
		})
	}
}

// The same within a sweep: the lane notices nothing.
func TestSweepWithoutSegments(t *testing.T) {
	const n = 2000
	r := open(t, Config{InFlight: 300, Sockets: SocketsSegment}, serve(t, good, nil))
	var g gathered
	s := &sweep{resolver: r, next: listed(n), yield: g.yield, ctx: t.Context(), stop: func(error) {}}
	l, err := s.openLane(300)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	for i := range l.routes[0].ports {
		if err := unix.SetsockoptInt(l.routes[0].ports[i].port.(*batchPort).fd, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
			t.Skip(err)
		}
	}
	l.run()
	if stats := r.Stats()[0]; len(g.answers) != n || stats.Asked != n || stats.Failed != 0 {
		t.Errorf("%d answers, stats %+v", len(g.answers), stats)
	}
}
