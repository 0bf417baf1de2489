package starttls_test

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/simnet"
	"stsscan/internal/starttls"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open makes a world of hosts with one address and one line of faults each.
func open(t *testing.T, hosts map[string]string) *simnet.World {
	t.Helper()
	zone := "example.com. SOA ns1.example.com. hostmaster.example.com. 1 2 3 4 300\nlocal.example.com. A 127.0.0.1\n"
	faults := ""
	octet := 0
	for host, fault := range hosts {
		octet++
		zone += fmt.Sprintf("%s. A 9.9.9.%d\n", host, octet)
		if fault != "" {
			faults += host + " " + fault + "\n"
		}
	}
	path := filepath.Join(t.TempDir(), "world.txtar")
	if err := os.WriteFile(path, []byte("-- zone --\n"+zone+"-- faults --\n"+faults), 0o644); err != nil {
		t.Fatal(err)
	}
	world, err := simnet.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(world.Close)
	return world
}

// A dialer is the project's own, over a world in memory.
type dialer struct{ *egress.MailDialer }

func newDialer(t *testing.T, world *simnet.World, dial func(context.Context, string, string) (net.Conn, error)) dialer {
	t.Helper()
	transport, err := egress.NewTransport(egress.Config{
		Resolve: func(ctx context.Context, host string) ([]netip.Addr, error) {
			found, err := mtasts.LookupHost(ctx, world, host)
			return found.Addrs, err
		},
		Dial: dial, Roots: world.Roots(), Manners: egress.NoManners(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return dialer{transport.MailDialer()}
}

func (d dialer) Dial(ctx context.Context, host string, within time.Duration) (net.Conn, netip.Addr, error) {
	var trace egress.Trace
	conn, err := d.MailDialer.Dial(egress.WithTimeout(egress.WithTrace(ctx, &trace), within), host)
	return conn, trace.Addr, err
}

func (d dialer) Secure(ctx context.Context, raw net.Conn, host string) (net.Conn, starttls.Peer, error) {
	var trace egress.Trace
	conn, err := d.MailDialer.Secure(egress.WithTrace(ctx, &trace), raw, host)
	peer := starttls.Peer{TLSVersion: trace.TLSVersion, ShortKey: trace.ShortKey}
	if trace.Cert != nil {
		peer.CertSHA256, peer.NotAfter = hex.EncodeToString(trace.Cert.SHA256[:]), trace.Cert.NotAfter
	}
	return conn, peer, err
}

// sessions collects what clients say.
type sessions struct {
	mu  sync.Mutex
	all []simnet.Session
}

func watch(world *simnet.World) *sessions {
	s := new(sessions)
	world.WatchMail(func(one simnet.Session) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.all = append(s.all, one)
	})
	return s
}

func (s *sessions) seen() []simnet.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]simnet.Session(nil), s.all...)
}
