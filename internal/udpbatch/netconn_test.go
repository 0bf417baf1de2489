package udpbatch

import (
	"testing"
	"time"
)

// Close ends the reader of a netConn whose datagrams are not taken.
func TestNetConnCloses(t *testing.T) {
	p := listen(t, "127.0.0.1")
	conn, err := Dial(Portable, p.addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := conn.(*netConn)
	send(t, c, []byte("hello"), 5)
	_, from := p.read(t)
	for until := time.Now().Add(patience); len(c.full) < netConnBuffers; {
		if _, err := p.conn.WriteToUDPAddrPort([]byte("more"), from); err != nil || time.Now().After(until) {
			t.Fatalf("%d datagrams wait, error %v", len(c.full), err)
		}
		time.Sleep(100 * time.Microsecond)
	}
	c.Close()
}
