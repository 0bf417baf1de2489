package main

import (
	"net"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const resolverTimeout = 10 * time.Second

// serveForwarder serves a forwarder that strips the authority section from replies, as some middleboxes do.
func serveForwarder(addr, resolver string, failed chan<- error) error {
	return serveDNS(addr, func(network string, question []byte) ([]byte, error) {
		reply, err := forward(network, resolver, question)
		if err != nil {
			return nil, err
		}
		return strip(reply)
	}, failed)
}

// forward asks the resolver.
func forward(network, resolver string, question []byte) ([]byte, error) {
	conn, err := net.DialTimeout(network, resolver, resolverTimeout)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(resolverTimeout)); err != nil {
		return nil, err
	}
	if network == "tcp" {
		if err := writeMessage(conn, question); err != nil {
			return nil, err
		}
		return readMessage(conn)
	}
	if _, err := conn.Write(question); err != nil {
		return nil, err
	}
	reply := make([]byte, 1<<16)
	n, err := conn.Read(reply)
	return reply[:n], err
}

// strip removes the authority section from a reply.
func strip(packed []byte) ([]byte, error) {
	var reply dnsmessage.Message
	if err := reply.Unpack(packed); err != nil {
		return nil, err
	}
	reply.Authorities = nil
	return reply.Pack()
}
