package pipeline

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"stsscan/internal/domains"
	"stsscan/internal/egress"
)

// Hosts that are out of reach: one beside healthy ones, some and nothing else, as many as there are. It is their
// fault, or ours; nothing else suffers, and no run lasts for ever.
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
				policy := strings.HasSuffix(address, ":443")
				if times > most || policy && tt.port == 25 && times > 1 {
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
			told := fmt.Sprintf("%d domains must be asked again, such as d", tt.closed)
			if !strings.Contains(err.Error(), told) || !errors.Is(err, syscall.EACCES) {
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

// A process that goes on, with nothing to ask but hosts that did not connect when others did, does not take them
// for a fault of its own.
func TestOutOfReachAfterRestart(t *testing.T) {
	for _, before := range []syscall.Errno{syscall.EHOSTUNREACH, syscall.ECONNREFUSED} {
		t.Run(before.Error(), func(t *testing.T) {
			t.Parallel()
			g := gate(t, 24, 2)
			defer g.world.Close()
			g.close(20, 443, before)
			if before == syscall.ECONNREFUSED {
				g.Stats.localFaults.Store(20) // so that no test waits
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

// A fault of ours that lasts, such as of descriptors, keeps rows provisional; the domain was tried a few times, and
// others have their rows.
func TestLastingFault(t *testing.T) {
	t.Parallel()
	g := gate(t, 12, 2)
	defer g.world.Close()
	g.close(1, 443, syscall.EMFILE)
	err := g.scan(t)
	if !errors.Is(err, ErrLocalFault) || !errors.Is(err, syscall.EMFILE) {
		t.Fatalf("error %v", err)
	}
	if told := "1 domains must be asked again, such as d1.example.com: "; !strings.Contains(err.Error(), told) {
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
	row, err := lookedUp(t.Context(), g.Config, domains.Name{Domain: domainOf(1), Rank: 1})
	if err != nil {
		t.Fatal(err)
	}
	if row.Policy != "unreachable" || row.PolicyReason != "unreachable" || row.Pending != "" {
		t.Errorf("%s: %s, pending %q", row.Policy, row.PolicyReason, row.Pending)
	}
}
