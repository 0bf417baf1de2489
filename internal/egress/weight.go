package egress

import (
	"net"
	"sync"

	"stsscan/internal/limiter"
)

const (
	// lightHandshake is what a server may send in a handshake without more ado:
	// ten times a usual chain. crypto/tls takes four times as much, which then
	// stays in memory, parsed, for as long as the connection lasts.
	lightHandshake = 64 << 10

	// heavyAtATime bounds the connections whose handshake was larger.
	heavyAtATime = 32
)

// A weighed is a connection that takes one of a few places when what it reads
// in its handshake is heavy, and keeps it until it is closed.
type weighed struct {
	net.Conn
	places chan struct{}   // one element for each that is taken
	ended  <-chan struct{} // the handshake has no time left
	over   bool            // the handshake is over
	read   int             // octets
	full   bool            // no place was to be had

	mu           sync.Mutex
	held, closed bool
}

func (w *weighed) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if w.read += n; w.over || w.read <= lightHandshake || w.taken() {
		return n, err
	}
	select {
	case w.places <- struct{}{}:
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.held = !w.closed; !w.held {
			<-w.places
		}
		return n, err
	case <-w.ended:
		w.full = true
		return 0, limiter.ErrLater
	}
}

func (w *weighed) taken() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.held
}

// shaken ends the weighing. It is called between reads.
func (w *weighed) shaken() { w.over = true }

// Close gives the place back.
func (w *weighed) Close() error {
	w.mu.Lock()
	held := w.held
	w.held, w.closed = false, true
	w.mu.Unlock()
	if held {
		<-w.places
	}
	return w.Conn.Close()
}
