package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/queue"
	"stsscan/internal/simnet"
	"stsscan/internal/starttls"
)

// A gated is a survey of a world in which each domain has a policy and a mail
// server, at addresses in networks of their own, behind a gate that the test
// closes.
type gated struct {
	*townSurvey
	world     *simnet.World
	transport *egress.Transport

	mu      sync.Mutex
	closed  int            // so many of the first domains, at port
	port    uint16         //
	errno   syscall.Errno  //
	dialled map[string]int // by address and port
	first   chan struct{}  // closed when all that is closed has been dialled
}

// gate makes the survey of n domains.
func gate(t *testing.T, n, passes int) *gated {
	t.Helper()
	var zone, faults, policies strings.Builder
	fmt.Fprintln(&zone, "example.com. SOA ns1.example.com. hostmaster.example.com. 1 2 3 4 300")
	for i := 1; i <= n; i++ {
		domain := domainOf(int64(i))
		fmt.Fprintf(&zone, "_mta-sts.%s. TXT \"v=STSv1; id=1;\"\n%s. MX 10 mx.%s.\n", domain, domain, domain)
		fmt.Fprintf(&zone, "mta-sts.%s. A 9.%d.0.1\nmx.%s. A 9.%d.0.2\n", domain, i, domain, i)
		fmt.Fprintf(&faults, "mx.%s smtp good\n", domain)
		fmt.Fprintf(&policies, "-- policy/mta-sts.%s --\nversion: STSv1\nmode: enforce\nmx: mx.%s\nmax_age: 604800\n", domain, domain)
	}
	path := filepath.Join(t.TempDir(), "world.txtar")
	if err := os.WriteFile(path, []byte("-- zone --\n"+zone.String()+"-- faults --\n"+faults.String()+policies.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	world, err := simnet.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	g := &gated{
		townSurvey: &townSurvey{list: listed{parts: 2, size: n / 2}, dir: t.TempDir(), parts: make(map[int]output.PartInfo)},
		world:      world, dialled: make(map[string]int),
	}
	g.Passes = passes
	g.start(t)
	return g
}

// start begins a process.
func (g *gated) start(t *testing.T) {
	t.Helper()
	dataset, err := output.Open(g.dir, output.Identity{Input: "test"})
	if err != nil {
		t.Fatal(err)
	}
	engine := inMemory{g.world}
	g.transport, err = egress.NewTransport(egress.Config{
		Manners: egress.NoManners(), Resolve: Hosts(engine), Dial: g.dial, Roots: g.world.Roots(), SettleTime: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	g.Config = Config{
		Chunks: g.list, Source: &queue.Static{Parts: g.list.parts}, Dataset: dataset, Engine: engine,
		Client: &mtasts.Client{Exchanger: engine, Transport: g.transport}, Passes: g.Passes, PassDelay: passDelay, Stats: new(Stats), tries: 2,
		Mail:  Mail{Prober: starttls.New(starttls.Config{Door: MailDoor(g.transport.MailDoor())})},
		Wrote: func(info output.PartInfo) { g.parts[info.Part] = info },
	}
}

// dial lets nobody through that port before the rows of all that is closed there
// are provisional: what comes first is no matter of chance.
func (g *gated) dial(ctx context.Context, network, address string) (net.Conn, error) {
	to := netip.MustParseAddrPort(address)
	g.mu.Lock()
	g.dialled[address]++
	n, port, errno := g.closed, g.port, g.errno
	g.mu.Unlock()
	switch {
	case to.Port() != port:
	case int(to.Addr().As4()[1]) <= n:
		return nil, os.NewSyscallError("connect", errno)
	default:
		for g.Stats.Counts().LocalFaults < int64(n) {
			time.Sleep(time.Millisecond)
		}
	}
	return g.world.DialContext(ctx, network, address)
}

// close closes a port of the first domains; 0: of none.
func (g *gated) close(closed int, port uint16, errno syscall.Errno) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed, g.port, g.errno = closed, port, errno
}

// scan runs all passes, as a program does. Run is left out where all parts are
// there.
func (g *gated) scan(t *testing.T) error {
	t.Helper()
	if len(g.parts) == 0 {
		if err := Run(t.Context(), g.Config); err != nil {
			return err
		}
	}
	waiting := slices.DeleteFunc(g.infos(), func(info output.PartInfo) bool { return info.Pending == 0 })
	return Later(t.Context(), g.Config, waiting)
}

// want holds each row to its class: of its policy, of its MX host, and why it
// waits.
func (g *gated) want(t *testing.T, want func(rank int) [3]string) map[string]*output.Row {
	t.Helper()
	rows := rowsIn(t, g.dir)
	if len(rows) != g.list.parts*g.list.size {
		t.Errorf("%d rows", len(rows))
	}
	for _, domain := range slices.Sorted(maps.Keys(rows)) {
		row := rows[domain]
		got := [3]string{row.Policy, "", row.Pending}
		if row.PolicyStage != "" {
			got[0] = row.PolicyStage + " " + row.PolicyReason
		}
		if len(row.MX) == 1 && row.MX[0].STARTTLS != nil {
			got[1] = *row.MX[0].STARTTLS
		}
		if expected := want(int(row.Rank)); got != expected {
			t.Errorf("%s: %q, want %q", domain, got, expected)
		}
	}
	return rows
}

// Hosts that are out of reach: one beside healthy ones, some and nothing else, as
// many as there are. It is their fault, or ours; nothing else suffers, and no run
// lasts for ever.
func TestOutOfReach(t *testing.T) {
	for _, tt := range []struct {
		name   string
		n      int // domains
		closed int
		passes int
		port   uint16
		ours   bool
	}{
		{"a Policy Host", 12, 1, 2, 443, false},
		{"a Policy Host, in a single pass", 12, 1, 1, 443, false},
		{"an MX host", 12, 1, 2, 25, false},
		{"many, and some others", 24, 20, 2, 443, false},
		{"many MX hosts, and some others", 24, 20, 2, 25, false},
		{"a few, and no others", 6, 6, 2, 443, false},
		{"a few MX hosts, and no others", 6, 6, 1, 25, false},
		{"all Policy Hosts", 12, 12, 2, 443, true},
		{"all MX hosts", 12, 12, 2, 25, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := gate(t, tt.n, tt.passes)
			defer g.world.Close()
			g.close(tt.closed, tt.port, syscall.EACCES)
			err := g.scan(t)
			if errors.Is(err, ErrLocalFault) != tt.ours || !tt.ours && err != nil {
				t.Fatalf("error %v", err)
			}
			rows := g.want(t, func(rank int) [3]string {
				switch {
				case rank > tt.closed:
					return [3]string{"valid", "ok", ""}
				case tt.ours && tt.port == 443:
					return [3]string{"unknown", "", "local"}
				case tt.ours:
					return [3]string{"valid", "", "local"}
				case tt.port == 443:
					return [3]string{"tcp unreachable", "ok", ""}
				}
				return [3]string{"valid", "no_connection", ""}
			})
			most := 8 // three will do, unless this process is starved
			if tt.ours {
				most = 3
			}
			for address, times := range g.dialled {
				if fine := strings.HasSuffix(address, ":443") != (tt.port == 443); times > most || fine && times > 1 && tt.port == 25 {
					t.Errorf("%s was dialled %d times", address, times)
				}
			}
			for domain, row := range rows {
				if tt.closed == tt.n && row.Pass != 1 { // the last word, or none
					t.Errorf("%s: pass %d", domain, row.Pass)
				}
			}
			if !tt.ours {
				return
			}
			if text := err.Error(); !strings.Contains(text, fmt.Sprintf("%d domains", tt.closed)) || !strings.Contains(text, ".example.com: ") || !errors.Is(err, syscall.EACCES) {
				t.Errorf("error %v", err)
			}

			// Another process, and the way is open.
			g.start(t)
			g.close(0, 0, 0)
			if err := g.scan(t); err != nil {
				t.Fatal(err)
			}
			for domain, row := range g.want(t, func(int) [3]string { return [3]string{"valid", "ok", ""} }) {
				if row.ObservedAt.Nanosecond() != 0 { // so is that of a fault
					t.Errorf("%s: observed at %v", domain, row.ObservedAt)
				}
			}
		})
	}
}

// A process that goes on, with nothing to ask but hosts that did not connect when
// others did, does not take them for a fault of its own.
func TestOutOfReachAfterRestart(t *testing.T) {
	for _, before := range []syscall.Errno{syscall.EHOSTUNREACH, syscall.ECONNREFUSED} {
		t.Run(before.Error(), func(t *testing.T) {
			t.Parallel()
			g := gate(t, 24, 2)
			defer g.world.Close()
			g.close(20, 443, before)
			if before == syscall.ECONNREFUSED {
				g.Stats.localFaults.Store(20) // nobody waits
			}
			if err := Run(t.Context(), g.Config); err != nil {
				t.Fatal(err)
			}
			for _, row := range rowsIn(t, g.dir) {
				if (row.Rank <= 20) != (row.Pending != "") {
					t.Errorf("%s: pending %q", row.Domain, row.Pending)
				}
			}
			var reached []egress.Reach
			if before != syscall.ECONNREFUSED { // else their rows say that others did
				reached = g.transport.Reached()
			}
			g.start(t)
			g.transport.Recall(reached)
			g.close(20, 443, syscall.EHOSTUNREACH)
			if err := g.scan(t); err != nil {
				t.Fatal(err)
			}
			g.want(t, func(rank int) [3]string {
				if rank <= 20 {
					return [3]string{"tcp unreachable", "ok", ""}
				}
				return [3]string{"valid", "ok", ""}
			})
		})
	}
}

// A fault of ours that lasts, such as of descriptors, keeps rows provisional; the
// domain was tried a few times, and others have their rows.
func TestLastingFault(t *testing.T) {
	t.Parallel()
	g := gate(t, 12, 2)
	defer g.world.Close()
	g.close(1, 443, syscall.EMFILE)
	err := g.scan(t)
	if !errors.Is(err, ErrLocalFault) || !errors.Is(err, syscall.EMFILE) || !strings.Contains(err.Error(), "1 domains are to be asked again, such as d1.example.com: ") {
		t.Errorf("error %v", err)
	}
	g.want(t, func(rank int) [3]string {
		if rank == 1 {
			return [3]string{"unknown", "", "local"}
		}
		return [3]string{"valid", "ok", ""}
	})
	if times := g.dialled["9.1.0.1:443"]; times != 3*2 {
		t.Errorf("dialled %d times", times)
	}
}

// A domain asked alone has no other to be compared with.
func TestSurveyOutOfReach(t *testing.T) {
	t.Parallel()
	g := gate(t, 2, 1)
	defer g.world.Close()
	g.close(2, 443, syscall.EACCES)
	began := time.Now()
	row := surveyed(t, g.Config, domainOf(1))
	if row.Policy != "unreachable" || row.PolicyReason != "unreachable" || row.Pending != "" || time.Since(began) > time.Second {
		t.Errorf("%s: %s, pending %q after %v", row.Policy, row.PolicyReason, row.Pending, time.Since(began))
	}
}
