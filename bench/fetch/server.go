package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const policy = "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.com\r\nmx: *.mail.example.com\r\nmax_age: 604800\r\n"

// serve answers each request with the policy and closes the connection, until it is interrupted. It prints its address
// first, and at the end the number of requests that it has answered, each as a line of JSON.
func serve(o options) error {
	chains, err := readChains(chainFile(o.dir, o.kind))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-interrupts
		listener.Close()
	}()
	print := json.NewEncoder(os.Stdout)
	if err := print.Encode(map[string]string{"listening": listener.Addr().String()}); err != nil {
		return err
	}
	answered := serveOn(listener, chains)
	return print.Encode(map[string]int64{"questions": answered})
}

// connTimeout is how long a connection may take, from its first octet to its last.
const connTimeout = 20 * time.Second

// serveOn serves until the listener is closed and its connections have ended. It returns the number of requests that it
// has answered.
func serveOn(listener net.Listener, chains []tls.Certificate) int64 {
	config := &tls.Config{
		SessionTicketsDisabled: true,
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			var i int
			if _, err := fmt.Sscanf(hello.ServerName, "mta-sts.d%d.example.com", &i); err != nil || i < 0 || i >= len(chains) {
				return nil, fmt.Errorf("no host %q", hello.ServerName)
			}
			return &chains[i], nil
		},
	}
	response := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"+
		"Content-Length: %d\r\nConnection: close\r\n\r\n%s", len(policy), policy)
	var answered atomic.Int64
	var open sync.WaitGroup
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			open.Wait() // a client may get its policy before the request is counted
			return answered.Load()
		}
		if err != nil {
			time.Sleep(time.Millisecond) // out of descriptors, for a moment
			continue
		}
		open.Go(func() {
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(connTimeout))
			secured := tls.Server(conn, config)
			if _, err := http.ReadRequest(bufio.NewReader(secured)); err != nil {
				return
			}
			if _, err := secured.Write(response); err == nil {
				answered.Add(1)
			}
			_ = secured.Close()
		})
	}
}
