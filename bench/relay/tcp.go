package main

import (
	"io"
	"net"
	"time"
)

// accept passes connections on until the listener is closed. In mode refuse it closes them at once; in mode silent it
// keeps them open and says nothing.
func (r *relay) accept() {
	for {
		c, err := r.tcp.Accept()
		if err != nil {
			if r.closed(err) {
				return
			}
			continue
		}
		r.mu.Lock()
		m := r.mode
		r.conns[c] = true
		r.mu.Unlock()
		r.running.Go(func() {
			switch m {
			case serve:
				r.pass(c)
			case silent:
				_, _ = io.Copy(io.Discard, c)
			}
			c.Close()
			r.mu.Lock()
			delete(r.conns, c)
			r.mu.Unlock()
		})
	}
}

// pass passes a connection on until one side ends it.
func (r *relay) pass(c net.Conn) {
	server, err := net.DialTimeout("tcp", r.to.String(), 5*time.Second)
	if err != nil {
		return
	}
	defer server.Close()
	done := make(chan struct{}, 2)
	for _, ends := range [][2]net.Conn{{server, c}, {c, server}} {
		go func() {
			_, _ = io.Copy(ends[0], ends[1])
			done <- struct{}{}
		}()
	}
	<-done
}
