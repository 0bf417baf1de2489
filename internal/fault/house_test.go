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

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/pipeline"
	"stsscan/internal/resolver"
	"stsscan/internal/simnet"
)

// errorsOfTheHouse says for each type of error what is to follow from those that
// it is used for.
func errorsOfTheHouse() map[string][]judged {
	tcp := func(reason codes.PolicyReason) judgement {
		return judgement{stage: codes.StageTCP, policy: reason, mends: true}
	}
	ours := func(stage codes.Stage) judgement {
		return judgement{ours: true, stage: stage, policy: codes.ReasonOther, mends: true}
	}
	inDNS := func(reason codes.PolicyReason, mends bool) judgement {
		return judgement{stage: codes.StageDNS, policy: reason, mends: mends}
	}
	inTLS := func(reason codes.TLSError, mends bool) judgement {
		return judgement{stage: codes.StageTLS, policy: codes.PolicyReason(reason), tls: reason, mends: mends}
	}
	outOfReach := judgement{ours: true, out: true, stage: codes.StageTCP, policy: codes.ReasonUnreachable, mends: true}
	putOff := judgement{ours: true, putOff: true, stage: codes.StageTCP, policy: codes.ReasonOther, mends: true}
	slow, quick := egress.Manners{HostRate: 1e-3, Queue: -1}, egress.Manners{}
	untilThen, timedOut, slowName := putOff, tcp(codes.ReasonTimeout), inDNS(codes.ReasonTimeout, true)
	untilThen.until, timedOut.timedOut, slowName.timedOut = true, true, true

	return map[string][]judged{
		"egress.Error": {
			{"refused", dial(syscall.ECONNREFUSED), tcp(codes.ReasonRefused)},
			{"reset at connect", dial(syscall.ECONNRESET), tcp(codes.ReasonReset)},
			{"no answer", dial(os.ErrDeadlineExceeded), timedOut},
			{"out of reach", dial(syscall.EHOSTUNREACH), outOfReach},
			{"out of reach, the last word", dialLast(syscall.EACCES), tcp(codes.ReasonUnreachable)},
			{"no descriptors", dial(syscall.EMFILE), ours(codes.StageTCP)},
			{"no port", dial(syscall.EADDRNOTAVAIL), ours(codes.StageTCP)},
			{"cancelled", dialCancelled, ours(codes.StageTCP)},
			{"no name", resolve(&net.DNSError{IsNotFound: true}), inDNS(codes.ReasonNXDomain, false)},
			{"a broken zone", resolve(&net.DNSError{IsTemporary: true}), inDNS(codes.ReasonServfail, true)},
			{"a silent zone", resolve(&net.DNSError{IsTimeout: true}), slowName},
			{"no resolver", resolve(said{local: true, error: io.EOF}), ours(codes.StageDNS)},
			{"special-purpose", resolve(nil, "127.0.0.1"), inDNS(codes.ReasonForbiddenAddress, false)},
			{"no IPv6", resolve(nil, "2a00::1"), judgement{stage: codes.StageTCP, policy: codes.ReasonNoIPv6}},
			{"its share of connections", fetch(slow, "refused.example.com", "refused.example.com"), putOff},
			{"certificate", fetch(quick, "expired.example.com"), inTLS(codes.TLSExpired, false)},
			{"handshake", fetch(quick, "reset.example.com"), inTLS(codes.TLSReset, true)},
			{"no response", fetch(quick, "hangsup.example.com"),
				judgement{stage: codes.StageHTTP, policy: codes.ReasonReset, mends: true}},
		},
		"egress.deferredError": {
			{"Retry-After", fetch(quick, "later.example.com", "later.example.com"), untilThen},
		},
		"egress.proxyError": {
			{"no proxy", proxied(), ours(codes.StageTCP)},
			{"no SOCKS5", proxied("HTTP/1.0 400 Bad Request\r\n\r\n"), ours(codes.StageTCP)},
		},
		"egress.socksError": {
			{"refused", proxied("\x05\x00", "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"), tcp(codes.ReasonRefused)},
			{"out of reach", proxied("\x05\x00", "\x05\x04\x00\x01\x00\x00\x00\x00\x00\x00"), outOfReach},
		},
		"mtasts.hostError": {
			{"no name", host("none.example.com"), inDNS(codes.ReasonNXDomain, false)},
			{"a broken zone", host("broken.example.com"), inDNS(codes.ReasonServfail, true)},
			{"no resolver", func(t *testing.T) error {
				_, err := mtasts.LookupHost(t.Context(), failing{said{local: true, error: io.EOF}}, "a.example.com")
				return err
			}, ours(codes.StageDNS)},
		},
		"pipeline.optedOutError": {
			{"the host", func(t *testing.T) error {
				all := func(string) bool { return true }
				_, err := pipeline.Hosts(world(t), all)(t.Context(), "refused.example.com")
				return err
			}, inDNS(codes.ReasonOptedOut, false)},
		},
		"resolver.Error": {
			{"silence", ask(expires), judgement{timedOut: true, record: codes.RecordTimeout, mends: true}},
			{"cancelled", ask(cancelled), judgement{ours: true, mends: true}},
			{"closed", ask(closed), judgement{ours: true, mends: true}},
		},
		"simnet.exchangeError": {
			{"silence", answered("silent.example.com"), judgement{timedOut: true, record: codes.RecordTimeout, mends: true}},
			{"malformed", answered("malformed.example.com"), judgement{record: codes.RecordMalformed, mends: true}},
		},
		// Of lists and files, not of domains.
		"domains.Reject":  {{"a bad name", func(*testing.T) error { return &domains.Reject{} }, judgement{}}},
		"output.RowError": {{"a bad row", func(*testing.T) error { return &output.RowError{} }, judgement{}}},
	}
}

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
		return roundTrip(egress.WithLastWord(t.Context()), t, dialing(err), "a.example.com")
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

// proxied connects through a proxy that answers each message with the next reply,
// and hangs up; without replies there is no proxy.
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
-- policy/expired.example.com --
-- policy/reset.example.com --
-- policy/hangsup.example.com --
-- policy/later.example.com --
-- faults --
refused.example.com tcp refuse
expired.example.com tls expired
reset.example.com tls reset
hangsup.example.com body hang-up
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

// fetch asks hosts, one after the other, and has the error of the last.
func fetch(manners egress.Manners, hosts ...string) func(t *testing.T) error {
	return func(t *testing.T) error {
		w := world(t)
		return roundTrip(t.Context(), t, egress.Config{
			Resolve: pipeline.Hosts(w, nil), Dial: w.DialContext, Roots: w.Roots(), Manners: manners,
		}, hosts...)
	}
}

func host(name string) func(t *testing.T) error {
	return func(t *testing.T) error {
		_, err := mtasts.LookupHost(t.Context(), world(t), name)
		return err
	}
}

// failing is an Exchanger that has an error for each question.
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

// ask asks an upstream that never answers; before it, prepare sees to how that ends.
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
