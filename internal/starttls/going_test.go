package starttls_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/starttls"
)

// A heldDialer connects when open has an element, or is closed.
type heldDialer struct {
	againDialer
	open chan struct{}
}

func (d *heldDialer) Dial(ctx context.Context, host string, within time.Duration) (net.Conn, netip.Addr, error) {
	<-d.open
	return d.againDialer.Dial(ctx, host, within)
}

// A row of an earlier process waits for a probe that is going on. Its result is that of the second probe, also
// for the row that it is made for.
func TestProbeGoingOnAfterRestart(t *testing.T) {
	const host = "mx.example.com"
	hourAgo := func(class, first codes.STARTTLS) starttls.Previous {
		r := starttls.Result{Class: class, Addr: hostAddr(9), First: first, Final: first != ""}
		return starttls.Previous{Result: r, Seen: time.Now().Add(-time.Hour)}
	}
	for _, tt := range []struct {
		name    string
		class   codes.STARTTLS // in the row of the earlier process
		first   codes.STARTTLS // "": there was one probe
		fresh   bool           // the probe that is going on is this Prober's first of the host
		want    starttls.Result
		dialled int
	}{
		{"doubtful, beside a first one", codes.STARTTLSRefused, "", true,
			starttls.Result{Class: codes.STARTTLSNotOffered, Addr: hostAddr(1), First: codes.STARTTLSRefused, Final: true}, 1},
		{"doubtful, beside a second one", codes.STARTTLSNotOffered, "", false, starttls.Result{
			Class: codes.STARTTLSOK, Addr: hostAddr(2), Peer: starttls.Peer{TLSVersion: "1.3"}, First: codes.STARTTLSNotOffered, Final: true}, 2},
		{"good, beside a first one", codes.STARTTLSOK, "", true,
			starttls.Result{Class: codes.STARTTLSNotOffered, Addr: hostAddr(1), Final: true}, 1},
		{"probed twice, beside a first one", codes.STARTTLSNotOffered, codes.STARTTLSRefused, true,
			starttls.Result{Class: codes.STARTTLSNotOffered, Addr: hostAddr(1), First: codes.STARTTLSRefused, Final: true}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dialer := &heldDialer{againDialer: againDialer{dialogues: []string{without, offers}}, open: make(chan struct{}, 9)}
				p := starttls.New(starttls.Config{Dialer: dialer})
				before := hourAgo(tt.class, tt.first)
				if !tt.fresh {
					dialer.open <- struct{}{}
					if _, err := p.Probe(t.Context(), host, nil); err != nil {
						t.Fatal(err)
					}
				}
				maker, waiter := make(chan starttls.Result, 1), make(chan starttls.Result, 1)
				go func() {
					if tt.fresh {
						got, _ := p.Probe(t.Context(), host, nil)
						maker <- got
						return
					}
					own := starttls.Previous{Result: starttls.Result{Class: codes.STARTTLSNotOffered}, Seen: time.Now()}
					got, _ := p.ProbeAgain(t.Context(), host, own, nil)
					maker <- got
				}()
				synctest.Wait()
				go func() {
					got, _ := p.ProbeAgain(t.Context(), host, before, nil)
					waiter <- got
				}()
				synctest.Wait()
				close(dialer.open)
				if got := <-maker; got.Class != tt.want.Class {
					t.Errorf("%+v, want %+v", got, tt.want)
				}
				if got := <-waiter; got != tt.want {
					t.Errorf("the waiting one: %+v, want %+v", got, tt.want)
				}
				if got, err := p.ProbeAgain(t.Context(), host, before, nil); err != nil || got != tt.want {
					t.Errorf("in the end: %+v, %v; want %+v", got, err, tt.want)
				}
				if dialer.dialled != tt.dialled {
					t.Errorf("%d connections, want %d", dialer.dialled, tt.dialled)
				}
			})
		})
	}
}
