package resolver

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// haveBatches says that the system has batches of datagrams.
const haveBatches = true

// batches is the memory that the kernel is shown in the calls of one lane's
// ports: it is made once, and used by one call at a time.
type batches struct {
	out     [batch]message
	outIO   [batch]unix.Iovec
	whole   unix.Msghdr // a batch as one datagram
	wholeIO unix.Iovec
	in      [batch]message
	inIO    [batch]unix.Iovec
	replies [batch][maxTrain + stagger]byte // what is never written to takes no memory
	packets [][]byte                        // of the call
	trains  [batch][]byte                   // room for the size of the replies in a train
	control []byte                          // of UDP_SEGMENT
}

const (
	// maxTrain is the most octets of a train of replies (see receive): what a
	// datagram can have.
	maxTrain = 1 << 16
	// stagger keeps the beginnings of the replies of one call, which are all that
	// most of them have, apart in the caches of the processor: at multiples of
	// 64 KiB they would all have the same few places.
	stagger = 5 << 6
)

// A message is the kernel's struct mmsghdr.
type message struct {
	header unix.Msghdr
	n      uint32 // octets sent or received
}

func newBatches() *batches {
	b := new(batches) // on the heap, where nothing moves: the pointers below stay true
	for i := range batch {
		b.inIO[i].Base = &b.replies[i][0]
		b.inIO[i].SetLen(maxTrain)
		b.trains[i] = make([]byte, unix.CmsgSpace(4))
		b.in[i].header.Control = &b.trains[i][0]
		b.in[i].header.Iov = &b.inIO[i]
		b.in[i].header.SetIovlen(1)
		b.out[i].header.Iov = &b.outIO[i]
		b.out[i].header.SetIovlen(1)
	}
	b.whole.Iov = &b.wholeIO
	b.whole.SetIovlen(1)
	b.control = make([]byte, unix.CmsgSpace(2))
	b.whole.Control = &b.control[0]
	b.whole.SetControllen(len(b.control))
	c := (*unix.Cmsghdr)(unsafe.Pointer(&b.control[0]))
	c.Level, c.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
	c.SetLen(unix.CmsgLen(2))
	return b
}

// A batchPort is a port that asks the kernel once for many datagrams.
//
// Its calls never wait, so they are raw ones. To any other call the runtime lends
// its processor for as long as it lasts, and takes it back by waking a thread:
// with one processor and batches of some 50 us, that went on all the time.
//
// Most of what a question costs is the kernel's way from sendto to the network
// card, and that way is paid for each call of it. sendmmsg saves the calls, not
// the way. UDP_SEGMENT (Linux 4.18) saves the way: up to 64 queries of equal
// length travel as one datagram, and are cut apart at its end.
type batchPort struct {
	fd      int
	b       *batches
	segment bool
	size    int
}

func openBatchPort(addr netip.AddrPort, b *batches, segment bool) (port, error) {
	family, to := sockaddr(addr)
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	// Privileged processes get what they ask for; the others what the system allows.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
	if err := unix.Connect(fd, to); err != nil {
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("connect", err)
	}
	// Linux 5.0; an older one keeps replies apart.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_GRO, 1)
	p := &batchPort{fd: fd, b: b, segment: segment}
	p.size, _ = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
	return p, nil
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

func (p *batchPort) send(queries []byte, size int) (int, error) {
	if p.segment && len(queries) > size {
		n, err := p.sendSegments(queries, size)
		switch {
		case errors.Is(err, unix.EIO), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOPROTOOPT), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EMSGSIZE):
			// An old kernel, or a device that computes no checksums: go on without.
			p.segment = false
		default:
			return n, err
		}
	}
	return p.sendBatch(queries, size)
}

// sendSegments sends all or nothing.
func (p *batchPort) sendSegments(queries []byte, size int) (int, error) {
	*(*uint16)(unsafe.Pointer(&p.b.control[unix.CmsgLen(0)])) = uint16(size)
	p.b.wholeIO.Base = &queries[0]
	p.b.wholeIO.SetLen(len(queries))
	_, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(p.fd), uintptr(unsafe.Pointer(&p.b.whole)), 0)
	runtime.KeepAlive(queries)
	switch {
	case errno == 0:
	case crowded(errno):
		return 0, nil
	default:
		return 0, os.NewSyscallError("sendmsg", errno)
	}
	return len(queries) / size, nil
}

// sendBatch sends as many as there is room for.
func (p *batchPort) sendBatch(queries []byte, size int) (int, error) {
	n := len(queries) / size
	for i := range n {
		p.b.outIO[i].Base = &queries[i*size]
		p.b.outIO[i].SetLen(size)
	}
	sent, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(p.fd), uintptr(unsafe.Pointer(&p.b.out)), uintptr(n), 0, 0, 0)
	runtime.KeepAlive(queries)
	switch {
	case errno == 0:
		return int(sent), nil
	case crowded(errno):
		return 0, nil
	}
	return 0, os.NewSyscallError("sendmmsg", errno)
}

// crowded reports an error that says: later.
func crowded(err error) bool {
	return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.EINTR)
}

// receive takes trains of replies. With UDP_GRO the kernel hands over replies
// of one size that came together as one, and says what that size is: the last
// of a train may be shorter.
func (p *batchPort) receive(deliver func(packets [][]byte)) (replies int, err error) {
	for i := range p.b.in {
		p.b.in[i].header.SetControllen(len(p.b.trains[i])) // the last call has left what it filled
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(p.fd), uintptr(unsafe.Pointer(&p.b.in)), batch, unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		if crowded(errno) {
			return 0, nil
		}
		return 0, os.NewSyscallError("recvmmsg", errno)
	}
	packets := p.b.packets[:0]
	for i := range int(n) {
		m := &p.b.in[i]
		train := p.b.replies[i][:m.n]
		if size := p.b.carriage(i); size > 0 {
			for ; len(train) > size; train = train[size:] {
				packets = append(packets, train[:size:size])
			}
		}
		packets = append(packets, train)
	}
	p.b.packets = packets
	deliver(packets)
	return len(packets), nil
}

// carriage is the size of the replies in a train of more than one, else 0.
func (b *batches) carriage(i int) int {
	h := &b.in[i].header
	if h.Controllen < unix.SizeofCmsghdr+4 {
		return 0
	}
	c := (*unix.Cmsghdr)(unsafe.Pointer(h.Control))
	if c.Level != unix.IPPROTO_UDP || c.Type != unix.UDP_GRO {
		return 0
	}
	return int(*(*int32)(unsafe.Pointer(&b.trains[i][unix.CmsgLen(0)])))
}

func (p *batchPort) buffer() int { return p.size }

func (p *batchPort) close() { _ = unix.Close(p.fd) }
