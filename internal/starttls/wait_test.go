package starttls_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/starttls"
)

// A busy Dialer puts hosts off until a moment.
type busyDialer struct {
	dialer
	until time.Time
}

type errBusy struct{}

func (errBusy) Error() string                    { return "not yet its turn" }
func (errBusy) Later() bool                      { return true }
func (errBusy) PolicyStage() codes.Stage         { return codes.StageTCP }
func (errBusy) PolicyReason() codes.PolicyReason { return codes.ReasonOther }

func (d busyDialer) Dial(ctx context.Context, host string, within time.Duration) (net.Conn, netip.Addr, error) {
	if time.Now().Before(d.until) {
		return nil, netip.MustParseAddr("9.9.9.1"), errBusy{}
	}
	return d.dialer.Dial(ctx, host, within)
}

// A host that was put off is probed later, and then has its whole time.
func TestProbeLater(t *testing.T) {
	for _, tt := range []struct {
		fault string
		class codes.STARTTLS
		takes time.Duration
	}{
		{"smtp good", codes.STARTTLSOK, 0},
		{"smtp silent", codes.STARTTLSTimeout, 30 * time.Second},
		{"tcp silent", codes.STARTTLSNoConnection, 5 * time.Second},
		{"dns silent", codes.STARTTLSUnknown, 30 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			world := open(t, map[string]string{"mx.example.com": tt.fault})
			until := time.Now().Add(time.Minute)
			p := starttls.New(starttls.Config{Dialer: busyDialer{newDialer(t, world, world.DialContext), until}})
			for range 2 {
				got, err := p.Probe(t.Context(), "mx.example.com", nil)
				want := starttls.Result{Addr: netip.MustParseAddr("9.9.9.1")}
				if !errors.Is(err, starttls.ErrLater) || !errors.As(err, new(errBusy)) || got != want || time.Now().After(until) {
					t.Errorf("%s, not its turn: %+v, %v", tt.fault, got, err)
				}
			}
			time.Sleep(time.Until(until))
			got, err := p.Probe(t.Context(), "mx.example.com", nil)
			if took := time.Since(until); err != nil || got.Class != tt.class || took != tt.takes {
				t.Errorf("%s: %s after %v, %v; want %s after %v", tt.fault, got.Class, took, err, tt.class, tt.takes)
			}
			world.Close()
		})
	}
}

// A timeout while this process has no processor says nothing about the host, which is probed again. What a host
// says counts all the same.
func TestProbeStalled(t *testing.T) {
	for _, tt := range []struct {
		fault string
		class codes.STARTTLS // "": ErrStalled
	}{
		{"smtp good", codes.STARTTLSOK},
		{"smtp no-starttls", codes.STARTTLSNotOffered},
		{"smtp good expired", codes.STARTTLSCertificate},
		{"smtp silent", ""},
		{"smtp reset", ""},
		{"smtp good silent", ""},
		{"smtp good reset", ""},
		{"tcp silent", ""},
		{"dns silent", ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			world := open(t, map[string]string{"mx.example.com": tt.fault})
			p := starttls.New(starttls.Config{Dialer: newDialer(t, world, world.DialContext)})
			var n int64
			stalling := func() int64 { n++; return n }
			got, err := p.Probe(t.Context(), "mx.example.com", stalling)
			if errors.Is(err, starttls.ErrStalled) != (tt.class == "") || got.Class != tt.class {
				t.Errorf("%s: %s, %v", tt.fault, got.Class, err)
			}
			if got, err := p.Probe(t.Context(), "mx.example.com", func() int64 { return n }); err != nil || got.Class == "" {
				t.Errorf("%s, once more: %s, %v", tt.fault, got.Class, err)
			}
			world.Close()
		})
	}
}
