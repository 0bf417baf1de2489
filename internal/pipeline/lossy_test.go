package pipeline

import (
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/output"
	"stsscan/internal/queue"
	"stsscan/internal/resolver"
	"stsscan/internal/simnet"
	"stsscan/internal/verify"
)

// loseFirst listens in front of a name server, and loses the first copies of each question that is asked.
func loseFirst(t *testing.T, server netip.AddrPort, copies int) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	asked := make(map[dns.Question]int)
	var running sync.WaitGroup
	running.Go(func() {
		b := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			q := new(dns.Msg)
			if q.Unpack(b[:n]) != nil || len(q.Question) != 1 {
				continue
			}
			if asked[q.Question[0]]++; asked[q.Question[0]] <= copies && q.Question[0].Name != "." { // which is a probe
				continue
			}
			running.Go(func() {
				c := &dns.Client{UDPSize: 4096, Timeout: time.Second}
				if reply, _, err := c.Exchange(q, server.String()); err == nil {
					wire, _ := reply.Pack()
					_, _ = conn.WriteToUDPAddrPort(wire, from)
				}
			})
		}
	})
	t.Cleanup(running.Wait)
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// On a path that loses more than a first pass makes up for, a later one finds everything: records, addresses, and
// what is asked about the mail side.
func TestLossyPath(t *testing.T) {
	world, err := simnet.Generate("top", 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	server, err := world.Listen(t.Context(), simnet.Addrs{DNS: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()

	const attempts = 3
	engine, err := resolver.New(resolver.Config{
		Upstreams: []netip.AddrPort{loseFirst(t, server.DNS, attempts+2)}, Timeout: 150 * time.Millisecond, Retries: attempts - 1, Floor: 400,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	list := listed{parts: 1, size: 400}
	dir := t.TempDir()
	dataset, err := output.Open(dir, output.Identity{Input: "test"})
	if err != nil {
		t.Fatal(err)
	}
	infos := make(map[int]output.PartInfo)
	config := inEngine(t, engine, world)
	config.Chunks, config.Source, config.Dataset = list, &queue.Static{Parts: list.parts}, dataset
	config.Passes, config.Deadline, config.Surveys = 2, 4*time.Second, 400
	config.Wrote = func(info output.PartInfo) { infos[info.Part] = info }
	if err := Run(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	if info := infos[0]; info.Pending != 400 {
		t.Errorf("%d rows wait after the first pass, want all 400: hardly anything is lost", info.Pending)
	}
	if err := Repass(t.Context(), config, slices.Collect(maps.Values(infos))); err != nil {
		t.Fatal(err)
	}
	bearers := 0
	for domain, row := range rowsIn(t, dir) {
		truth, _ := world.Truth(domain, row.Rank)
		if row.WildcardSuspected != nil {
			bearers++
		}
		for _, difference := range verify.CompareTruth(row, truth) {
			t.Errorf("%s (%s): %s", domain, truth.Class, difference)
		}
	}
	if bearers == 0 {
		t.Error("no domain has a record")
	}
}
