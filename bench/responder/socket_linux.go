package main

import (
	"encoding/binary"
	"net"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The most packets in one call, and in one send with UDP_SEGMENT: the kernel's
// UDP_MAX_SEGMENTS is 64 before 6.9 and 128 after.
const (
	batch    = 128
	segments = 64
)

// A mmsghdr is one element of recvmmsg(2) and sendmmsg(2).
type mmsghdr struct {
	header unix.Msghdr
	size   uint32
	_      [4]byte // of the C structure on 64-bit systems
}

// batched is a socket that moves up to 128 packets a call. Replies of equal
// length to one client that follow each other are one message with UDP_SEGMENT
// (udp(7)), for which the kernel finds the route and queues only once. All
// headers are made once and refer to memory that stays where it is.
type batched struct {
	fd      int
	segment bool

	in      [batch]mmsghdr
	inVec   [batch]unix.Iovec
	from    [batch]unix.RawSockaddrInet4
	packets [batch][maxReply + 512]byte

	out    [batch]mmsghdr
	outVec [batch]unix.Iovec // one a reply: those of a message lie side by side
	to     [batch]unix.RawSockaddrInet4
	client [batch]netip.AddrPort // of to, to compare
	length [batch]int            // of the replies of a message
	note   [batch][24]byte       // control message: CMSG_SPACE(2)
	staged int                   // replies
	queued int                   // messages
}

// serveOn serves a socket the fast way for IPv4 on a 64-bit system, else as
// everywhere.
func (s *server) serveOn(conn *net.UDPConn, o options) error {
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
	if o.portable || !local.Is4() || unsafe.Sizeof(uintptr(0)) != 8 {
		return s.serve(&plain{conn: conn}, o.stop)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var served error
	// The whole work is done inside Control, which keeps the descriptor open.
	err = raw.Control(func(fd uintptr) {
		served = s.serve(newBatched(int(fd), o.segment, o.rcvbuf), o.stop)
	})
	if err != nil {
		return err
	}
	return served
}

func newBatched(fd int, segment bool, rcvbuf int) *batched {
	// Root may exceed the limit of the system; SetReadBuffer has done the rest.
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, rcvbuf)
	unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, rcvbuf)
	s := &batched{fd: fd, segment: segment}
	for i := range batch {
		s.inVec[i].Base = &s.packets[i][0]
		s.inVec[i].SetLen(512)
		h := &s.in[i].header
		h.Iov = &s.inVec[i]
		h.SetIovlen(1)
		h.Name = (*byte)(unsafe.Pointer(&s.from[i]))
		h.Namelen = unix.SizeofSockaddrInet4
	}
	return s
}

func (s *batched) receive(wait time.Duration) (int, error) {
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.in[0])), batch, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR, unix.ECONNREFUSED:
			continue
		case unix.EAGAIN:
		default:
			return 0, errno
		}
		poll := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}
		n2, err := unix.Poll(poll, int(wait.Milliseconds()))
		if err != nil && err != unix.EINTR {
			return 0, err
		}
		if n2 <= 0 {
			return 0, nil
		}
	}
}

func (s *batched) packet(i int) ([]byte, netip.AddrPort) {
	from := &s.from[i]
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&from.Port))[:])
	return s.packets[i][:s.in[i].size], netip.AddrPortFrom(netip.AddrFrom4(from.Addr), port)
}

func (s *batched) send(b []byte, to netip.AddrPort) {
	if s.staged == batch {
		s.flush()
	}
	vec := &s.outVec[s.staged]
	vec.Base = &b[0]
	vec.SetLen(len(b))
	s.staged++
	if m := s.queued - 1; m >= 0 && s.segment && s.length[m] == len(b) && s.client[m] == to && s.out[m].header.Iovlen < segments {
		s.out[m].header.Iovlen++
		return
	}
	m := s.queued
	s.queued++
	s.client[m], s.length[m] = to, len(b)
	name := &s.to[m]
	name.Family, name.Addr = unix.AF_INET, to.Addr().As4()
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&name.Port))[:], to.Port())
	s.out[m].header = unix.Msghdr{Name: (*byte)(unsafe.Pointer(name)), Namelen: unix.SizeofSockaddrInet4, Iov: vec, Iovlen: 1}
}

func (s *batched) flush() {
	for m := range s.queued {
		h := &s.out[m].header
		if h.Iovlen == 1 {
			continue
		}
		note := &s.note[m]
		c := (*unix.Cmsghdr)(unsafe.Pointer(note))
		c.Level, c.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
		c.SetLen(unix.CmsgLen(2))
		binary.NativeEndian.PutUint16(note[unix.CmsgLen(0):], uint16(s.length[m]))
		h.Control = &note[0]
		h.SetControllen(unix.CmsgSpace(2))
	}
	for at := 0; at < s.queued; {
		n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.out[at])), uintptr(s.queued-at), 0, 0, 0)
		switch {
		case errno == 0:
			at += int(n)
		case errno == unix.EAGAIN || errno == unix.ENOBUFS:
			unix.Poll([]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}, 1)
		case errno == unix.EINTR || errno == unix.ECONNREFUSED:
		default:
			at++ // this one cannot be sent: it is asked for again
		}
	}
	s.staged, s.queued = 0, 0
}
