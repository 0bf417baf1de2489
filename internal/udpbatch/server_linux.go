package udpbatch

import (
	"encoding/binary"
	"net"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// serverBatch is the most datagrams of a call of a Server.
const serverBatch = 2 * MaxBatch

// A batchServer is a Server that moves many datagrams a call. Replies of equal length to one peer that follow each
// other are one message with UDP_SEGMENT: the kernel finds its route and queues it only once. All headers are made
// once and refer to memory that stays where it is.
type batchServer struct {
	conn     *net.UDPConn // keeps fd open
	fd       int
	segments bool

	in      [serverBatch]message
	inIO    [serverBatch]unix.Iovec
	from    [serverBatch]unix.RawSockaddrInet4
	packets []byte // room octets each
	room    int

	out     [serverBatch]message
	outIO   [serverBatch]unix.Iovec // one for each reply: those of a message lie side by side
	to      [serverBatch]unix.RawSockaddrInet4
	peer    [serverBatch]netip.AddrPort // of to, to compare
	segment [serverBatch]segment        // its size is the length of the replies of a message
	staged  int                         // replies
	queued  int                         // messages
}

func newBatchServer(conn *net.UDPConn, segments bool, room, buffer int) (Server, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &batchServer{conn: conn, segments: segments, packets: make([]byte, serverBatch*room), room: room}
	if err := raw.Control(func(fd uintptr) { s.fd = int(fd) }); err != nil {
		return nil, err
	}
	// Privileged processes may exceed the limit of the system.
	_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, buffer)
	_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, buffer)
	for i := range serverBatch {
		s.inIO[i].Base = &s.packets[i*room]
		s.inIO[i].SetLen(room / 2)
		h := &s.in[i].header
		h.Iov = &s.inIO[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&s.from[i]))
		h.Namelen = unix.SizeofSockaddrInet4
	}
	return s, nil
}

func (s *batchServer) Receive(wait time.Duration) (int, error) {
	for {
		n, errno := receiveMessages(s.fd, s.in[:])
		switch errno {
		case 0:
			return n, nil
		case unix.EINTR, unix.ECONNREFUSED:
			continue
		case unix.EAGAIN:
		default:
			return 0, errno
		}
		ready, err := unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}, int(wait.Milliseconds()))
		if err != nil && err != unix.EINTR {
			return 0, err
		}
		if ready <= 0 {
			return 0, nil
		}
	}
}

func (s *batchServer) Packet(i int) ([]byte, netip.AddrPort) {
	from := &s.from[i]
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&from.Port))[:])
	at := i * s.room
	return s.packets[at : at+int(s.in[i].n) : at+s.room], netip.AddrPortFrom(netip.AddrFrom4(from.Addr), port)
}

func (s *batchServer) Send(b []byte, to netip.AddrPort) {
	if s.staged == serverBatch {
		s.Flush()
	}
	vec := &s.outIO[s.staged]
	vec.Base = &b[0]
	vec.SetLen(len(b))
	s.staged++
	if m := s.queued - 1; m >= 0 && s.segments && int(s.segment[m].size) == len(b) && s.peer[m] == to {
		if h := &s.out[m].header; h.Iovlen < MaxBatch {
			h.Iovlen++
			return
		}
	}
	m := s.queued
	s.queued++
	s.peer[m], s.segment[m].size = to, uint16(len(b))
	name := &s.to[m]
	name.Family, name.Addr = unix.AF_INET, to.Addr().As4()
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], to.Port())
	s.out[m].header = unix.Msghdr{
		Name: (*byte)(unsafe.Pointer(name)), Namelen: unix.SizeofSockaddrInet4, Iov: vec, Iovlen: 1,
	}
}

func (s *batchServer) Flush() {
	for m := range s.queued {
		if h := &s.out[m].header; h.Iovlen > 1 {
			s.segment[m].attach(h)
		}
	}
	for at := 0; at < s.queued; {
		n, errno := sendMessages(s.fd, s.out[at:s.queued])
		switch {
		case errno == 0:
			at += n
		case errno == unix.EAGAIN || errno == unix.ENOBUFS:
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}, 1)
		case errno == unix.EINTR || errno == unix.ECONNREFUSED:
		default:
			at++
		}
	}
	s.staged, s.queued = 0, 0
}
