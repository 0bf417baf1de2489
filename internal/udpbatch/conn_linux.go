package udpbatch

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Buffers is the memory that the kernel is shown in the calls of some Conns, one call at a time. Much of its 4 MiB is
// never written to, and so takes no memory.
type Buffers struct {
	out     [MaxBatch]message
	outIO   [MaxBatch]unix.Iovec
	whole   unix.Msghdr // a batch as one datagram
	wholeIO unix.Iovec
	segment segment // of whole
	in      [MaxBatch]message
	inIO    [MaxBatch]unix.Iovec
	trains  [MaxBatch][MaxDatagram + stagger]byte
	sizes   [MaxBatch]train
	packets [][]byte // of the call
}

// stagger keeps the beginnings of the datagrams of one call, which are all that most of them have, apart in the caches
// of the processor: at multiples of 64 KiB they would all have the same few places.
const stagger = 5 << 6

func newBuffers() *Buffers {
	b := new(Buffers) // on the heap, where nothing moves: the pointers below stay true
	for i := range MaxBatch {
		b.inIO[i].Base = &b.trains[i][0]
		b.inIO[i].SetLen(MaxDatagram)
		b.in[i].header.Control = (*byte)(unsafe.Pointer(&b.sizes[i]))
		b.in[i].header.Iov = &b.inIO[i]
		b.in[i].header.SetIovlen(1)
		b.out[i].header.Iov = &b.outIO[i]
		b.out[i].header.SetIovlen(1)
	}
	b.whole.Iov = &b.wholeIO
	b.whole.SetIovlen(1)
	b.segment.attach(&b.whole)
	return b
}

// A batchConn is a Conn that asks the kernel once for many datagrams.
//
// Most of what a small datagram costs is the kernel's way from sendto to the network card, and that way is paid for
// each call of it. sendmmsg saves the calls, not the way. UDP_SEGMENT (Linux 4.18) saves the way: up to 64 datagrams of
// equal length travel as one, and are cut apart at its end.
type batchConn struct {
	fd         int
	buffers    *Buffers
	segments   bool
	readBuffer int
}

func dialBatch(addr netip.AddrPort, buffers *Buffers, segments bool) (Conn, error) {
	family, to := sockaddr(addr)
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	// Privileged processes get what they ask for; the others what the system allows.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, ReadBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, ReadBuffer)
	}
	if err := unix.Connect(fd, to); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("connect", err)
	}
	// Linux 5.0; an older one keeps datagrams apart.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1)
	c := &batchConn{fd: fd, buffers: buffers, segments: segments}
	c.readBuffer, _ = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	return c, nil
}

func sockaddr(addr netip.AddrPort) (family int, to unix.Sockaddr) {
	if addr.Addr().Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Addr: addr.Addr().As4(), Port: int(addr.Port())}
	}
	to6 := &unix.SockaddrInet6{Addr: addr.Addr().As16(), Port: int(addr.Port())}
	if i, err := net.InterfaceByName(addr.Addr().Zone()); err == nil {
		to6.ZoneId = uint32(i.Index)
	}
	return unix.AF_INET6, to6
}

func (c *batchConn) Send(messages []byte, size int) (int, error) {
	if c.segments && len(messages) > size {
		n, errno := c.sendSegments(messages, size)
		if !noSegments(errno) {
			return sent(n, errno)
		}
		c.segments = false
	}
	return sent(c.sendBatch(messages, size))
}

func sent(n int, errno unix.Errno) (int, error) {
	switch {
	case errno == 0:
		return n, nil
	case mustWait(errno):
		return 0, nil
	}
	return 0, os.NewSyscallError("sendmsg", errno)
}

// sendSegments sends all or nothing.
func (c *batchConn) sendSegments(messages []byte, size int) (int, unix.Errno) {
	b := c.buffers
	b.segment.size = uint16(size)
	b.wholeIO.Base = &messages[0]
	b.wholeIO.SetLen(len(messages))
	_, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(c.fd), uintptr(unsafe.Pointer(&b.whole)), 0)
	runtime.KeepAlive(messages)
	return len(messages) / size, errno
}

// sendBatch sends as many as there is room for.
func (c *batchConn) sendBatch(messages []byte, size int) (int, unix.Errno) {
	b := c.buffers
	n := len(messages) / size
	for i := range n {
		b.outIO[i].Base = &messages[i*size]
		b.outIO[i].SetLen(size)
	}
	n, errno := sendMessages(c.fd, b.out[:n])
	runtime.KeepAlive(messages)
	return n, errno
}

// Receive takes trains of datagrams. With UDP_GRO the kernel hands over those of one size that came together as one,
// and says what that size is: the last of a train may be shorter.
func (c *batchConn) Receive(deliver func(packets [][]byte)) (int, error) {
	b := c.buffers
	for i := range b.in {
		b.in[i].header.SetControllen(int(unsafe.Sizeof(train{}))) // the last call has left what it filled
	}
	n, errno := receiveMessages(c.fd, b.in[:])
	switch {
	case errno == 0:
	case mustWait(errno):
		return 0, nil
	default:
		return 0, os.NewSyscallError("recvmmsg", errno)
	}
	b.packets = b.packets[:0]
	for i := range n {
		rest := b.trains[i][:b.in[i].n]
		if size := b.sizes[i].of(&b.in[i].header); size > 0 {
			for ; len(rest) > size; rest = rest[size:] {
				b.packets = append(b.packets, rest[:size:size])
			}
		}
		b.packets = append(b.packets, rest)
	}
	deliver(b.packets)
	return len(b.packets), nil
}

func (c *batchConn) ReadBuffer() int { return c.readBuffer }

func (c *batchConn) Close() { _ = unix.Close(c.fd) }
