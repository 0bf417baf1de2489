package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/queue"
	"stsscan/internal/simnet"
	"stsscan/internal/survey"
)

// A slowWorld is a survey of domains of which each does what its fault says, at an address of its own where none is
// given.
type slowWorld struct {
	*townSurvey
	transport *egress.Transport
}

// slowly makes the survey in the bubble of the test: faults are those of each domain, lines about its Policy Host;
// "" is none.
func slowly(t *testing.T, faults []string, addr func(i int) string, config egress.Config) *slowWorld {
	t.Helper()
	var zone, lines, policies strings.Builder
	fmt.Fprintln(&zone, "example.com. SOA ns1.example.com. hostmaster.example.com. 1 2 3 4 300")
	for i, fault := range faults {
		domain := domainOf(int64(i + 1))
		fmt.Fprintf(&zone, "_mta-sts.%s. TXT \"v=STSv1; id=1;\"\nmta-sts.%s. A %s\n", domain, domain, addr(i))
		fmt.Fprintf(&policies, "-- policy/mta-sts.%s --\nversion: STSv1\nmode: none\nmax_age: 604800\n", domain)
		if fault != "" {
			fmt.Fprintf(&lines, "mta-sts.%s %s\n", domain, fault)
		}
	}
	path := filepath.Join(t.TempDir(), "world.txtar")
	text := "-- zone --\n" + zone.String() + "-- faults --\n" + lines.String() + policies.String()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	world, err := simnet.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	dir := t.TempDir()
	dataset, err := output.Open(dir, output.Identity{Input: "test"})
	if err != nil {
		t.Fatal(err)
	}
	engine := inMemory{world: world}
	config.Resolve, config.Dial, config.Roots = survey.Hosts(engine, nil), world.DialContext, world.Roots()
	transport, err := egress.NewTransport(config)
	if err != nil {
		t.Fatal(err)
	}
	list := listed{parts: 4, size: len(faults) / 4}
	s := &slowWorld{&townSurvey{list: list, dir: dir, parts: make(map[int]output.PartInfo)}, transport}
	s.Config = Config{
		Chunks: list, Source: &queue.Static{Parts: list.parts}, Dataset: dataset, Engine: engine,
		Client: &mtasts.Client{Exchanger: engine, Transport: transport}, Passes: 2, Stats: new(Stats),
		Wrote: func(info output.PartInfo) { s.parts[info.Part] = info },
	}
	return s
}

// inBubble is synctest.Test for what reads and writes Parquet: decoders and encoders have channels of the bubble,
// and must not be found in a pool by who is not in it. What was in a pool for two collections is gone.
func inBubble(t *testing.T, f func(*testing.T)) {
	t.Helper()
	synctest.Test(t, f)
	runtime.GC()
	runtime.GC()
}

func ownAddr(i int) string { return fmt.Sprintf("22.1.%d.%d", i/250, i%250+1) }

// scan makes all passes.
func (s *slowWorld) scan(ctx context.Context) error {
	if err := Run(ctx, s.Config); err != nil {
		return err
	}
	waiting := slices.DeleteFunc(s.infos(), func(info output.PartInfo) bool { return info.Pending == 0 })
	return Repass(ctx, s.Config, waiting)
}

// slowFaults are hosts that are slow at each stage, with what a quick retrieval and one of a minute say of them.
func slowFaults() []struct{ fault, quick, last string } {
	const shaking, header, body = "tls handshake_timeout", "http timeout", "body timeout"
	return []struct{ fault, quick, last string }{
		{"", "", ""},
		{"delay handshake 3s", "", ""},
		{"delay handshake 8s", shaking, ""},
		{"delay handshake 25s", shaking, ""},
		{"delay handshake 45s", shaking, ""},
		{"delay handshake 61s", shaking, shaking},
		{"tls silent", shaking, shaking},
		{"tls drip", shaking, shaking},
		{"delay header 8s", header, ""},
		{"delay header 25s", header, ""},
		{"delay header 45s", header, ""},
		{"delay header 61s", header, header},
		{"body silent", header, header},
		{"body header-drip", header, header},
		{"delay body 8s", "", ""},
		{"delay body 25s", body, ""},
		{"delay body 45s", body, ""},
		{"delay body 61s", body, body},
		{"tcp silent", "tcp timeout", "tcp timeout"},
		{"tls expired", "tls expired", "tls expired"},
	}
}

// ended is where a retrieval ended; "" for a valid policy.
func ended(policy, stage, reason string) string {
	if policy == string(codes.PolicyValid) {
		return ""
	}
	return stage + " " + reason
}

// Slow hosts are left to the last pass, which waits a minute, or to nothing where one domain is looked up; a host
// that is slower, or silent, had all of that minute.
func TestSlowHosts(t *testing.T) {
	var faults []string
	for _, c := range slowFaults() {
		faults = append(faults, c.fault)
	}
	noManners := egress.Config{Manners: egress.NoManners()}
	t.Run("scan", func(t *testing.T) {
		inBubble(t, func(t *testing.T) {
			s := slowly(t, faults, ownAddr, noManners)
			if err := s.scan(t.Context()); err != nil {
				t.Fatal(err)
			}
			rows := rowsIn(t, s.dir)
			for i, c := range slowFaults() {
				row := rows[domainOf(int64(i+1))]
				if got := ended(row.Policy, row.PolicyStage, row.PolicyReason); got != c.last || row.Pending != "" {
					t.Errorf("%q: %q, pending %q; want %q", c.fault, got, row.Pending, c.last)
				}
				again := c.quick != "" && c.quick != "tls expired"
				got := ended(row.FirstPolicy, row.FirstPolicyStage, row.FirstPolicyReason)
				if again && got != c.quick || again != (row.Pass == 2) {
					t.Errorf("%q: first %q, pass %d; want %q", c.fault, got, row.Pass, c.quick)
				}
			}
		})
	})
	type surveys func(context.Context, Config, domains.Name) (*output.Row, error)
	lookup := func(t *testing.T, deadline time.Duration, survey surveys, late func(string) bool) {
		inBubble(t, func(t *testing.T) {
			s := slowly(t, faults, ownAddr, noManners)
			for i, c := range slowFaults() {
				began := time.Now()
				row, err := survey(t.Context(), s.Config, domains.Name{Domain: domainOf(int64(i + 1)), Rank: 1})
				if err != nil {
					t.Fatal(err)
				}
				want := c.last
				if late(c.fault) {
					want = c.quick
				}
				took := time.Since(began)
				if got := ended(row.Policy, row.PolicyStage, row.PolicyReason); got != want || took > deadline {
					t.Errorf("%q: %q after %v, want %q", c.fault, got, took, want)
				}
				if strings.HasSuffix(want, "timeout") && row.PolicyStage != string(codes.StageTCP) && took < deadline {
					t.Errorf("%q: given up after %v", c.fault, took)
				}
			}
		})
	}
	t.Run("lookup", func(t *testing.T) {
		lookup(t, time.Minute, lookedUp, func(string) bool { return false })
	})
	t.Run("one pass", func(t *testing.T) {
		lookup(t, 20*time.Second, func(ctx context.Context, c Config, name domains.Name) (*output.Row, error) {
			c.Passes = 1
			return rowFrom(t, surveyorOf(ctx, c), &name, nil), nil
		}, func(fault string) bool { return strings.HasSuffix(fault, "25s") || strings.HasSuffix(fault, "45s") })
	})
}

// Slow hosts hold up no others: with each at an address of its own, a run takes no longer than a minute for as many
// as there are connections at a time, and two.
func TestSlowHostsStarveNoOthers(t *testing.T) {
	const slow, all, connections = 100, 1000, 20
	faults := make([]string, all)
	kinds := []string{
		"tls silent", "body silent", "tls drip", "body header-drip", "delay handshake 45s", "delay header 8s", "delay body 45s",
	}
	for i := range slow {
		faults[i*all/slow] = kinds[i%len(kinds)]
	}
	inBubble(t, func(t *testing.T) {
		s := slowly(t, faults, ownAddr, egress.Config{Manners: egress.NoManners(), Connections: connections, Handshakes: 4})
		began := time.Now()
		if err := s.scan(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took, most := time.Since(began), slow*time.Minute/connections+2*time.Minute; took > most {
			t.Errorf("took %v, want %v at most", took, most)
		} else {
			t.Logf("took %v, want %v at most", took, most)
		}
		for domain, row := range rowsIn(t, s.dir) {
			fault := faults[rankOf(domain)-1]
			if valid := fault == "" || strings.HasPrefix(fault, "delay"); valid != (row.Policy == string(codes.PolicyValid)) {
				t.Errorf("%s, %q: %s %s %s", domain, fault, row.Policy, row.PolicyStage, row.PolicyReason)
			}
		}
	})
}

// The slow hosts of one address share a time. What is left then is unknown, with the reason of its quick retrieval,
// and is not connected to again.
func TestSlowHostsOfOneAddress(t *testing.T) {
	for name, c := range map[string]struct {
		fault, reason string
		manners       egress.Manners
	}{
		"handshake":             {"tls silent", "tls handshake_timeout", egress.Manners{}},
		"header":                {"body silent", "http timeout", egress.Manners{}},
		"body":                  {"delay body 2h", "body timeout", egress.Manners{}},
		"two at a time":         {"tls silent", "tls handshake_timeout", egress.Manners{HostConnections: 2, HostRate: 2}},
		"two, and a short line": {"body silent", "http timeout", egress.Manners{HostConnections: 2, HostRate: 2, Queue: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			const all, share = 80, 5 * time.Minute
			faults := slices.Repeat([]string{c.fault}, all)
			faults[0], faults[all-1] = "", "delay header 8s"
			manners := egress.NoManners()
			if c.manners != (egress.Manners{}) {
				manners = c.manners
			}
			manners.SlowTime = share
			addr := func(i int) string {
				if i == all-1 {
					return "22.1.9.1"
				}
				return "22.1.0.1"
			}
			inBubble(t, func(t *testing.T) {
				s := slowly(t, faults, addr, egress.Config{Manners: manners})
				s.PassDelay = time.Minute
				if err := s.scan(t.Context()); err != nil {
					t.Fatal(err)
				}
				classes, connected := make(map[string]int), 0
				for domain, row := range rowsIn(t, s.dir) {
					rank := rankOf(domain)
					finding := slices.Contains(row.Findings, string(codes.FindSlowNotAwaited))
					if alone := rank == 1 || rank == all; alone {
						if row.Policy != string(codes.PolicyValid) || finding {
							t.Errorf("%s: %s %s %s %q", domain, row.Policy, row.PolicyStage, row.PolicyReason, row.Findings)
						}
						continue
					}
					got := ended(row.Policy, row.PolicyStage, row.PolicyReason)
					unknown := row.Policy == string(codes.PolicyUnknown)
					final := row.Pending == "" && row.Pass == 2
					if got != c.reason || finding != unknown || !final || unknown != (row.Verdict == string(codes.VerdictUnknown)) {
						t.Errorf("%s: %s %s, %s, %q, pending %q, pass %d",
							domain, row.Policy, got, row.Verdict, row.Findings, row.Pending, row.Pass)
					}
					classes[row.Policy]++
					if unknown && row.Addr != "" {
						connected++
					}
				}
				if n := c.manners.HostConnections; n > 0 && connected > n {
					t.Errorf("%d were connected to, and not awaited, where %d may be at a time", connected, n)
				}
				// 55 s, or 40 for a body, that one host may take of the five minutes.
				if n := classes[string(codes.PolicyUnreachable)]; n > 7 || classes[string(codes.PolicyUnknown)] != all-2-n {
					t.Errorf("%v", classes)
				}
				t.Logf("%v", classes)
			})
		})
	}
}

// A run that is asked to stop while the last pass waits for slow hosts ends as soon as any, and the next process
// asks them again, in that same pass.
func TestGraceSlowHosts(t *testing.T) {
	faults := slices.Repeat([]string{"delay handshake 45s"}, 8)
	inBubble(t, func(t *testing.T) {
		s := slowly(t, faults, ownAddr, egress.Config{Manners: egress.NoManners()})
		ctx, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, interrupt) // the first pass takes 5 s
		began := time.Now()
		if err := s.scan(ctx); !errors.Is(err, ErrInterrupted) {
			t.Fatalf("%v", err)
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("took %v to end", took)
		}
		for domain, row := range rowsIn(t, s.dir) {
			first := codes.TLSError(row.FirstPolicyReason)
			if row.Pending != string(codes.PendingInterrupted) || row.Pass != 2 || first != codes.TLSHandshakeTimeout {
				t.Errorf("%s: pending %q, pass %d, first %q", domain, row.Pending, row.Pass, first)
			}
		}
		if err := Repass(t.Context(), s.Config, s.infos()); err != nil {
			t.Fatal(err)
		}
		for domain, row := range rowsIn(t, s.dir) {
			if row.Policy != string(codes.PolicyValid) || row.Pass != 2 || row.Pending != "" {
				t.Errorf("%s: %s, pass %d, pending %q", domain, row.Policy, row.Pass, row.Pending)
			}
		}
	})
}
