package udpbatch

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// haveBatches says that the system has batches of datagrams.
const haveBatches = true

// A message is the kernel's struct mmsghdr.
type message struct {
	header unix.Msghdr
	n      uint32 // octets sent or received
}

// sendMessages sends as many messages as there is room for. Like receiveMessages it never waits, so it is a raw call.
// To any other call the runtime lends its processor for as long as it lasts, and takes it back by waking a thread: with
// one processor and batches of some 50 us, that went on all the time.
func sendMessages(fd int, messages []message) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&messages[0])),
		uintptr(len(messages)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

func receiveMessages(fd int, messages []message) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&messages[0])),
		uintptr(len(messages)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), errno
}

// mustWait reports an error that says: later.
func mustWait(errno unix.Errno) bool {
	return errno == unix.EAGAIN || errno == unix.ENOBUFS || errno == unix.EINTR
}

// noSegments reports whether an old kernel, or a device that computes no checksums, refused UDP_SEGMENT.
func noSegments(errno unix.Errno) bool {
	switch errno {
	case unix.EIO, unix.EINVAL, unix.ENOPROTOOPT, unix.EOPNOTSUPP, unix.EMSGSIZE:
		return true
	}
	return false
}

// A segment is the control message of UDP_SEGMENT: CMSG_SPACE(2) octets.
type segment struct {
	header unix.Cmsghdr
	size   uint16 // octets of each datagram that the kernel makes of the message; the last may be shorter
	_      [6]byte
}

// attach puts the control message to a message.
func (s *segment) attach(h *unix.Msghdr) {
	s.header.Level, s.header.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
	s.header.SetLen(unix.CmsgLen(2))
	h.Control = (*byte)(unsafe.Pointer(s))
	h.SetControllen(unix.CmsgSpace(2))
}

// A train is the control message of UDP_GRO: CMSG_SPACE(4) octets.
type train struct {
	header unix.Cmsghdr
	size   int32
	_      [4]byte
}

// of is the size of the datagrams in a message that holds several; else 0.
func (t *train) of(h *unix.Msghdr) int {
	if h.Controllen < unix.SizeofCmsghdr+4 || t.header.Level != unix.IPPROTO_UDP || t.header.Type != unix.UDP_GRO {
		return 0
	}
	return int(t.size)
}
