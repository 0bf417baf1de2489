package pipeline

import (
	"context"
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
	"stsscan/internal/survey"
)

// A gated is a survey of a world in which each domain has a policy and a mail server, at addresses in networks of
// their own, behind a gate that the test closes.
type gated struct {
	*townSurvey
	world     *simnet.World
	transport *egress.Transport

	mu      sync.Mutex
	closed  int            // so many of the first domains, at port
	port    uint16         //
	errno   syscall.Errno  //
	dialled map[string]int // by address and port
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
		fmt.Fprintf(&policies, "-- policy/mta-sts.%s --\n", domain)
		fmt.Fprintf(&policies, "version: STSv1\nmode: enforce\nmx: mx.%s\nmax_age: 604800\n", domain)
	}
	path := filepath.Join(t.TempDir(), "world.txtar")
	text := "-- zone --\n" + zone.String() + "-- faults --\n" + faults.String() + policies.String()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
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
	engine := inMemory{world: g.world}
	g.transport, err = egress.NewTransport(egress.Config{
		Manners: egress.NoManners(), Resolve: survey.Hosts(engine, nil), Dial: g.dial, Roots: g.world.Roots(),
		SettleTime: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	g.Config = Config{
		Chunks: g.list, Source: &queue.Static{Parts: g.list.parts}, Dataset: dataset, Engine: engine,
		Client: &mtasts.Client{Exchanger: engine, Transport: g.transport}, Passes: g.Passes, PassDelay: passDelay,
		Stats: new(Stats), tries: 2,
		Mail:  survey.Mail{Prober: starttls.New(starttls.Config{Dialer: survey.MailDoor(g.transport.MailDialer())})},
		Wrote: func(info output.PartInfo) { g.parts[info.Part] = info },
	}
}

// dial lets no connection through that port before the rows of all that is closed there are provisional: what comes
// first is no matter of chance.
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

// scan runs all passes, as a program does. Run is left out where all parts are there.
func (g *gated) scan(t *testing.T) error {
	t.Helper()
	if len(g.parts) == 0 {
		if err := Run(t.Context(), g.Config); err != nil {
			return err
		}
	}
	waiting := slices.DeleteFunc(g.infos(), func(info output.PartInfo) bool { return info.Pending == 0 })
	return Repass(t.Context(), g.Config, waiting)
}

// want holds each row to its class: of its policy, of its MX host, and why it waits.
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
