package starttls_test

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"testing"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/starttls"
)

// An againDialer leads to another server each time. An empty dialogue stands for a closed port.
type againDialer struct {
	mu        sync.Mutex
	dialled   int
	dialogues []string
}

const (
	offers   = "220 mx\r\n250-mx\r\n250 STARTTLS\r\n220 go\r\n"
	without  = "220 mx\r\n250 mx\r\n221 bye\r\n"
	refuses  = "554 no\r\n221 bye\r\n"
	rejects  = "220 mx\r\n250-mx\r\n250 STARTTLS\r\n454 no\r\n"
	isClosed = ""
)

func (d *againDialer) Dial(context.Context, string, time.Duration) (net.Conn, netip.Addr, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dialled++
	dialogue := d.dialogues[min(d.dialled, len(d.dialogues))-1]
	if dialogue == isClosed {
		return nil, hostAddr(d.dialled), syscall.ECONNREFUSED
	}
	return newScript(dialogue), hostAddr(d.dialled), nil
}

func (d *againDialer) Secure(context.Context, net.Conn, string) (net.Conn, starttls.Peer, error) {
	return newScript("221 bye\r\n"), starttls.Peer{TLSVersion: "1.3"}, nil
}

// A doubtful host is probed once more, however many ask for that, and the second result counts. Where there is
// no server any more, the first result stands. No other host is probed twice, and none a third time.
func TestProbeAgain(t *testing.T) {
	const host = "mx.example.com"
	for _, tt := range []struct {
		name        string
		first, last string
		class       codes.STARTTLS
		kept        codes.STARTTLS // as the first; "": nothing
		dialled     int
	}{
		{"mends", without, offers, codes.STARTTLSOK, codes.STARTTLSNotOffered, 2},
		{"says the same", without, without, codes.STARTTLSNotOffered, codes.STARTTLSNotOffered, 2},
		{"talks, and does not offer it", refuses, without, codes.STARTTLSNotOffered, codes.STARTTLSRefused, 2},
		{"is gone", without, isClosed, codes.STARTTLSNotOffered, "", 2},
		{"is good", offers, without, codes.STARTTLSOK, "", 1},
		{"rejects", rejects, offers, codes.STARTTLSRejected, "", 1},
		{"is closed", isClosed, offers, codes.STARTTLSNoConnection, "", 1},
	} {
		dialer := &againDialer{dialogues: []string{tt.first, tt.last}}
		p := starttls.New(starttls.Config{Dialer: dialer})
		first, err := p.Probe(t.Context(), host, nil)
		if err != nil || first.First != "" || first.Final {
			t.Fatalf("%s: %+v, %v", tt.name, first, err)
		}
		if doubtful := tt.dialled == 2; first.Doubtful() != doubtful {
			t.Errorf("%s: doubtful %v, want %v", tt.name, first.Doubtful(), doubtful)
		}
		if known, err := p.Probe(t.Context(), host, nil); err != nil || known != first {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, known, err, first)
		}
		if !first.Doubtful() {
			continue // a second probe is asked for after a doubtful one
		}
		want := starttls.Result{Class: tt.class, First: tt.kept, Final: true, Addr: hostAddr(2)}
		switch {
		case tt.kept == "":
			want.Addr = first.Addr
		case tt.class == codes.STARTTLSOK:
			want.Peer.TLSVersion = "1.3"
		}
		var all sync.WaitGroup
		for range 9 {
			all.Go(func() {
				row := starttls.Previous{Result: first, Seen: time.Now()}
				if got, err := p.ProbeAgain(t.Context(), host, row, nil); err != nil || got != want {
					t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, want)
				}
			})
		}
		all.Wait()
		if got, err := p.Probe(t.Context(), host, nil); err != nil || got != want || got.Doubtful() {
			t.Errorf("%s, in the end: %+v, %v; want %+v", tt.name, got, err, want)
		}
		if dialer.dialled != tt.dialled {
			t.Errorf("%s: %d connections, want %d", tt.name, dialer.dialled, tt.dialled)
		}
	}
}

// The result in a row of an earlier process is the first probe. This Prober makes one more, or has made it for
// another row.
func TestProbeAfterRestart(t *testing.T) {
	const host = "mx.example.com"
	before := starttls.Previous{
		Result: starttls.Result{Class: codes.STARTTLSRefused, Code: 554, Addr: hostAddr(9)}, Seen: time.Now().Add(-time.Hour),
	}
	for _, tt := range []struct {
		name     string
		dialogue string
		another  bool // row has asked for the host
		want     starttls.Result
	}{
		{"mends", offers, false, starttls.Result{
			Class: codes.STARTTLSOK, Addr: hostAddr(1), Peer: starttls.Peer{TLSVersion: "1.3"},
			First: codes.STARTTLSRefused, Final: true}},
		{"is gone", isClosed, false, starttls.Result{Class: codes.STARTTLSRefused, Code: 554, Addr: hostAddr(9), Final: true}},
		{"was probed since, and is doubtful", without, true, starttls.Result{
			Class: codes.STARTTLSNotOffered, Addr: hostAddr(1), First: codes.STARTTLSRefused, Final: true}},
		{"was probed since", offers, true, starttls.Result{
			Class: codes.STARTTLSOK, Addr: hostAddr(1), Peer: starttls.Peer{TLSVersion: "1.3"},
			First: codes.STARTTLSRefused, Final: true}},
	} {
		dialer := &againDialer{dialogues: []string{tt.dialogue}}
		p := starttls.New(starttls.Config{Dialer: dialer})
		if tt.another {
			if _, err := p.Probe(t.Context(), host, nil); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if got, err := p.ProbeAgain(t.Context(), host, before, nil); err != nil || got != tt.want {
				t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
			}
		}
		if got, err := p.Probe(t.Context(), host, nil); err != nil || got != tt.want || dialer.dialled != 1 {
			t.Errorf("%s: %+v, %v, %d connections; want %+v", tt.name, got, err, dialer.dialled, tt.want)
		}
	}
}
