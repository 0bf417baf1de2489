package resolver

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"unsafe"

	"stsscan/internal/udpbatch"
)

func TestShare(t *testing.T) {
	for _, tt := range []struct {
		sockets, upstreams, lanes, inFlight int
		want                                shares // zero: too few
	}{
		{1024, 1, 1, 10_000, shares{exchange: 32, lanes: 1, route: 128}},
		{1024, 1, 1, 1000, shares{exchange: 4, lanes: 1, route: 128}},
		{1024, 3, 16, 10_000, shares{exchange: 13, lanes: 16, route: 20}},
		{1024, 8, 16, 10_000, shares{exchange: 4, lanes: 16, route: 7}},
		{1024, 100, 16, 10_000, shares{exchange: 1, lanes: 9, route: 1}},
		{256, 100, 16, 10_000, shares{exchange: 1, lanes: 1, route: 1}},
		{170, 8, 16, 10_000, shares{exchange: 2, lanes: 16, route: 1}}, // 1024 descriptors
		{10, 1, 1, 10_000, shares{exchange: 1, lanes: 1, route: 9}},    // 64 descriptors
		{10, 5, 4, 10_000, shares{exchange: 1, lanes: 1, route: 1}},
		{9, 5, 4, 10_000, shares{}},
		{1, 1, 1, 1, shares{}},
	} {
		got, err := share(tt.sockets, tt.upstreams, tt.lanes, tt.inFlight)
		if got != tt.want || (err == nil) != (tt.want != shares{}) {
			t.Errorf("%d sockets, %d upstreams, %d lanes: %+v, %v, want %+v",
				tt.sockets, tt.upstreams, tt.lanes, got, err, tt.want)
		}
	}
	for sockets := 1; sockets <= 300; sockets++ {
		for upstreams := 1; upstreams <= 20; upstreams++ {
			for lanes := 1; lanes <= 20; lanes++ {
				s, err := share(sockets, upstreams, lanes, 10_000)
				switch all := upstreams * (s.exchange + s.lanes*s.route); {
				case err != nil && sockets < 2*upstreams:
				case err != nil, s.exchange < 1, s.lanes < 1, s.lanes > lanes, s.route < 1, all > sockets:
					t.Fatalf("%d sockets, %d upstreams, %d lanes: %+v, %v: %d sockets", sockets, upstreams, lanes, s, err, all)
				}
			}
		}
	}
}

// descriptors is how many this process has open, where the system says it.
func descriptors(t *testing.T) int {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(open)
}

// What a Resolver and its lanes have for 100 upstreams, on a machine of 32 processors, is bounded: sockets, buffers,
// tables. The memory of the calls to the kernel is left out: it is 4 MiB for each lane, of which only what a reply is
// written to exists.
func TestManyUpstreams(t *testing.T) {
	const upstreams, octets = 100, 32 << 20
	for _, api := range everyMethod() {
		t.Run(string(api), func(t *testing.T) {
			config := Config{InFlight: 10_000, Lanes: 16, Sockets: api}
			for i := range upstreams {
				addr := netip.AddrFrom4([4]byte{127, 0, 0, byte(1 + i)})
				config.Upstreams = append(config.Upstreams, netip.AddrPortFrom(addr, 53))
			}
			memory := func() int64 {
				var m runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&m)
				return int64(m.HeapAlloc + m.StackInuse)
			}
			opened, before := descriptors(t), memory()
			r := open(t, config)
			s := &sweep{resolver: r}
			var lanes []*lane
			for range r.shares.lanes {
				l, err := s.openLane(r.inFlight / r.shares.lanes)
				if errors.Is(err, syscall.EMFILE) {
					t.Skip("this process may have too few files open")
				}
				if err != nil {
					t.Fatal(err)
				}
				defer l.close()
				lanes = append(lanes, l)
			}
			took := memory() - before
			if !api.IsPortable() {
				took -= int64(len(lanes)) * int64(unsafe.Sizeof(udpbatch.Buffers{}))
			}
			runtime.KeepAlive(lanes)
			opened = descriptors(t) - opened
			t.Logf("%d lanes, %d KiB, %d descriptors", len(lanes), took>>10, opened)
			if took > octets {
				t.Errorf("%d octets, more than %d", took, octets)
			}
			if most := usefulPorts(upstreams, api.IsPortable()) + 2; opened > most { // 2 of the runtime's
				t.Errorf("%d descriptors, more than %d", opened, most)
			}
		})
	}
}

// All lanes together have the fewest ports to an upstream. They have more only where the replies to all questions do
// not fit their buffers. Where there are not as many, the window is as large as what fits.
func TestPortsOfLanes(t *testing.T) {
	for _, tt := range []struct {
		lanes, inFlight, ports int
		want                   int // ports to an upstream; 0: as many as there are
	}{
		{1, 200, 0, 8},
		{3, 200, 0, 9},
		{16, 200, 0, 16},
		{4, 200, 24, 8},
		{4, 200, 12, 4},
		{1, MostInFlight, 4, 0},
	} {
		t.Run(fmt.Sprintf("%+v", tt), func(t *testing.T) {
			server := serve(t, good, nil)
			r := open(t, Config{Lanes: tt.lanes, InFlight: tt.inFlight, Ports: tt.ports}, server, server)
			ports := make([]int, len(r.upstreams))
			for range r.shares.lanes {
				links, err := r.takeRoutes(tt.inFlight / r.shares.lanes)
				if err != nil {
					t.Fatal(err)
				}
				defer r.keepRoutes(links)
				for i, rt := range links.routes {
					ports[i] += len(rt.ports)
					fit := 0
					for k := range rt.ports {
						fit += rt.ports[k].maxInFlight
					}
					if most := rt.window.Ceiling(); most > fit || most > tt.inFlight/r.shares.lanes {
						t.Errorf("%d questions in flight, where replies to %d fit", most, fit)
					}
				}
			}
			want := cmp.Or(tt.want, r.shares.lanes*r.shares.route)
			if ports[0] != want || ports[1] != want {
				t.Errorf("%d ports in %d lanes, want %d", ports, r.shares.lanes, want)
			}
		})
	}
}

// With as few sockets as possible, all questions are asked, and no more sockets are opened.
func TestFewPorts(t *testing.T) {
	const n, ports = 3000, 6
	for _, api := range everyMethod() {
		t.Run(string(api), func(t *testing.T) {
			most := 0
			servers := []*server{serve(t, good, nil), serve(t, good, nil), serve(t, good, nil)}
			opened := descriptors(t) + 2 // of the runtime's
			r := open(t, Config{InFlight: 1000, Lanes: 4, Ports: ports, Sockets: api, Retries: 2}, servers...)
			var g gathered
			err := r.Sweep(t.Context(), listed(n), func(some []Answer) {
				g.yield(some)
				most = max(most, descriptors(t))
			})
			if err != nil || len(g.answers) != n {
				t.Fatalf("%d answers, error %v", len(g.answers), err)
			}
			if _, err := r.Exchange(t.Context(), txt(asked)); err != nil {
				t.Error(err)
			}
			if most > opened+ports+1 { // and one that lists them
				t.Errorf("%d descriptors more than before", most-opened)
			}
		})
	}
	if _, err := New(Config{Upstreams: []netip.AddrPort{serve(t, good, nil).addr}, Ports: 1}); err == nil {
		t.Error("one socket is no error")
	}
}

// A Sweep goes on with the ports and windows of the one before, unless replies may still come to them or one has
// failed.
func TestUplinksAreKept(t *testing.T) {
	const n, lanes = 500, 2
	for _, tt := range []struct {
		name   string
		before func(p *lanePort) // the second Sweep
		kept   int
	}{
		{"as they were", func(*lanePort) {}, lanes},
		{"a port has failed", func(p *lanePort) { p.failed = true }, lanes - 1},
		{"a reply may come", func(p *lanePort) { p.idsTaken++ }, lanes - 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open(t, Config{InFlight: 100, Lanes: lanes}, serve(t, good, nil))
			sweep := func() []*routeSet {
				var g gathered
				if err := r.Sweep(t.Context(), listed(n), g.yield); err != nil || len(g.answers) != n {
					t.Fatalf("%d answers, error %v", len(g.answers), err)
				}
				return slices.Clone(r.idleRoutes)
			}
			first := sweep()
			tt.before(&first[0].routes[0].ports[0])
			kept := 0
			for _, u := range sweep() {
				if slices.Contains(first, u) {
					kept++
				}
			}
			if len(first) != lanes || kept != tt.kept {
				t.Errorf("%d of %d were kept, want %d", kept, len(first), tt.kept)
			}
			if r.Close(); len(r.idleRoutes) > 0 {
				t.Error("some are open")
			}
		})
	}
}
