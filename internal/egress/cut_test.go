package egress

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
)

// A cutConn ends after it has written so many octets.
type cutConn struct {
	net.Conn
	left int
}

func (c *cutConn) Write(p []byte) (int, error) {
	n := min(c.left, len(p))
	c.left -= n
	written, err := c.Conn.Write(p[:n])
	if err == nil && c.left == 0 {
		_ = c.Conn.Close()
		err = io.ErrClosedPipe
	}
	return written, err
}

// A connection that ends after any number of octets, in the handshake, between records or in the body, ends in
// a class that blames the host, and is a valid policy only where all of it came.
func TestCutAtEveryOctet(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	cert := p.good(t)
	response := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(policy), policy)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		var cut atomic.Int64
		transport := reach(t, p, Config{}, func(conn net.Conn) {
			secured := tls.Server(&cutConn{conn, int(cut.Load())},
				&tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: version})
			if secured.Handshake() == nil {
				says(response)(secured)
			}
		})
		stages := make(map[codes.Stage]bool)
		whole := false
		for n := int64(1); n < 4000 && !whole; n += 7 { // some odd step, less than any record
			cut.Store(n)
			f, err := mtasts.FetchPolicy(t.Context(), transport, "example.com")
			stages[f.Stage] = true
			if whole = err == nil; whole {
				break
			}
			if f.Class != codes.PolicyUnreachable || f.Reason != codes.ReasonReset && f.Reason != codes.ReasonTruncated {
				t.Errorf("TLS %x, %d octets: %s, %s: %s (%v)", version, n, f.Class, f.Stage, f.Reason, err)
			}
		}
		if !whole || !stages[codes.StageTLS] || !stages[codes.StageHTTP] {
			t.Errorf("TLS %x: whole %v, stages %v", version, whole, stages)
		}
	}
}

// Each alert, warning or not, ends in a class.
func TestEveryAlert(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	classes := codes.PolicyReasons(codes.StageTLS)
	for _, level := range []byte{1, 2, 3} {
		var code atomic.Int64
		transport := reach(t, p, Config{HandshakeTimeout: 10 * time.Second}, func(conn net.Conn) {
			readHello(conn)
			_, _ = conn.Write([]byte{21, 3, 3, 0, 2, level, byte(code.Load())})
		})
		for n := range int64(256) {
			code.Store(n)
			var trace Trace
			conn, err := transport.connect(WithTrace(t.Context(), &trace), host)
			if err == nil {
				conn.Close()
			}
			var e *Error
			if e, _ = err.(*Error); e == nil || e.Local() || !slices.Contains(classes, e.PolicyReason()) ||
				trace.TLSError == "" {
				t.Errorf("level %d, alert %d: %v", level, n, err)
			}
		}
	}
}

// However many addresses a name has, of whatever kinds, only those that may be contacted are dialled, few of
// them, and the error stays short.
func TestManyAddresses(t *testing.T) {
	var private, public, mapped []netip.Addr
	for i := range 2000 {
		private = append(private, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
		public = append(public, netip.AddrFrom4([4]byte{22, 7, byte(i >> 8), byte(i)}))
		mapped = append(mapped, netip.AddrFrom16(public[i].As16()))
	}
	zoned := addresses("2600::1")[0].WithZone("eth0")
	for _, c := range []struct {
		title   string
		addrs   []netip.Addr
		dialled []string // none: forbidden
	}{
		{"2,000 private addresses", private, nil},
		{"2,000 private addresses and one", append(slices.Clone(private), public[0]), []string{"22.7.0.0:443"}},
		{"2,000 public addresses", public, []string{"22.7.0.0:443", "22.7.0.1:443"}},
		{"2,000 public addresses in the clothes of IPv6", mapped, nil},
		{"an address with a zone", []netip.Addr{zoned}, nil},
		{"an address with a zone, and without", []netip.Addr{zoned, zoned.WithZone("")}, []string{"[2600::1]:443"}},
		{"no address at all among some", []netip.Addr{{}, public[3]}, []string{"22.7.0.3:443"}},
		{"one address 2,000 times", slices.Repeat(public[:1], 2000), []string{"22.7.0.0:443"}},
		{"one address twice, and another", []netip.Addr{public[0], public[0], public[1]}, []string{"22.7.0.0:443", "22.7.0.1:443"}},
		{"6to4, Teredo, ISATAP and NAT64 of a public address", addresses("2002:1607:0::1", "2001:0:1607::1", "2600::5efe:1607:0", "64:ff9b::1607:0"), []string{"[2600::5efe:1607:0]:443"}},
		{"the host of a cloud's secrets among others", addresses("168.63.129.16", "169.254.169.254", "fd00:ec2::254", "22.7.0.9"), []string{"22.7.0.9:443"}},
		{"networks at the edge", addresses("9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0"), []string{"9.255.255.255:443", "11.0.0.0:443"}},
	} {
		t.Run(c.title, func(t *testing.T) {
			asked := new(dialed)
			var trace Trace
			d, err := NewDialer(Config{
				Manners: NoManners(),
				Resolve: func(context.Context, string) ([]netip.Addr, error) { return c.addrs, nil },
				Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
					_, _ = asked.dial(ctx, network, address)
					return nil, refused()
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = d.DialContext(WithTrace(t.Context(), &trace), "tcp", host+":443")
			if err == nil || len(err.Error()) > 1024 || !slices.Equal(asked.addresses, c.dialled) {
				t.Errorf("dialled %v, want %v (%.100v)", asked.addresses, c.dialled, err)
			}
			e, _ := err.(*Error)
			if forbidden := e.PolicyReason() == codes.ReasonForbiddenAddress; forbidden != (c.dialled == nil) || e.Local() {
				t.Errorf("%v", err)
			}
			if len(trace.HostAddrs) > maxHostAddrs || strings.Contains(fmt.Sprint(trace.Attempts), "%") {
				t.Errorf("%d addresses, attempts %v", len(trace.HostAddrs), trace.Attempts)
			}
		})
	}
}
