package main

import (
	"net"
	"strings"
	"testing"
)

// Each client gets each policy over TLS from the server, and notices a chain
// that it must not accept.
func TestClients(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	for _, d := range []string{dir, other} {
		if err := run([]string{"certificates", "--dir", d, "--hosts", "3", "--root-bits", "2048"}); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []string{"ecdsa", "rsa"} {
		chains, err := readChains(chainFile(dir, kind))
		if err != nil || len(chains) != 3 {
			t.Fatal(len(chains), err)
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		answered := make(chan int64)
		go func() { answered <- serveOn(listener, chains) }()
		asked := int64(0)
		for _, client := range []string{"egress", "egress-full", "http"} {
			one, err := newGetter(options{dir: dir, client: client, addr: listener.Addr().String()})
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				asked++
				if err := one(t.Context(), domain(i)); err != nil {
					t.Errorf("%s, %s: %v", kind, client, err)
				}
			}
			if one, err = newGetter(options{dir: other, client: client, addr: listener.Addr().String()}); err != nil {
				t.Fatal(err)
			}
			if err := one(t.Context(), domain(0)); err == nil || !strings.Contains(err.Error(), "x509") {
				t.Errorf("%s, %s: a chain to another root: %v", kind, client, err)
			}
		}
		listener.Close()
		if n := <-answered; n != asked {
			t.Errorf("%s: %d requests answered, want %d", kind, n, asked)
		}
	}
}

func TestBadCommands(t *testing.T) {
	for _, args := range [][]string{
		nil, {"other"}, {"get"}, {"serve", "--dir", t.TempDir()}, {"get", "--dir", t.TempDir()},
		{"get", "--dir", "d", "--client", "x"}, {"curl", "--dir", "d", "--fetches", "0"},
	} {
		if err := run(args); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
