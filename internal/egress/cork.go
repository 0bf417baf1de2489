package egress

import (
	"fmt"
	"io"
	"net"
)

// A corkedConn keeps what is written until something is read: the end of a handshake of TLS 1.3 leaves with the
// request, in one call and one segment. Once it is open it keeps nothing.
type corkedConn struct {
	net.Conn
	held  []byte
	open  bool
	ended bool // the peer has ended its side of the connection
}

func (c *corkedConn) Write(p []byte) (int, error) {
	c.held = append(c.held, p...)
	if !c.open {
		return len(p), nil
	}
	if err := c.flush(); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Read reads even if what was held could not be sent: a server that refuses may be gone by then, and its reason
// is still there to be read.
func (c *corkedConn) Read(p []byte) (int, error) {
	unsent := c.flush()
	n, err := c.Conn.Read(p)
	c.ended = c.ended || n == 0 && err == io.EOF
	if err != nil && unsent != nil {
		err = fmt.Errorf("%w, and nothing could be sent: %w", err, unsent)
	}
	return n, err
}

// Close sends what is held, such as an alert.
func (c *corkedConn) Close() error {
	_ = c.flush()
	return c.Conn.Close()
}

func (c *corkedConn) flush() error {
	if len(c.held) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.held)
	c.held = c.held[:0]
	return err
}
