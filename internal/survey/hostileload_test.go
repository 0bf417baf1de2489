package survey

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/simnet"
)

// mixedWorld is the hostile world with healthy domains beside it, and the names of both.
func mixedWorld(t *testing.T) (world *simnet.World, hostile, healthy []string) {
	t.Helper()
	archive, err := txtar.ParseFile(hostileWorld)
	if err != nil {
		t.Fatal(err)
	}
	zone := bytes.Clone(archive.Files[0].Data) // what txtar parses shares its memory
	for i := range 20 {
		domain := fmt.Sprintf("healthy-%d.example.com", i)
		healthy = append(healthy, domain)
		zone = fmt.Appendf(zone, "_mta-sts.%s. TXT \"v=STSv1; id=1;\"\nmta-sts.%s. A 22.1.40.%d\n", domain, domain, i)
		archive.Files = append(archive.Files, txtar.File{
			Name: "policy/mta-sts." + domain, Data: []byte("version: STSv1\nmode: enforce\nmx: mx.example.net\nmax_age: 604800\n"),
		})
	}
	archive.Files[0].Data = zone
	path := filepath.Join(t.TempDir(), "mixed.txtar")
	if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
		t.Fatal(err)
	}
	if world, err = simnet.Open(path); err != nil {
		t.Fatal(err)
	}
	return world, world.Domains(), healthy
}

// limited is the Config of surveys whose stages have so much time, and four times as much together.
func limited(t *testing.T, step time.Duration, config egress.Config, world *simnet.World) Config {
	t.Helper()
	config.Resolve, config.Roots, config.UserAgent = Hosts(world, nil), world.Roots(), "stsscan/test"
	config.DialTimeout, config.HandshakeTimeout, config.HeaderTimeout = step, step, step
	config.Manners = egress.NoManners()
	transport, err := egress.NewTransport(config)
	if err != nil {
		t.Fatal(err)
	}
	return Config{LastDeadline: 4 * step, Client: &mtasts.Client{Exchanger: world, Transport: transport}}
}

// surveyAll surveys the domains, so many at a time, and says how long it took until the last of those that count
// had its row, and how many of them had no policy; others are then given up. Where none counts, all are surveyed to
// their end.
func surveyAll(t *testing.T, config Config, atATime int, names []string,
	counts func(string) bool) (took time.Duration, failed int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began := time.Now()
	var last, left, faults, failures atomic.Int64
	for _, domain := range names {
		if counts(domain) {
			left.Add(1)
		}
	}
	work := make(chan string)
	var pool sync.WaitGroup
	for range atATime {
		pool.Go(func() {
			for domain := range work {
				row, err := Domain(ctx, config, domains.Name{Domain: domain, Rank: 1, List: "load"})
				if err != nil && ctx.Err() == nil {
					t.Logf("%s: %v", domain, err)
					faults.Add(1)
				}
				if !counts(domain) {
					continue
				}
				if err != nil || row.Policy != string(codes.PolicyValid) {
					failures.Add(1)
				}
				if left.Add(-1) == 0 {
					last.Store(int64(time.Since(began)))
					cancel()
				}
			}
		})
	}
	for _, domain := range names {
		work <- domain
	}
	close(work)
	pool.Wait()
	if n := faults.Load(); n > int64(len(names)/2) { // a machine that does other things may have many
		t.Errorf("%d faults of this machine among %d surveys", n, len(names))
	}
	return time.Duration(last.Load()), failures.Load()
}

func isHealthy(domain string) bool { return strings.HasPrefix(domain, "healthy-") }

// mixed are n healthy domains with the hostile ones spread among them.
func mixed(n int, healthy, hostile []string) []string {
	var names []string
	for i := range n {
		names = append(names, healthy[i%len(healthy)])
		if at := i * len(hostile) / n; at < (i+1)*len(hostile)/n {
			names = append(names, hostile[at])
		}
	}
	return names
}

// Healthy domains beside hostile ones keep nine tenths of their throughput. Both are measured in turn, and the best
// of a few rounds counts, because a machine that does other things at the same time can only make it worse.
func TestHealthyBesideHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("measures for seconds")
	}
	world, hostile, healthy := mixedWorld(t)
	defer world.Close()
	config := limited(t, 5*time.Second, egress.Config{Dial: world.DialContext}, world)
	const atATime = 64
	n, rounds := 400, 8
	if raceDetector {
		n, rounds = 60, 1
	}
	var best float64
	void, began := 0, time.Now()
	for round := 0; round < rounds && best < 0.9 && time.Since(began) < time.Minute; round++ {
		var some []string // another third in each round
		for i := round % 3; i < len(hostile); i += 3 {
			some = append(some, hostile[i])
		}
		alone, failed := surveyAll(t, config, atATime, mixed(n, healthy, nil), isHealthy)
		if failed > 0 { // the machine stood still for seconds
			void++
			continue
		}
		beside, failed := surveyAll(t, config, atATime, mixed(n, healthy, some), isHealthy)
		if failed > 0 {
			t.Logf("%d domains fail beside hostile ones", failed)
			continue
		}
		ratio := float64(alone) / float64(beside)
		t.Logf("%d domains in %v; beside %d hostile ones in %v: %.3f of the throughput", n, alone, len(some), beside, ratio)
		best = max(best, ratio)
	}
	if best < 0.9 && void > 0 {
		t.Skipf("%d rounds are void: the machine has no time for 64 surveys", void)
	}
	if best < 0.9 && !raceDetector {
		t.Errorf("healthy domains keep %.3f of their throughput", best)
	}
}

// Hostile servers cost bounded memory, and leave neither goroutines nor descriptors behind. The servers, in the
// same process, are counted too.
func TestHostileResources(t *testing.T) {
	world, hostile, _ := mixedWorld(t)
	defer world.Close()
	server, err := world.Listen(t.Context(), simnet.Addrs{SOCKS: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	proxy, err := url.Parse("socks5://" + server.SOCKS.String())
	if err != nil {
		t.Fatal(err)
	}
	config := limited(t, time.Second, egress.Config{Proxy: proxy}, world)
	const atATime = 256 // as in a scan
	none := func(string) bool { return false }
	surveyAll(t, config, atATime, hostile[:1], none) // what is made once

	goroutines, descriptors := runtime.NumGoroutine(), openFiles(t)
	times := 3
	if raceDetector {
		times = 2
	}
	var names []string
	for range times {
		names = append(names, hostile...)
	}
	stop := make(chan struct{})
	peak := make(chan uint64)
	go func() { peak <- highest(stop) }()
	surveyAll(t, config, atATime, names, none)
	close(stop)
	const most = 300 << 20
	if got := <-peak; got > most && !raceDetector {
		t.Errorf("%d MiB at the peak, more than %d", got>>20, most>>20)
	} else {
		t.Logf("%d MiB at the peak, with %d surveys at a time", got>>20, atATime)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		nowGoroutines, nowDescriptors := runtime.NumGoroutine(), openFiles(t)
		if nowGoroutines <= goroutines && nowDescriptors <= descriptors {
			break
		}
		if time.Now().After(deadline) {
			t.Errorf("%d goroutines and %d descriptors before, %d and %d after", goroutines, descriptors, nowGoroutines,
				nowDescriptors)
			break
		}
	}
}

// highest is the most memory that the process has from the system, looked at every few milliseconds until stop is
// closed.
func highest(stop <-chan struct{}) (most uint64) {
	samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for {
		metrics.Read(samples)
		most = max(most, samples[0].Value.Uint64()-samples[1].Value.Uint64())
		select {
		case <-stop:
			return most
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// openFiles counts the descriptors of the process; 0 where the system does not say.
func openFiles(t *testing.T) int {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(files)
}
