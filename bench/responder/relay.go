package main

import (
	"bufio"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
)

// A relay passes some questions to another server: those about listed domains, and those that a scan asks only about
// domains with a record. So a few domains can have a whole Internet behind them, while the responder answers all
// others at full speed.
type relay struct {
	domains map[string]bool // lower case, without the final dot
	back    func(b []byte, to netip.AddrPort)
	to      *net.UDPConn
	name    []byte

	mu      sync.Mutex
	waiting map[uint16]waiter // by the id of the question to the other server
	id      uint16
}

// A waiter is a client and the id of its question.
type waiter struct {
	client netip.AddrPort
	id     uint16
}

// newRelay returns a relay to the server at addr, for the domains of a file with one a line. Replies go to back.
// Closing the connection ends it.
func newRelay(addr, file string, back func([]byte, netip.AddrPort)) (*relay, error) {
	at, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, err
	}
	r := &relay{domains: make(map[string]bool), back: back, waiting: make(map[uint16]waiter)}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		r.domains[strings.ToLower(lines.Text())] = true
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	r.to, err = net.DialUDP("udp", nil, at)
	return r, err
}

// wants says whether a question is for the other server. All are, except for the record of a domain that is not in the
// file.
func (r *relay) wants(b []byte, q question) bool {
	if !q.sts || q.qtype != typeTXT {
		return true
	}
	r.name = r.name[:0]
	for p := q.domain; b[p] != 0; p += 1 + int(b[p]) {
		if len(r.name) > 0 {
			r.name = append(r.name, '.')
		}
		for _, c := range b[p+1 : p+1+int(b[p])] {
			r.name = append(r.name, lower(c))
		}
	}
	return r.domains[string(r.name)]
}

// ask passes a question on. If its id is still in use by an older question, the newer one takes it over.
func (r *relay) ask(b []byte, client netip.AddrPort) {
	r.mu.Lock()
	r.id++
	id := r.id
	r.waiting[id] = waiter{client, binary.BigEndian.Uint16(b)}
	r.mu.Unlock()
	own := binary.BigEndian.Uint16(b)
	binary.BigEndian.PutUint16(b, id)
	r.to.Write(b)
	binary.BigEndian.PutUint16(b, own)
}

// serve passes replies back until the connection is closed.
func (r *relay) serve() {
	b := make([]byte, 1<<16)
	for {
		n, err := r.to.Read(b)
		if err != nil && n == 0 {
			if isClosed(err) {
				return
			}
			continue
		}
		if n < header {
			continue
		}
		id := binary.BigEndian.Uint16(b)
		r.mu.Lock()
		w, ok := r.waiting[id]
		delete(r.waiting, id)
		r.mu.Unlock()
		if ok {
			binary.BigEndian.PutUint16(b, w.id)
			r.back(b[:n], w.client)
		}
	}
}
