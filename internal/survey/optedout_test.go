package survey

import (
	"context"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/simnet"
	"stsscan/internal/starttls"
	"stsscan/internal/verify"
)

// No host that opted out is connected to, whatever name leads there: that of the Policy Host or an MX host, the
// target of an alias of it, or an address. All else is as it would be.
func TestOptedOutHosts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "optout.txt")
	if err := os.WriteFile(path, []byte("optout.com\n=exact.net\n=mta-sts.host.example.com\n22.66.0.0/16\n"),
		0o644); err != nil {
		t.Fatal(err)
	}
	excluded, err := domains.ReadExclusions(path)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		world, err := simnet.Open("../simnet/testdata/optout.txtar")
		if err != nil {
			t.Fatal(err)
		}
		defer world.Close()
		var mu sync.Mutex
		dialled := make(map[netip.Addr]bool)
		transport, err := egress.NewTransport(egress.Config{
			Resolve: Hosts(world, excluded.Domain), OptedOut: excluded.Addr, Roots: world.Roots(), Manners: egress.NoManners(),
			Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				mu.Lock()
				dialled[netip.MustParseAddrPort(address).Addr()] = true
				mu.Unlock()
				return world.DialContext(ctx, network, address)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		config := Config{Client: &mtasts.Client{Exchanger: world, Transport: transport}}
		config.Mail.Prober = starttls.New(starttls.Config{Dialer: MailDoor(transport.MailDialer())})
		for _, domain := range world.Domains() {
			truth, _ := world.Truth(domain, 0)
			row := surveyed(t, config, domain)
			for _, difference := range verify.CompareTruth(row, truth) {
				t.Errorf("%s: %s", domain, difference)
			}
		}
		for addr := range dialled {
			for _, left := range []string{"22.99.0.0/16", "22.66.0.0/16"} {
				if netip.MustParsePrefix(left).Contains(addr) {
					t.Errorf("%s, who opted out, was connected to", addr)
				}
			}
		}
	})
}
