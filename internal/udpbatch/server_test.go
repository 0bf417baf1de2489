package udpbatch

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"
)

func serve(t *testing.T, m Method, host string, room int) (Server, peer) {
	t.Helper()
	p := listen(t, host)
	s, err := NewServer(m, p.conn, room, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return s, p
}

// echo answers n datagrams, each by itself and one octet more.
func echo(t *testing.T, s Server, n int) {
	t.Helper()
	until := time.Now().Add(patience)
	for got := 0; got < n; {
		k, err := s.Receive(100 * time.Millisecond)
		if err != nil || time.Now().After(until) {
			t.Errorf("%d datagrams of %d, error %v", got, n, err)
			return
		}
		for i := range k {
			b, from := s.Packet(i)
			s.Send(append(b, '!'), from)
		}
		s.Flush()
		got += k
	}
}

// Each peer hears the answer to each of its datagrams, whatever their sizes, and nothing else.
func TestServerAnswers(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method, host string) {
		const rounds = 100
		s, p := serve(t, m, host, 128)
		to := netip.AddrPortFrom(netip.MustParseAddr(host), p.addr.Port())
		var clients [8]peer
		for i := range clients {
			clients[i] = listen(t, host)
		}
		message := func(client, round int) []byte {
			return fmt.Appendf(nil, "%d %d %0*d", client, round, 1+round/10%3*20, 0)
		}
		for round := range rounds {
			for i, client := range clients {
				if i%3 == 1 && round > 0 && round%7 != 0 {
					continue // some say little
				}
				for range 1 + i%2*2 {
					if _, err := client.conn.WriteToUDPAddrPort(message(i, round), to); err != nil {
						t.Fatal(err)
					}
				}
			}
			n := 0
			for i := range clients {
				if !(i%3 == 1 && round > 0 && round%7 != 0) {
					n += 1 + i%2*2
				}
			}
			echo(t, s, n)
			for i, client := range clients {
				if i%3 == 1 && round > 0 && round%7 != 0 {
					continue
				}
				for range 1 + i%2*2 {
					if b, _ := client.read(t); !bytes.Equal(b, append(message(i, round), '!')) {
						t.Fatalf("client %d heard %q in round %d", i, b, round)
					}
				}
			}
		}
	})
}

// More replies than one call takes leave all the same, in their order.
func TestServerSendsMany(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method, host string) {
		s, _ := serve(t, m, host, 128)
		one, two := listen(t, host), listen(t, host)
		want := datagrams(300, 40)
		other := datagrams(300, 20)
		k := 0
		for b := range slices.Chunk(want, 40) {
			s.Send(b, one.addr)
			if k%5 == 0 { // between them one of another length for another peer
				s.Send(other[k*20:(k+1)*20], two.addr)
			}
			k++
		}
		s.Flush()
		s.Flush() // nothing is left
		one.want(t, want, 40)
		for k := 0; k < 300; k += 5 {
			if b, _ := two.read(t); !bytes.Equal(b, other[k*20:(k+1)*20]) {
				t.Fatalf("%q arrived, want %q", b, other[k*20:(k+1)*20])
			}
		}
	})
}

// Replies of different lengths to one peer are not cut where others end.
func TestServerSendsLengths(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method, host string) {
		s, _ := serve(t, m, host, 128)
		client := listen(t, host)
		for i := range 100 {
			s.Send(bytes.Repeat([]byte{byte(i)}, []int{20, 40, 40, 10, 30}[i%5]), client.addr)
		}
		s.Flush()
		for i := range 100 {
			b, _ := client.read(t)
			wantAll(t, [][]byte{b}, [][]byte{bytes.Repeat([]byte{byte(i)}, []int{20, 40, 40, 10, 30}[i%5])})
		}
	})
}

// What is longer than a datagram can be is dropped, and nothing else.
func TestServerDropsTooLong(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method, host string) {
		s, _ := serve(t, m, host, 128)
		client := listen(t, host)
		tooLong := make([]byte, MaxDatagram-1)
		for i := range 20 {
			s.Send([]byte{byte(i)}, client.addr)
			s.Send(tooLong, client.addr)
		}
		s.Flush()
		for i := range 20 {
			b, _ := client.read(t)
			wantAll(t, [][]byte{b}, [][]byte{{byte(i)}})
		}
	})
}

// A peer that has gone costs the others nothing.
func TestServerPeerGone(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method, host string) {
		s, p := serve(t, m, host, 128)
		to := netip.AddrPortFrom(netip.MustParseAddr(host), p.addr.Port())
		gone, here := listen(t, host), listen(t, host)
		gone.conn.Close()
		for range 20 {
			s.Send([]byte("to nowhere"), gone.addr)
			s.Send([]byte("here"), here.addr)
			s.Flush()
			if b, _ := here.read(t); string(b) != "here" {
				t.Fatalf("%q", b)
			}
			if _, err := here.conn.WriteToUDPAddrPort([]byte("ask"), to); err != nil {
				t.Fatal(err)
			}
			echo(t, s, 1)
			here.read(t)
		}
	})
}

// Nothing comes: that is no error. What is longer than there is room for is cut.
func TestServerReceives(t *testing.T) {
	eachMethod(t, func(t *testing.T, m Method, host string) {
		s, p := serve(t, m, host, 64)
		if n, err := s.Receive(time.Millisecond); n != 0 || err != nil {
			t.Fatalf("%d datagrams, error %v", n, err)
		}
		client := listen(t, host)
		to := netip.AddrPortFrom(netip.MustParseAddr(host), p.addr.Port())
		if _, err := client.conn.WriteToUDPAddrPort(bytes.Repeat([]byte("long"), 100), to); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Receive(patience); n != 1 || err != nil {
			t.Fatalf("%d datagrams, error %v", n, err)
		}
		if b, from := s.Packet(0); len(b) != 32 || cap(b) != 64 || from.Port() != client.addr.Port() {
			t.Errorf("%d octets with room for %d from %v, want 32 and 64 from %v", len(b), cap(b), from, client.addr)
		}
	})
}
