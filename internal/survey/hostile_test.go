package survey

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
	"stsscan/internal/verify"
)

// dials remembers the addresses that were dialled in a world.
type dials struct {
	world *simnet.World
	mu    sync.Mutex
	addrs []netip.Addr
}

func (d *dials) dial(ctx context.Context, network, address string) (net.Conn, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.addrs = append(d.addrs, at.Addr())
	d.mu.Unlock()
	return d.world.DialContext(ctx, network, address)
}

func (d *dials) taken() []netip.Addr {
	d.mu.Lock()
	defer d.mu.Unlock()
	addrs := d.addrs
	d.addrs = nil
	return addrs
}

// watched is the Config of surveys in a world whose dials are remembered.
func watched(t *testing.T, world *simnet.World) (Config, *dials) {
	t.Helper()
	seen := &dials{world: world}
	transport, err := egress.NewTransport(egress.Config{
		Resolve: Hosts(world, nil), Dial: seen.dial, Roots: world.Roots(), UserAgent: "stsscan/test",
		Manners: egress.NoManners(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return Config{Client: &mtasts.Client{Exchanger: world, Transport: transport}}, seen
}

// Each server of the hostile world ends in its class, within the deadline, and no address is contacted but those of
// its host, once each.
func TestHostileWorld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world, err := simnet.Open(hostileWorld)
		if err != nil {
			t.Fatal(err)
		}
		defer world.Close()
		config, seen := watched(t, world)
		for _, domain := range world.Domains() {
			truth, _ := world.Truth(domain, 0)
			began := time.Now()
			row := surveyed(t, config, domain)
			if took, most := time.Since(began), config.withDefaults().LastDeadline; took > most {
				t.Errorf("%s: took %v, more than %v", domain, took, most)
			}
			for _, difference := range verify.CompareTruth(row, truth) {
				t.Errorf("%s: %s", domain, difference)
			}
			checkTexts(t, row)
			checkDials(t, row, seen.taken())
			if cut := strings.HasPrefix(domain, "b9-abrupt."); cut != slices.Contains(row.Findings,
				string(codes.FindTruncationPossible)) {
				t.Errorf("%s: findings %q", domain, row.Findings)
			}
			if both := strings.HasPrefix(domain, "b9-both."); both != slices.Contains(row.Findings,
				string(codes.FindLengthAndTransferEncoding)) {
				t.Errorf("%s: findings %q", domain, row.Findings)
			}
			if plain := strings.HasPrefix(domain, "b11-plain."); plain != slices.Contains(row.Findings,
				string(codes.FindPlainHTTP)) {
				t.Errorf("%s: findings %q", domain, row.Findings)
			}
		}
	})
}

// checkTexts looks for texts that strangers made long or broken.
func checkTexts(t *testing.T, row *output.Row) {
	t.Helper()
	fields := reflect.ValueOf(row).Elem()
	for i := range fields.NumField() {
		var texts []string
		switch v := fields.Field(i).Interface().(type) {
		case string:
			texts = []string{v}
		case []string:
			texts = v
		}
		for _, text := range texts {
			if len(text) > 512 || !utf8.ValidString(text) {
				t.Errorf("%s: %s is %.600q", row.Domain, fields.Type().Field(i).Name, text)
			}
		}
	}
	if len(row.CertNames) > 5 || len(row.HostAddrs) > maxHostAddrs || len(row.PolicyText) > 64<<10 {
		t.Errorf("%s: %d names, %d addresses, %d octets", row.Domain, len(row.CertNames), len(row.HostAddrs),
			len(row.PolicyText))
	}
}

// checkDials holds what was dialled against the row and the guard. An address is dialled a second time only to
// learn what an alert 80 was about.
func checkDials(t *testing.T, row *output.Row, dialled []netip.Addr) {
	t.Helper()
	var texts []string
	var families [2]int
	for _, addr := range dialled {
		if err := egress.CheckAddr(addr); err != nil {
			t.Errorf("%s: dialled: %v", row.Domain, err)
		}
		if slices.Contains(texts, addr.String()) && row.TLSAlert != nil && *row.TLSAlert == 80 {
			continue
		}
		texts = append(texts, addr.String())
		families[addr.BitLen()/128]++
	}
	if !slices.Equal(texts, row.TriedAddrs) || max(families[0], families[1]) > 2 {
		t.Errorf("%s: dialled %v; the row says %v", row.Domain, texts, row.TriedAddrs)
	}
	count := 0
	if row.HostAddrsCount != nil {
		count = int(*row.HostAddrsCount)
	}
	if many := strings.HasPrefix(row.Domain, "b14-"); many != (count == 1000) {
		t.Errorf("%s: %d addresses", row.Domain, count)
	}
}

// A name that changes its mind leads to the public address or nowhere.
func TestRebinding(t *testing.T) {
	world, err := simnet.Open(hostileWorld)
	if err != nil {
		t.Fatal(err)
	}
	defer world.Close()
	config, seen := watched(t, world)
	classes := make(map[string]int)
	for range 200 {
		row := surveyed(t, config, "a5-rebind.example.com")
		classes[row.Policy]++
		checkDials(t, row, seen.taken())
	}
	if classes["valid"] != 100 || classes["forbidden"] != 100 {
		t.Errorf("classes %v", classes)
	}
}

// A policy cut anywhere on its way is never valid with fewer MX patterns, unless the row says that it may have been
// cut, and is no policy by the letter.
func TestCutAnywhere(t *testing.T) {
	const policy = "version: STSv1\nmode: enforce\nmax_age: 604800\nmx: mx1.example.net\nmx: mx2.example.net\n"
	for _, play := range []string{"abrupt", "short"} {
		t.Run(play, func(t *testing.T) {
			var zone, policies, faults strings.Builder
			for cut := range len(policy) {
				fmt.Fprintf(&zone, "_mta-sts.c%d.example.com. TXT \"v=STSv1; id=1;\"\nmta-sts.c%d.example.com. A 22.1.0.%d\n",
					cut, cut, cut+1)
				fmt.Fprintf(&policies, "-- policy/mta-sts.c%d.example.com --\n%s", cut, policy)
				fmt.Fprintf(&faults, "mta-sts.c%d.example.com body %s\nmta-sts.c%d.example.com body cut %d\n", cut, play, cut, cut)
			}
			config := inText(t, "-- zone --\n"+zone.String()+policies.String()+"-- faults --\n"+faults.String())
			valid := 0
			for cut := range len(policy) {
				row := surveyed(t, config, fmt.Sprintf("c%d.example.com", cut))
				if row.Policy != string(codes.PolicyValid) {
					continue
				}
				valid++
				if flagged := slices.Contains(row.Findings, string(codes.FindTruncationPossible)); len(row.MXPatterns) < 2 &&
					!flagged || *row.Strict == flagged {
					t.Errorf("cut after %d octets: valid with %q", cut, row.MXPatterns)
				}
			}
			if (valid > 0) != (play != "short") {
				t.Errorf("%d policies were valid", valid)
			}
		})
	}
}
