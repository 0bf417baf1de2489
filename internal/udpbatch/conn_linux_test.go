package udpbatch

import (
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// The kernel refuses UDP_SEGMENT on a socket that sends no checksums, as it does for devices that cannot compute them.
// The Conn goes on without, and no datagram is lost or sent twice.
func TestConnWithoutSegments(t *testing.T) {
	for _, refused := range []bool{false, true} {
		t.Run(fmt.Sprint(refused), func(t *testing.T) {
			p := listen(t, "127.0.0.1")
			c := dial(t, Segment, p).(*batchConn)
			if refused {
				if err := unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
					t.Skip(err)
				}
			}
			for range 3 {
				messages := datagrams(MaxBatch, 32)
				send(t, c, messages, 32)
				p.want(t, messages, 32)
			}
			if c.segments == refused {
				t.Errorf("UDP_SEGMENT is on: %v", c.segments)
			}
		})
	}
}

// The last datagram of a train may be shorter than the others.
func TestConnReceivesShorterLast(t *testing.T) {
	p := listen(t, "127.0.0.1")
	c := dial(t, Segment, p)
	send(t, c, []byte("hello"), 5)
	_, from := p.read(t)
	raw, err := p.conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	messages := datagrams(10, 60)[:9*60+25]
	err = raw.Control(func(fd uintptr) {
		_, to := sockaddr(from)
		if err := unix.Connect(int(fd), to); err != nil {
			t.Fatal(err)
		}
		sender := &batchConn{fd: int(fd), buffers: newBuffers()}
		if _, errno := sender.sendSegments(messages, 60); errno != 0 {
			t.Fatal(errno)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	wantAll(t, receive(t, c, 10), slices.Collect(slices.Chunk(messages, 60)))
}
