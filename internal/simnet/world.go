// Package simnet is a small Internet for tests, demonstrations and other programs: a DNS (RFC 1034, 2308, 4592,
// 6891, 8914), web servers over TLS for Policy Hosts (RFC 8461, section 3.3), everything that can go wrong with
// both, and the truth about each Policy Domain.
//
// A [World] is opened from a text ([Open]) or generated for any list of names ([Generate]). It is reached in
// memory, by [World.Exchange] and [World.DialContext], or over loopback sockets, by [World.Listen]. What it
// serves is spoken by crypto/tls and by a small HTTP/1.1 responder that can also misbehave; time passes by the
// clock of package time, so that in a testing/synctest bubble a silence of a minute costs nothing (a world used
// in a bubble is opened and closed in it).
//
// It is no name server or web server for other uses: it does not do zone transfers, DNSSEC signatures, HTTP/2
// or connection reuse, and it listens on loopback addresses only.
package simnet

import (
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/miekg/dns"
)

// A World is a simulated Internet. Its methods may be called from any goroutine. It must be closed.
type World struct {
	src  source
	pki  *pki
	done chan struct{} // closed by Close

	rebound atomic.Uint64 // answers given by names that change their mind

	sessions func(Session) // called at the end of each session of mail; nil: none is

	running sync.WaitGroup // goroutines of hosts and servers
	mu      sync.Mutex
	open    map[io.Closer]struct{} // connections and servers; nil once closed
	visited map[netip.Addr]bool    // of smtpSometimes, those that had their first session
}

// Generate makes the world of a model (see [Models]): a pure function of the seed and the night, which keeps
// nothing in memory for a domain.
func Generate(model string, seed uint64, night int) (*World, error) {
	src, err := newPopulation(model, seed, night)
	if err != nil {
		return nil, err
	}
	return newWorld(src)
}

func newWorld(src source) (*World, error) {
	pki, err := newPKI()
	if err != nil {
		return nil, fmt.Errorf("certificates of the simulated internet: %w", err)
	}
	return &World{
		src: src, pki: pki, done: make(chan struct{}), open: make(map[io.Closer]struct{}),
		visited: make(map[netip.Addr]bool),
	}, nil
}

// Close ends every connection and every server of the world and waits for them. Exchanges and dials that wait
// return [net.ErrClosed].
func (w *World) Close() {
	w.mu.Lock()
	open := w.open
	w.open = nil
	w.mu.Unlock()
	if open == nil {
		return
	}
	close(w.done)
	for c := range open {
		c.Close()
	}
	w.running.Wait()
}

// Roots is a pool with the one root certificate that the good hosts of the world chain to.
func (w *World) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(w.pki.root.cert)
	return pool
}

// RootPEM is the root certificate in PEM, for programs that read a file.
func (w *World) RootPEM() []byte { return w.pki.rootPEM() }

// Truth says what a perfect observer concludes about a Policy Domain, given in A-labels; rank is its position
// in the list that is scanned, from 1. It is false where the world does not know: for a text world, where its
// file truth has no line for the domain.
func (w *World) Truth(domain string, rank int64) (Truth, bool) {
	return w.src.truth(plainName(domain), rank)
}

// Domains lists the Policy Domains that a text world has the truth about, in the order of its file. It is empty
// for a generated world, which has no list.
func (w *World) Domains() []string {
	if t, ok := w.src.(*text); ok {
		return t.domains()
	}
	return nil
}

// WatchMail has ended called at the end of each session of a mail server, from any goroutine. It must be called
// before the world is used.
func (w *World) WatchMail(ended func(Session)) { w.sessions = ended }

// start runs serve in a goroutine that Close waits for, and c is closed at the latest when the world is. It is
// false, and c is closed, when the world was closed before.
func (w *World) start(c io.Closer, serve func()) bool {
	if !w.remember(c) {
		c.Close()
		return false
	}
	go func() {
		defer w.running.Done()
		defer w.forget(c)
		defer c.Close()
		serve()
	}()
	return true
}

func (w *World) remember(c io.Closer) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		return false
	}
	w.open[c] = struct{}{}
	w.running.Add(1) // while Close cannot be waiting yet
	return true
}

func (w *World) forget(c io.Closer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, c)
}

// plainName is a domain name in lower case without its final dot.
func plainName(name string) string {
	return strings.TrimSuffix(dns.CanonicalName(name), ".")
}

// closed reports an end of the world in the words of package net.
func closed(op, network string) error {
	return &net.OpError{Op: op, Net: network, Err: net.ErrClosed}
}
