package simnet

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/nettest"
)

func ends() (client, server *pipeConn) {
	return newPipe(asker(), netip.MustParseAddrPort("22.1.0.1:443"))
}

// What the standard library expects of a connection.
func TestPipeIsConn(t *testing.T) {
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		client, server := ends()
		return client, server, func() { client.Close(); server.Close() }, nil
	})
}

func TestPipeEnds(t *testing.T) {
	cases := []struct {
		name      string
		end       func(server *pipeConn)
		wantRead  error // of the client, after the octet that was sent before
		wantWrite error // of the client; nil: the other end may read
	}{
		{"close", func(s *pipeConn) { s.Close() }, io.EOF, syscall.EPIPE},
		{"half close", func(s *pipeConn) { s.CloseWrite() }, io.EOF, nil},
		{"reset", func(s *pipeConn) { s.reset() }, syscall.ECONNRESET, syscall.ECONNRESET},
		{"reset after close", func(s *pipeConn) { s.Close(); s.reset() }, io.EOF, syscall.EPIPE},
		{"close after reset", func(s *pipeConn) { s.reset(); s.Close() }, syscall.ECONNRESET, syscall.ECONNRESET},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			client, server := ends()
			defer client.Close()
			if _, err := server.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			c.end(server)
			buf := make([]byte, 8)
			// What had arrived is read first, also before a reset.
			if n, err := client.Read(buf); n != 1 || err != nil {
				t.Fatalf("Read = %d, %v, want the octet", n, err)
			}
			if _, err := client.Read(buf); !errors.Is(err, c.wantRead) {
				t.Errorf("Read: %v, want %v", err, c.wantRead)
			}
			if _, err := client.Write(buf); !errors.Is(err, c.wantWrite) {
				t.Errorf("Write: %v, want %v", err, c.wantWrite)
			}
			if c.name == "half close" {
				return
			}
			if _, err := server.Write(buf); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Write after the end: %v, want %v", err, net.ErrClosed)
			}
		})
	}
}

// A writer waits while its peer does not read, as on a full socket, and a deadline an hour away costs nothing
// in a bubble.
func TestPipeBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := ends()
		defer client.Close()
		start := time.Now()
		server.SetWriteDeadline(start.Add(time.Hour))
		n, err := server.Write(make([]byte, 3*socketBuffer))
		if nerr := net.Error(nil); n != socketBuffer || !errors.As(err, &nerr) || !nerr.Timeout() {
			t.Errorf("Write = %d, %v, want a time-out after %d octets", n, err, socketBuffer)
		}
		if waited := time.Since(start); waited != time.Hour {
			t.Errorf("waited %v, want an hour", waited)
		}
		server.SetWriteDeadline(time.Time{})
		go io.Copy(io.Discard, client)
		if n, err := server.Write(make([]byte, 3*socketBuffer)); n != 3*socketBuffer || err != nil {
			t.Errorf("Write to a reader = %d, %v", n, err)
		}
		server.Close()
		synctest.Wait()
	})
}
