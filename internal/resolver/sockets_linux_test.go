package resolver

import (
	"testing"

	"golang.org/x/sys/unix"

	"stsscan/internal/udpbatch"
)

// The kernel refuses UDP_SEGMENT on a socket that sends no checksums: see udpbatch. The lane notices nothing.
func TestSweepWithoutSegments(t *testing.T) {
	const n = 2000
	s := serve(t, good, nil)
	r := open(t, Config{InFlight: 300, Sockets: udpbatch.Segment}, s)
	var g gathered
	sw := &sweep{resolver: r, next: listed(n), yield: g.yield, ctx: t.Context(), stop: func(error) {}}
	l, err := sw.openLane(300)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if sockets := withoutChecksums(t, int(s.addr.Port())); sockets < len(l.routes[0].ports) {
		t.Fatalf("%d sockets of %d send no checksums", sockets, len(l.routes[0].ports))
	}
	l.run()
	if stats := r.Stats()[0]; len(g.answers) != n || stats.Asked != n || stats.Failed != 0 {
		t.Errorf("%d answers, stats %+v", len(g.answers), stats)
	}
}

// withoutChecksums makes the sockets that are connected to a port of this machine send none.
func withoutChecksums(t *testing.T, port int) (sockets int) {
	for fd := range 1024 {
		to, err := unix.Getpeername(fd)
		if to, ok := to.(*unix.SockaddrInet4); err != nil || !ok || to.Port != port {
			continue
		}
		if kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_DGRAM {
			continue
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
			t.Skip(err)
		}
		sockets++
	}
	return sockets
}
