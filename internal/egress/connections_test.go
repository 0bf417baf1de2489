package egress

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// One count is for Policy Hosts and mail servers. To wait for a connection takes nothing from the time of the
// host, and no retrieval waits for one while it has one.
func TestTransportConnections(t *testing.T) {
	p := newPKI(t)
	nameless := func(conn net.Conn) { // alert 80: it is asked once more, without a name
		head := make([]byte, 5)
		_, _ = io.ReadFull(conn, head)
		_, _ = io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint16(head[3:])))
		_, _ = conn.Write([]byte{21, 3, 3, 0, 2, 2, 80})
		conn.Close()
	}
	transport := reach(t, p, Config{Connections: 1, Manners: NoManners()}, nameless)
	door := transport.MailDialer()
	mail, err := door.Dial(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	const requests = 3
	for range requests {
		all.Go(func() {
			var trace Trace
			ctx := WithTimeout(WithTrace(t.Context(), &trace), time.Minute)
			_, err := fetch(t, ctx, transport)
			if trace.TLSAlert != 80 || trace.WaitTime == 0 {
				t.Errorf("%v, %+v", err, trace)
			}
		})
	}
	for transport.Connections().Waited == 0 && !t.Failed() {
		time.Sleep(time.Millisecond)
	}
	mail.Close()
	all.Wait()
	if got := transport.Connections(); got.Limit != 1 || got.Most != 1 {
		t.Errorf("%+v", got)
	}
}
