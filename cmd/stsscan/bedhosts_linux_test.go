package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

const bedPolicy = "version: STSv1\r\nmode: enforce\r\nmx: *.example.com\r\nmax_age: 604800\r\n"

// bedHosts are the hosts at all addresses of a bed: one server, which keeps a
// log of every connection. Port 443 serves any Policy Host a policy.
type bedHosts struct {
	roots []byte        // PEM
	delay time.Duration // before each response

	key  *ecdsa.PrivateKey
	root *x509.Certificate

	mu    sync.Mutex
	log   []bedVisit
	stall time.Duration // the longest for which this process was not let run meanwhile
}

// A bedVisit is a line of the log. What is between accepted and served is less
// than the time for which the client had the connection.
type bedVisit struct {
	to       netip.AddrPort
	host     string // by SNI; empty: no client got so far
	accepted time.Time
	served   time.Time // a response was about to be sent; zero: none was
}

// serveBedHosts serves until the test ends.
func serveBedHosts(t *testing.T, ipv6 bool) *bedHosts {
	t.Helper()
	h := new(bedHosts)
	if err := h.certify(); err != nil {
		t.Fatal(err)
	}
	addresses := []string{"0.0.0.0:443", "0.0.0.0:25"}
	if ipv6 {
		addresses = append(addresses, "[::]:443", "[::]:25")
	}
	for _, address := range addresses {
		network := "tcp4"
		if address[0] == '[' {
			network = "tcp6"
		}
		listener, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		go h.accept(listener)
		t.Cleanup(func() { listener.Close() })
	}
	go h.watchClock(t.Context())
	return h
}

// watchClock notes how late the log may be on a busy machine.
func (h *bedHosts) watchClock(ctx context.Context) {
	const interval = 5 * time.Millisecond
	for last := time.Now(); ctx.Err() == nil; {
		time.Sleep(interval)
		now := time.Now()
		h.mu.Lock()
		h.stall = max(h.stall, now.Sub(last)-interval)
		h.mu.Unlock()
		last = now
	}
}

// stalled is how late the log has been at most.
func (h *bedHosts) stalled() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stall
}

// certify makes the authority of the bed.
func (h *bedHosts) certify() (err error) {
	if h.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return err
	}
	h.root = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Bed"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, h.root, h.root, &h.key.PublicKey, h.key)
	if err != nil {
		return err
	}
	h.roots = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	h.root, err = x509.ParseCertificate(der)
	return err
}

// certificate is that of the host that a client names.
func (h *bedHosts) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{hello.ServerName},
		NotBefore: h.root.NotBefore, NotAfter: h.root.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, h.root, &h.key.PublicKey, h.key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: h.key}, err
}

func (h *bedHosts) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		visit := bedVisit{accepted: time.Now(), to: conn.LocalAddr().(*net.TCPAddr).AddrPort()}
		visit.to = netip.AddrPortFrom(visit.to.Addr().Unmap(), visit.to.Port())
		h.mu.Lock()
		n := len(h.log)
		h.log = append(h.log, visit)
		h.mu.Unlock()
		go h.serve(conn, n)
	}
}

// serve serves a policy where a Policy Host may be, and hangs up elsewhere.
func (h *bedHosts) serve(raw net.Conn, n int) {
	defer raw.Close()
	_ = raw.SetDeadline(time.Now().Add(10 * time.Second))
	if to := raw.LocalAddr().(*net.TCPAddr).AddrPort(); to.Port() != 443 || !public(to.Addr().Unmap()) {
		return
	}
	conn := tls.Server(raw, &tls.Config{GetCertificate: h.certificate})
	requests := bufio.NewReader(conn)
	for line := ""; line != "\r\n"; {
		var err error
		if line, err = requests.ReadString('\n'); err != nil {
			return
		}
	}
	time.Sleep(h.delay)
	h.mu.Lock()
	h.log[n].host, h.log[n].served = conn.ConnectionState().ServerName, time.Now()
	h.mu.Unlock()
	fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n"+
		"Connection: close\r\n\r\n%s", len(bedPolicy), bedPolicy)
	_ = conn.CloseWrite()
	_, _ = io.Copy(io.Discard, raw)
}

// visits are the log so far.
func (h *bedHosts) visits() []bedVisit {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]bedVisit(nil), h.log...)
}

// forget begins a new log. No client may be connected.
func (h *bedHosts) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log, h.stall = nil, 0
}
