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

// A busy door puts off whom it is asked for until a moment.
type busyDoor struct {
	door
	until time.Time
}

type errBusy struct{}

func (errBusy) Error() string                    { return "not yet its turn" }
func (errBusy) Later() bool                      { return true }
func (errBusy) PolicyStage() codes.Stage         { return codes.StageTCP }
func (errBusy) PolicyReason() codes.PolicyReason { return codes.ReasonOther }

func (d busyDoor) Dial(ctx context.Context, host string) (net.Conn, netip.Addr, error) {
	if time.Now().Before(d.until) {
		return nil, netip.Addr{}, errBusy{}
	}
	return d.door.Dial(ctx, host)
}

// The wait for a turn is ours: it leaves the host all the time that it has, and
// says nothing about it when it is too long.
func TestProbeWaits(t *testing.T) {
	for _, tt := range []struct {
		busy  time.Duration
		fault string
		class codes.STARTTLS
		takes time.Duration
	}{
		{29 * time.Second, "smtp good", codes.STARTTLSOK, 29 * time.Second},
		{29 * time.Second, "smtp silent", codes.STARTTLSTimeout, 59 * time.Second},
		{29 * time.Second, "tcp silent", codes.STARTTLSNoConnection, 34 * time.Second},
		{time.Hour, "smtp good", codes.STARTTLSUnknown, 30 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			world := open(t, map[string]string{"mx.example.com": tt.fault})
			began := time.Now()
			p := starttls.New(starttls.Config{Door: busyDoor{newDoor(t, world, world.DialContext), began.Add(tt.busy)}})
			got, err := p.Probe(t.Context(), "mx.example.com", nil)
			if took := time.Since(began); err != nil || got.Class != tt.class || took != tt.takes {
				t.Errorf("%s, busy for %v: %s after %v, %v; want %s after %v", tt.fault, tt.busy, got.Class, took, err, tt.class, tt.takes)
			}
			world.Close()
		})
	}
}

// What fails for lack of time while this process has no processor says nothing
// about the host, which is probed again; what a host says counts all the same.
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
			p := starttls.New(starttls.Config{Door: newDoor(t, world, world.DialContext)})
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
