package fault_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
	"stsscan/internal/simnet"
	"stsscan/internal/survey"
)

const place = "22.1.0.1" // a public address

// roundTrip fetches a policy through a transport of config.
func roundTrip(ctx context.Context, t *testing.T, config egress.Config, hosts ...string) (err error) {
	t.Helper()
	config.SettleTime = time.Nanosecond
	transport, err := egress.NewTransport(config)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range hosts {
		var resp *http.Response
		policy := &url.URL{Scheme: "https", Host: host, Path: "/.well-known/mta-sts.txt"}
		request := &http.Request{Method: http.MethodGet, URL: policy}
		if resp, err = transport.RoundTrip(request.WithContext(ctx)); err == nil {
			_, err = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	}
	return err
}

// at finds hosts at addrs.
func at(err error, addrs ...string) func(context.Context, string) ([]netip.Addr, error) {
	return func(context.Context, string) (found []netip.Addr, _ error) {
		for _, addr := range addrs {
			found = append(found, netip.MustParseAddr(addr))
		}
		return found, err
	}
}

// dialing fails each connection with err.
func dialing(err error) egress.Config {
	return egress.Config{
		Resolve: at(nil, place),
		Dial: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: err}
		},
	}
}

func dial(err error) func(t *testing.T) error {
	return func(t *testing.T) error { return roundTrip(t.Context(), t, dialing(err), "a.example.com") }
}

func dialLast(err error) func(t *testing.T) error {
	return func(t *testing.T) error {
		return roundTrip(egress.WithLastTry(t.Context()), t, dialing(err), "a.example.com")
	}
}

func dialCancelled(t *testing.T) error {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return roundTrip(ctx, t, dialing(syscall.ECONNREFUSED), "a.example.com")
}

func resolve(err error, addrs ...string) func(t *testing.T) error {
	return func(t *testing.T) error {
		config := dialing(syscall.ECONNREFUSED)
		config.Resolve, config.NoIPv6 = at(err, addrs...), true
		return roundTrip(t.Context(), t, config, "a.example.com")
	}
}

// proxied connects through a proxy that answers each message with the next reply, and hangs up. Without replies
// there is no proxy.
func proxied(replies ...string) func(t *testing.T) error {
	return func(t *testing.T) error {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if len(replies) == 0 {
			_ = listener.Close()
		}
		var serving sync.WaitGroup
		serving.Go(func() {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			for _, reply := range replies {
				if _, err := conn.Read(make([]byte, 512)); err != nil {
					return
				}
				_, _ = io.WriteString(conn, reply)
			}
		})
		defer serving.Wait()
		defer listener.Close()
		proxy := &url.URL{Scheme: "socks5", Host: listener.Addr().String()}
		return roundTrip(t.Context(), t, egress.Config{Resolve: at(nil, place), Proxy: proxy}, "a.example.com")
	}
}

const zone = `-- zone --
$ORIGIN example.com.
@         3600 SOA ns1 hostmaster 7 7200 3600 1209600 600
refused   300 A 22.1.0.2
expired   300 A 22.1.0.3
reset     300 A 22.1.0.4
hangsup   300 A 22.1.0.5
later     300 A 22.1.0.6
unclosed  300 A 22.1.0.7
-- policy/expired.example.com --
-- policy/reset.example.com --
-- policy/hangsup.example.com --
-- policy/later.example.com --
-- policy/unclosed.example.com --
-- faults --
refused.example.com tcp refuse
expired.example.com tls expired
reset.example.com tls reset
hangsup.example.com body hang-up
unclosed.example.com body abrupt
later.example.com http 429 Retry-After: 60
broken.example.com dns servfail
silent.example.com dns silent
malformed.example.com dns malformed
`

func world(t *testing.T) *simnet.World {
	t.Helper()
	path := filepath.Join(t.TempDir(), "world.txtar")
	if err := os.WriteFile(path, []byte(zone), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := simnet.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return w
}

// fetch asks hosts, one after the other, and returns the error of the last.
func fetch(manners egress.Manners, hosts ...string) func(t *testing.T) error {
	return func(t *testing.T) error {
		w := world(t)
		return roundTrip(t.Context(), t, egress.Config{
			Resolve: survey.Hosts(w, nil), Dial: w.DialContext, Roots: w.Roots(), Manners: manners,
		}, hosts...)
	}
}

func host(name string) func(t *testing.T) error {
	return func(t *testing.T) error {
		_, err := mtasts.LookupHost(t.Context(), world(t), name)
		return err
	}
}

// failing is an Exchanger that always fails.
type failing struct{ error }

func (f failing) Exchange(context.Context, *dns.Msg) (*dns.Msg, error) { return nil, f.error }

func question(name string) *dns.Msg { return new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeTXT) }

func answered(name string) func(t *testing.T) error {
	return func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		if name == "silent.example.com" {
			ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
		}
		defer cancel()
		_, err := world(t).Exchange(ctx, question(name))
		return err
	}
}

// ask asks an upstream that never answers; prepare determines how that ends.
func ask(prepare func(*resolver.Resolver) (context.Context, context.CancelFunc)) func(t *testing.T) error {
	return func(t *testing.T) error {
		upstream, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
		if err != nil {
			t.Fatal(err)
		}
		defer upstream.Close()
		r, err := resolver.New(resolver.Config{
			Upstreams: []netip.AddrPort{upstream.LocalAddr().(*net.UDPAddr).AddrPort()}, Timeout: time.Minute,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		ctx, cancel := prepare(r)
		defer cancel()
		_, err = r.Exchange(ctx, question("a.example.com"))
		return err
	}
}

func expires(*resolver.Resolver) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), time.Millisecond)
}

func cancelled(*resolver.Resolver) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx, cancel
}

func closed(r *resolver.Resolver) (context.Context, context.CancelFunc) {
	_ = r.Close()
	return context.WithCancel(context.Background())
}
