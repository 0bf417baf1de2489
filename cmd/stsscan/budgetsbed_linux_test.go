package main

import (
	"fmt"
	"net/netip"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// Eight processes that scan shards of a run at a time, among domains at one address: its server sees no more of them
// together than the run may. Processes remember nothing of those before them on the same place: where there are more
// shards than processes, those that begin add as much as a second has, once.
func TestBudgetsBed(t *testing.T) { inBed(t, budgetsBed) }

func budgetsBed(t *testing.T, b *bed) {
	const atATime = 8
	b.delay = 5 * time.Millisecond
	b.resolve(func(_, _ string, ipv6 bool, _ int) []netip.Addr {
		if ipv6 {
			return nil
		}
		return []netip.Addr{netip.MustParseAddr("22.1.200.1")}
	})
	domains := numbered("g", *bedGiant)
	b.list(t, "list", domains)
	for _, tt := range []struct{ shards, burst int }{{atATime, 0}, {3 * atATime, *bedRate}} {
		due := bedDue{connections: atATime, rate: *bedRate, burst: tt.burst}
		run := fmt.Sprintf("run-%d", tt.shards)
		shards := make(chan int, tt.shards)
		for i := range tt.shards {
			shards <- i
		}
		close(shards)
		var processes sync.WaitGroup
		for range atATime {
			processes.Go(func() {
				for i := range shards {
					b.mustScanShard(t, run, fmt.Sprintf("%d/%d", i, tt.shards), atATime, due)
				}
			})
		}
		processes.Wait()
		if t.Failed() {
			return
		}
		must(t, exec.Command("stsscan", "finish", b.path(run)))
		asked := b.wantManners(t, b.visits(), due)
		for _, domain := range domains {
			if asked[domain] != 1 {
				t.Errorf("%s was asked %d times", domain, asked[domain])
			}
		}
		b.forget()
	}
}

// mustScanShard scans a shard of a run whose limits are for some processes at a time.
func (b *bed) mustScanShard(t *testing.T, run, shard string, atATime int, due bedDue) {
	out, err := b.scan("list", run, "--shard", shard, "--at-a-time", fmt.Sprint(atATime), "--part-size", "4",
		"--mx", "none", "--tlsrpt", "none", "--dane", "none", "--host-wait", "200ms", "--deadline", "10s", "--pass-delay", "1s",
		"--host-rate", fmt.Sprint(due.rate), "--host-connections", fmt.Sprint(due.connections),
		"--network-rate", fmt.Sprint(2*due.rate), "--network-connections", fmt.Sprint(2*due.connections),
	).CombinedOutput()
	if err != nil {
		t.Errorf("shard %s: %v\n%s", shard, err, out)
	}
}
