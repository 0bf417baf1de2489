package storetest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"stsscan/internal/store"
)

// Start starts the server on a port of the loopback interface, and gives its URL. It ends with the test.
func (s *Server) Start(t *testing.T) (endpoint string) {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return server.URL
}

// Environment is what a process needs to find the server at an endpoint, as variables.
func Environment(endpoint string) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + endpoint, "AWS_ACCESS_KEY_ID=tester", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_EC2_METADATA_DISABLED=true",
	}
}

// Config is how a test reaches a server at an endpoint.
func Config(endpoint string) store.Config {
	return store.Config{Endpoint: endpoint, AccessKey: "tester", SecretKey: "secret"}
}

// InMemory starts the server without sockets, so that it works in a bubble of testing/synctest, and gives the way to
// it. Stop ends it, and must be called in the bubble.
func (s *Server) InMemory(log *slog.Logger) (c store.Config, stop func()) {
	listener := &pipes{connections: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: s, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	c = Config("http://store.example")
	c.Dial, c.Log = listener.dial, log
	return c, func() {
		_ = server.Close()
		serving.Wait()
	}
}

// pipes is a listener whose connections are in memory.
type pipes struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.connections <- theirs:
		return ours, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Accept waits for the next connection.
func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.connections:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listener.
func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Addr is the address of nothing.
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
