package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/explain"
	"stsscan/internal/output"
)

var (
	bedGiant = flag.Int("bed.giant", 300, "domains at one address in TestMannersBed")
	bedRate  = flag.Int("bed.rate", 40, "connections a second that this address is due")
)

const (
	bedConnections = 3 // at a time that it is due
	bedParts       = 16

	// bedLate is how much nearer to each other than they were begun the server may
	// see two connections, as it takes them late on a busy machine. The time that it
	// was stopped comes on top.
	bedLate = 500 * time.Millisecond
)

// Very many domains at one address: its server sees no more of us than it is
// due, in any stretch of time; others do not notice; parts do not wait for it; a
// run that stops before says what is left, and goes on without asking twice.
func TestMannersBed(t *testing.T) { inBed(t, mannersBed) }

func mannersBed(t *testing.T, b *bed) {
	b.delay = 5 * time.Millisecond
	b.resolve(func(_, domain string, ipv6 bool, _ int) []netip.Addr {
		number, _ := strconv.Atoi(domain[1:6])
		switch {
		case ipv6, domain[0] == 'n':
			return nil
		case domain[0] == 'g':
			return []netip.Addr{netip.MustParseAddr("22.1.200.1")}
		}
		return []netip.Addr{netip.AddrFrom4([4]byte{22, 1, byte(number % 100), byte(1 + number/100)})}
	})
	due := bedDue{connections: bedConnections, rate: *bedRate}
	flags := []string{
		"--mx", "none", "--tlsrpt", "none", "--dane", "none", "--host-wait", "200ms", "--deadline", "10s", "--pass-delay", "1s",
		"--host-rate", fmt.Sprint(*bedRate), "--host-connections", fmt.Sprint(bedConnections),
		"--network-rate", fmt.Sprint(2 * *bedRate), "--network-connections", fmt.Sprint(2 * bedConnections),
	}

	// The others among as many domains whose Policy Hosts have no address.
	others := *bedGiant / 10
	among := func(letter string) (domains []string) {
		for i, domain := range numbered(letter, *bedGiant) {
			domains = append(domains, domain)
			if i%10 == 5 && i/10 < others {
				domains = append(domains, fmt.Sprintf("o%05d.example.com", i/10))
			}
		}
		return domains
	}
	b.list(t, "alone", among("n"))
	must(t, b.scan("alone", "run-alone", append(flags, "--passes", "1")...))
	alone := span(b.visits())
	b.wantManners(t, b.visits(), due)
	b.forget()

	domains := among("g")
	b.list(t, "list", domains)
	size := (len(domains) + bedParts - 1) / bedParts
	scan := func() *exec.Cmd { return b.scan("list", "run", append(flags, "--part-size", fmt.Sprint(size))...) }

	// Once all parts are there, and half of the giant is served, interrupt.
	first := scan()
	var said bytes.Buffer
	first.Stderr = &said
	began := time.Now()
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	parts := (len(domains) + size - 1) / size
	wait(t, "for the parts", func() bool { return len(b.parts("run")) == parts })
	closed, early := time.Since(began), b.rows(t, "run")
	served := b.served("mta-sts.g")
	if served > *bedGiant*3/4 {
		t.Errorf("the parts were closed when %d domains of the giant were served", served)
	}
	for domain, row := range early {
		if domain[0] == 'o' && (row.Policy != "valid" || row.Pending != "" || row.Pass != 1) {
			t.Errorf("%s beside the giant: policy %q, reason %q, pending %q, pass %d",
				domain, row.Policy, row.PolicyReason, row.Pending, row.Pass)
		}
	}
	wait(t, "for half of the giant", func() bool { return b.served("mta-sts.g") > *bedGiant/2 })
	if err := first.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); exitCode(err) != exitIncomplete || !strings.Contains(said.String(), "interrupted") {
		t.Fatalf("interrupted: %v\n%s", err, said.String())
	}
	ofGiant := func(v bedVisit) bool { return strings.HasPrefix(v.host, "mta-sts.g") }
	if beside := span(slices.DeleteFunc(b.visits(), ofGiant)); beside > 2*alone+2*time.Second {
		t.Errorf("the others took %v, and %v without the giant", beside, alone)
	} else {
		t.Logf("%d others took %v, and %v without the giant; %d parts were closed after %v, when %d of %d were served",
			others, beside, alone, parts, closed, served, *bedGiant)
	}
	before := b.wantManners(t, b.visits(), due)
	b.wantPending(t, len(domains))

	b.forget()
	must(t, scan())
	must(t, exec.Command("stsscan", "verify", b.path("run")))
	after := b.wantManners(t, b.visits(), due)
	for domain, row := range b.rows(t, "run") {
		if row.Policy != "valid" || row.Pending != "" || row.Pass != 1 {
			t.Errorf("%s: policy %q, reason %q, pending %q, pass %d",
				domain, row.Policy, row.PolicyReason, row.Pending, row.Pass)
		}
		if n := before[domain] + after[domain]; n != 1 {
			t.Errorf("%s was asked %d times", domain, n)
		}
	}
	if len(before)+len(after) != len(domains) {
		t.Errorf("%d and %d domains were asked, of %d", len(before), len(after), len(domains))
	}
}

// wantPending holds an interrupted run to saying what it has left.
func (b *bed) wantPending(t *testing.T, domains int) {
	t.Helper()
	data, err := os.ReadFile(b.path("run/run.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest output.Manifest
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	pending := manifest.Counts.Pending[codes.PendingManners]
	reason := explain.WaitText(output.Counts{Pending: map[codes.Pending]int64{codes.PendingManners: pending}})
	if manifest.Status != output.StatusIncomplete || !slices.Contains(manifest.Reasons, reason) {
		t.Errorf("run.json: status %s, reasons %q, want one that is %q", manifest.Status, manifest.Reasons, reason)
	}
	out, err := exec.Command("stsscan", "verify", b.path("run")).CombinedOutput()
	if exitCode(err) == 0 || !strings.Contains(string(out), fmt.Sprintf("%d rows are provisional", pending)) {
		t.Errorf("verify: %v: %s", err, out)
	}
	rows := b.rows(t, "run")
	for domain, row := range rows {
		fetched := row.Policy == "valid" && row.Pending == ""
		if waits := row.Policy == "unknown" && row.Pending == "manners"; !fetched && !waits || waits && domain[0] != 'g' {
			t.Errorf("%s: policy %q, pending %q", domain, row.Policy, row.Pending)
		}
		if row.Pending != "" {
			pending--
		}
	}
	if pending != 0 || len(rows) != domains {
		t.Errorf("%d rows of %d, and the rows that wait are %d fewer than run.json says", len(rows), domains, pending)
	}
}

// wantManners holds a log of the server against what its addresses are due, and
// counts the visits of each domain. A network is due twice as much.
func (b *bed) wantManners(t *testing.T, visits []bedVisit, due bedDue) map[string]int {
	t.Helper()
	asked := make(map[string]int)
	hosts, networks := make(map[netip.Prefix][]bedVisit), make(map[netip.Prefix][]bedVisit)
	for _, v := range visits {
		if v.served.IsZero() {
			t.Errorf("a visit of %s ended early", v.to)
			continue
		}
		asked[strings.TrimPrefix(v.host, "mta-sts.")]++
		host, network := netip.PrefixFrom(v.to.Addr(), 32), netip.PrefixFrom(v.to.Addr(), 24).Masked()
		hosts[host] = append(hosts[host], v)
		networks[network] = append(networks[network], v)
	}
	for places, times := range map[*map[netip.Prefix][]bedVisit]int{&hosts: 1, &networks: 2} {
		for place, visits := range *places {
			limited(t, place, visits, due.times(times), bedLate+b.stalled())
		}
	}
	return asked
}

// A bedDue is what an address is due: connections at a time, new ones a second, and how many more there may be in any
// stretch of time.
type bedDue struct{ connections, rate, burst int }

func (d bedDue) times(n int) bedDue { return bedDue{n * d.connections, n * d.rate, n * d.burst} }

// limited holds the visits of one place against how many there may be at a time,
// and how many may begin in any whole number of seconds, where the log may be late.
func limited(t *testing.T, place netip.Prefix, visits []bedVisit, due bedDue, late time.Duration) {
	t.Helper()
	change := make(map[time.Time]int)
	var begins []time.Time
	for _, v := range visits {
		change[v.accepted]++
		change[v.served]--
		begins = append(begins, v.accepted)
	}
	now, most := 0, 0
	for _, at := range slices.SortedFunc(maps.Keys(change), time.Time.Compare) {
		now += change[at]
		most = max(most, now)
	}
	if most > due.connections {
		t.Errorf("%s: %d connections at a time, and %d are allowed", place, most, due.connections)
	}
	slices.SortFunc(begins, time.Time.Compare)
	busiest := 0
	for i, first := 0, 0; i < len(begins); i++ {
		for begins[i].Sub(begins[first]) >= time.Second {
			first++
		}
		busiest = max(busiest, i-first+1)
		for seconds := 1; i-seconds*due.rate-due.burst >= 0; seconds++ {
			began := begins[i-seconds*due.rate-due.burst]
			if took := begins[i].Sub(began); took < time.Duration(seconds)*time.Second-late {
				t.Fatalf("%s: %d connections in %v", place, seconds*due.rate+due.burst+1, took)
			}
		}
	}
	if len(begins) > due.rate {
		t.Logf("%s: %d visits in %v, at most %d at a time, at most %d in a second",
			place, len(visits), span(visits).Round(time.Millisecond), most, busiest)
	}
}

// span is the time from the first visit to the last.
func span(visits []bedVisit) time.Duration {
	if len(visits) == 0 {
		return 0
	}
	begun := func(a, b bedVisit) int { return a.accepted.Compare(b.accepted) }
	return slices.MaxFunc(visits, begun).accepted.Sub(slices.MinFunc(visits, begun).accepted)
}

// served is how many visits hosts have had whose names begin so.
func (b *bed) served(prefix string) (n int) {
	for _, v := range b.visits() {
		if strings.HasPrefix(v.host, prefix) {
			n++
		}
	}
	return n
}

func wait(t *testing.T, what string, until func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Minute); !until(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %s for too long", what)
		}
	}
}

func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}
