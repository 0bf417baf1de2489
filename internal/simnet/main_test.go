package simnet

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// openText opens a world from txtar text and closes it with the test.
func openText(t testing.TB, world string) *World {
	t.Helper()
	w, err := Open(writeText(t, world))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

func writeText(t testing.TB, world string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "world.txtar")
	if err := os.WriteFile(path, []byte(world), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// inBubble runs a case where time passes at once.
func inBubble(t *testing.T, name string, test func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// client is an HTTP client of the world with a time limit, dialling the address that the world's own DNS gives,
// as curl would.
func client(w *World, limit time.Duration) *http.Client {
	return clientWith(w, limit, func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		addr, ok := w.lookupAddr(host)
		if !ok {
			return nil, &net.DNSError{Err: "no address", Name: host, IsNotFound: true}
		}
		return w.DialContext(ctx, network, net.JoinHostPort(addr.String(), port))
	})
}

func clientWith(
	w *World, limit time.Duration, dial func(ctx context.Context, network, address string) (net.Conn, error),
) *http.Client {
	return &http.Client{
		Timeout: limit,
		Transport: &http.Transport{
			DialContext: dial, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 16 << 10,
			TLSClientConfig: &tls.Config{RootCAs: w.Roots()},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// get fetches a policy and at most 64 KiB and one octet of its body.
func get(c *http.Client, host string) (resp *http.Response, body []byte, err error) {
	resp, err = c.Get("https://" + host + policyPath)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, 64<<10+1))
	return resp, body, err
}

// question is one as a scanner's resolver asks it.
func question(name string, qtype uint16) *dns.Msg {
	q := new(dns.Msg).SetQuestion(dns.Fqdn(name), qtype)
	q.AuthenticatedData = true
	return q.SetEdns0(1232, false)
}
