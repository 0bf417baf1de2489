package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/mtasts"
)

// timeout is the time limit of one fetch.
const timeout = 20 * time.Second

// A getter gets one policy. Its error says that it did not get the right one.
type getter func(ctx context.Context, domain string) error

// get gets the policies and prints how many it failed to get.
func get(o options) error {
	getOne, err := newGetter(o)
	if err != nil {
		return err
	}
	var failed, begun atomic.Int64
	var workers sync.WaitGroup
	for range o.parallel { // long-lived goroutines, so that growing their stacks is no part of the cost
		workers.Go(func() {
			for i := begun.Add(1) - 1; i < int64(o.fetches); i = begun.Add(1) - 1 {
				if err := getOne(context.Background(), domain(int(i)%o.hosts)); err != nil && failed.Add(1) == 1 {
					fmt.Fprintln(os.Stderr, err)
				}
			}
		})
	}
	workers.Wait()
	fmt.Printf("{\"unknown\": %d}\n", failed.Load())
	return nil
}

func newGetter(o options) (getter, error) {
	switch o.client {
	case "egress", "egress-full":
		return newEgress(o, o.client == "egress-full")
	case "http":
		return newHTTP(o)
	}
	return nil, fmt.Errorf("no client %q", o.client)
}

// newEgress gets policies as a scan does: with guard, manners, evidence and grammar. Each fetch resolves to an address
// in a network of its own, so that no fetch waits for its turn. The dial function leads all of them to the server.
func newEgress(o options, full bool) (getter, error) {
	roots, err := egress.ReadRoots(rootsFile(o.dir))
	if err != nil {
		return nil, err
	}
	var resolved atomic.Uint32
	transport, err := egress.NewTransport(egress.Config{
		Roots: roots, VerifyInFull: full,
		Resolve: func(context.Context, string) ([]netip.Addr, error) {
			n := resolved.Add(1)
			return []netip.Addr{netip.AddrFrom4([4]byte{22, byte(n >> 8), byte(n), 1})}, nil
		},
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			dialer := net.Dialer{KeepAlive: -1} // as the transport's own
			return dialer.DialContext(ctx, "tcp", o.addr)
		},
	})
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, domain string) error {
		var trace egress.Trace
		fetch, err := mtasts.FetchPolicy(egress.WithTrace(egress.WithTimeout(ctx, timeout), &trace), transport, domain)
		switch {
		case err != nil:
			return err
		case fetch.Class != codes.PolicyValid || string(fetch.Body) != policy || trace.Cert == nil:
			return fmt.Errorf("%s: %s, %d octets, certificate %v", domain, fetch.Class, len(fetch.Body), trace.Cert)
		}
		return nil
	}, nil
}

// newHTTP gets policies with plain net/http, but without keep-alive, because each host is asked once.
func newHTTP(o options) (getter, error) {
	roots, err := egress.ReadRoots(rootsFile(o.dir))
	if err != nil {
		return nil, err
	}
	original, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("net/http has another transport")
	}
	transport := original.Clone()
	transport.Proxy = nil
	transport.DisableKeepAlives = true
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", o.addr)
	}
	client := &http.Client{Transport: transport, Timeout: timeout}
	return func(_ context.Context, domain string) error {
		resp, err := client.Get(mtasts.PolicyURL(domain))
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		if err == nil && (resp.StatusCode != http.StatusOK || string(body) != policy) {
			err = fmt.Errorf("%s: status %d, %d octets", domain, resp.StatusCode, len(body))
		}
		return err
	}, nil
}

// writeCurlConfig prints a configuration file with which curl does the same fetches.
func writeCurlConfig(o options) error {
	fmt.Printf("parallel\nparallel-immediate\nparallel-max = %d\n", o.parallel)
	fmt.Printf("silent\nshow-error\nfail\nhttp1.1\nno-sessionid\nmax-time = %d\n", int(timeout.Seconds()))
	fmt.Printf("cacert = %q\nconnect-to = \"::%s\"\n", rootsFile(o.dir), o.addr)
	for i := range o.fetches {
		if _, err := fmt.Printf("url = %q\noutput = %q\n", mtasts.PolicyURL(domain(i%o.hosts)), os.DevNull); err != nil {
			return err
		}
	}
	return nil
}
