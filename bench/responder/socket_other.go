//go:build !linux

package main

import "net"

// serveOn serves a socket one packet a call.
func (s *server) serveOn(conn *net.UDPConn, o options) error {
	return s.serve(&plain{conn: conn}, o.stop)
}
