package egress

import (
	"net"
	"sync"

	"stsscan/internal/limiter"
)

const (
	// smallHandshake is what a server may send in a handshake without a slot: ten times a usual chain. crypto/tls
	// takes four times as much, which stays in memory, parsed, as long as the connection lasts.
	smallHandshake = 64 << 10

	// maxLargeHandshakes bounds the connections whose handshake was larger.
	maxLargeHandshakes = 32
)

// A boundedConn takes one of a few slots when its handshake is large, and keeps it until it is closed.
type boundedConn struct {
	net.Conn
	slots chan struct{}   // one element for each that is taken
	ended <-chan struct{} // the handshake has no time left
	over  bool            // the handshake is over
	read  int             // octets
	full  bool            // there was no slot

	mu           sync.Mutex
	held, closed bool
}

func (w *boundedConn) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if w.read += n; w.over || w.read <= smallHandshake || w.hasSlot() {
		return n, err
	}
	select {
	case w.slots <- struct{}{}:
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.held = !w.closed; !w.held {
			<-w.slots
		}
		return n, err
	case <-w.ended:
		w.full = true
		return 0, limiter.ErrLater
	}
}

func (w *boundedConn) hasSlot() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.held
}

// handshakeDone ends the counting. It is called between reads.
func (w *boundedConn) handshakeDone() { w.over = true }

// Close gives the slot back.
func (w *boundedConn) Close() error {
	w.mu.Lock()
	held := w.held
	w.held, w.closed = false, true
	w.mu.Unlock()
	if held {
		<-w.slots
	}
	return w.Conn.Close()
}
