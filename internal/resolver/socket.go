package resolver

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"stsscan/internal/dnswire"
	"stsscan/internal/forgery"
	"stsscan/internal/udpbatch"
)

// maxWaiting keeps most ids of a socket free, so that a random one is found at once, and a forger gains nothing from
// the load.
const maxWaiting = 1 << 14

// errNoID says that a socket has no id to spare.
var errNoID = errors.New("too many questions in flight on one socket")

// A socket is a UDP socket connected to one upstream, so that the kernel drops what comes from elsewhere, and reports
// a closed port.
type socket struct {
	conn   net.Conn // of UDP; a pipe in tests
	buffer []byte   // of its reader: on the stack it would take twice as much

	mu      sync.Mutex // guards what follows
	waiting map[uint16]*flight
	random  *forgery.Random
	closed  bool
}

// A flight is a question that expects its reply on one socket. It is reused for the next question of its asker, who
// owns it but while the socket has it among those that wait.
type flight struct {
	upstream *upstream // nil: no reply is expected
	from     *upstream // of the reply
	socket   *socket
	sent     time.Duration // last
	id       uint16
	question []byte // the part of the query that the reply must repeat
	reply    []byte
	err      error          // instead of a reply
	ended    chan<- *flight // takes it without blocking when reply or err is there
}

func openSocket(addr netip.AddrPort) (*socket, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(udpbatch.ReadBuffer) // without it replies are lost sooner, and asked for again
	return newSocket(conn), nil
}

func newSocket(conn net.Conn) *socket {
	return &socket{
		conn: conn, buffer: make([]byte, udpbatch.MaxDatagram),
		waiting: make(map[uint16]*flight), random: forgery.NewRandom(),
	}
}

// send sends the query of a flight: if that is new, with an id that no other has, else once more. After an error the
// flight does not wait. An error of the network comes as the end of the flight.
func (s *socket) send(f *flight, query []byte, isNew bool) error {
	if isNew {
		if err := s.register(f); err != nil {
			return err
		}
	}
	binary.BigEndian.PutUint16(query, f.id)
	if _, err := s.conn.Write(query); err != nil {
		// Often the error is about an earlier datagram, so that those in flight will not be answered either.
		s.fail(err)
	}
	return nil
}

func (s *socket) register(f *flight) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return net.ErrClosed
	case len(s.waiting) >= maxWaiting:
		return errNoID
	}
	id := uint16(s.random.Bits(16))
	for s.waiting[id] != nil {
		id = uint16(s.random.Bits(16))
	}
	f.id, f.reply, f.err = id, f.reply[:0], nil
	s.waiting[id] = f
	return nil
}

// forget ends the wait of a flight. It reports false when the flight ended first: then it is on its channel.
func (s *socket) forget(f *flight) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting[f.id] != f {
		return false
	}
	delete(s.waiting, f.id)
	return true
}

// read takes in datagrams until the socket is closed. It reports of each whether it is a valid reply to a question in
// flight, before the asker learns of it.
func (s *socket) read(received func(valid bool)) {
	for failures := 0; ; {
		n, err := s.conn.Read(s.buffer)
		switch {
		case err == nil:
			failures = 0
			if !s.deliver(s.buffer[:n], received) {
				received(false)
			}
		case errors.Is(err, net.ErrClosed):
			s.fail(err)
			return
		default:
			// An ICMP error about a datagram: a closed port, or no route. Those in flight need not wait.
			s.fail(err)
			if failures++; failures > 3 {
				time.Sleep(10 * time.Millisecond) // whatever it is, do not spin on it
			}
		}
	}
}

// deliver hands a datagram to the flight that it answers, if there is one.
func (s *socket) deliver(packet []byte, received func(valid bool)) bool {
	if len(packet) < dnswire.HeaderSize {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := binary.BigEndian.Uint16(packet)
	f := s.waiting[id]
	if f == nil || !dnswire.IsReply(packet, id, f.question) {
		return false
	}
	delete(s.waiting, id)
	f.reply = append(f.reply[:0], packet...)
	received(true)
	f.ended <- f
	return true
}

// fail ends every flight of the socket with err.
func (s *socket) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, f := range s.waiting {
		delete(s.waiting, id)
		f.err = err
		f.ended <- f
	}
}

func (s *socket) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	_ = s.conn.Close()
}
