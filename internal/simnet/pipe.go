package simnet

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// socketBuffer bounds what is under way in one direction, as the buffers of a real connection do: a server that
// never stops blocks when its peer does not read.
const socketBuffer = 64 << 10

// newPipe is a connection in memory with both its ends. Unlike net.Pipe it has buffers, so that both ends may
// write at once, and can be closed by halves or reset. Blocking waits on a sync.Cond and deadlines are timers,
// so that it works in a testing/synctest bubble.
func newPipe(client, server netip.AddrPort) (*pipeConn, *pipeConn) {
	up, down := newStream(), newStream()
	c, s := net.TCPAddrFromAddrPort(client), net.TCPAddrFromAddrPort(server)
	return &pipeConn{in: down, out: up, local: c, remote: s}, &pipeConn{in: up, out: down, local: s, remote: c}
}

// A pipeConn is one end. Its errors are those of a TCP connection.
type pipeConn struct {
	in, out       *stream
	local, remote *net.TCPAddr
}

func (c *pipeConn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.failure("read", err)
}

func (c *pipeConn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.failure("write", err)
}

func (c *pipeConn) failure(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		err = os.NewSyscallError(op, errno)
	}
	return &net.OpError{Op: op, Net: "tcp", Source: c.local, Addr: c.remote, Err: err}
}

// Close ends both directions: the peer reads what was written, then io.EOF.
func (c *pipeConn) Close() error {
	c.out.finish(io.EOF, net.ErrClosed)
	c.in.abandon(net.ErrClosed, syscall.EPIPE)
	return nil
}

// CloseWrite ends the direction to the peer.
func (c *pipeConn) CloseWrite() error {
	c.out.finish(io.EOF, syscall.EPIPE)
	return nil
}

// reset ends both directions as an RST does. The peer still reads what had arrived before.
func (c *pipeConn) reset() {
	c.out.finish(syscall.ECONNRESET, net.ErrClosed)
	c.in.abandon(net.ErrClosed, syscall.ECONNRESET)
}

func (c *pipeConn) LocalAddr() net.Addr  { return c.local }
func (c *pipeConn) RemoteAddr() net.Addr { return c.remote }

func (c *pipeConn) SetDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readBy, t)
	c.out.setDeadline(&c.out.writeBy, t)
	return nil
}

func (c *pipeConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readBy, t)
	return nil
}

func (c *pipeConn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writeBy, t)
	return nil
}

// A stream is one direction of a connection.
type stream struct {
	mu      sync.Mutex
	changed sync.Cond // bytes, ends or deadlines
	buf     []byte    // written and not read

	ended    error // what a read returns after the last byte; nil: more may come
	noReader error // what a read returns at once, because its own end is closed
	noWriter error // what a write returns; nil: the other end may read

	readBy, writeBy deadline
}

func newStream() *stream {
	s := new(stream)
	s.changed.L = &s.mu
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.noReader != nil:
			return 0, s.noReader
		case s.readBy.passed():
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case len(s.buf) > 0:
			n := copy(p, s.buf)
			s.buf = s.buf[:copy(s.buf, s.buf[n:])]
			s.changed.Broadcast()
			return n, nil
		case s.ended != nil:
			return 0, s.ended
		}
		s.changed.Wait()
	}
}

func (s *stream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.noWriter != nil:
			return n, s.noWriter
		case s.writeBy.passed():
			return n, os.ErrDeadlineExceeded
		case len(p) == 0:
			return n, nil
		case len(s.buf) < socketBuffer:
			k := min(len(p), socketBuffer-len(s.buf))
			s.buf = append(s.buf, p[:k]...)
			p = p[k:]
			n += k
			s.changed.Broadcast()
			continue
		}
		s.changed.Wait()
	}
}

// finish is called by the writing end: reads end with ended, writes fail. The first call counts.
func (s *stream) finish(ended, noWriter error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = ended
	}
	if s.noWriter == nil || noWriter == net.ErrClosed {
		s.noWriter = noWriter
	}
	s.writeBy.stop()
	s.changed.Broadcast()
}

// abandon ends reading: writes fail with noWriter from now on.
func (s *stream) abandon(noReader, noWriter error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noReader, s.buf = noReader, nil
	if s.noWriter == nil {
		s.noWriter = noWriter
	}
	s.readBy.stop()
	s.changed.Broadcast()
}

// A deadline wakes the waiting ends when it passes.
type deadline struct {
	at    time.Time // zero: none
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

func (s *stream) setDeadline(d *deadline, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.stop()
	d.at = at
	if wait := time.Until(at); !at.IsZero() && wait > 0 {
		d.timer = time.AfterFunc(wait, s.wake)
	}
	s.changed.Broadcast()
}

func (s *stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Broadcast()
}
