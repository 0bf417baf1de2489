package main

import (
	"encoding/binary"
	"io"
	"net"
)

// serveDNS answers questions on UDP and TCP. It sends no reply if answer fails.
func serveDNS(addr string, answer func(network string, question []byte) ([]byte, error), failed chan<- error) error {
	packets, err := net.ListenPacket("udp", addr)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	go func() {
		for {
			question := make([]byte, 1<<12)
			n, from, err := packets.ReadFrom(question)
			if err != nil {
				failed <- err
				return
			}
			go func() {
				if reply, err := answer("udp", question[:n]); err == nil {
					_, _ = packets.WriteTo(reply, from)
				}
			}()
		}
	}()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				failed <- err
				return
			}
			go func() {
				defer conn.Close()
				for {
					question, err := readMessage(conn)
					if err != nil {
						return
					}
					reply, err := answer("tcp", question)
					if err != nil || writeMessage(conn, reply) != nil {
						return
					}
				}
			}()
		}
	}()
	return nil
}

// readMessage reads a message from a stream (RFC 7766, section 8).
func readMessage(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(r, message)
	return message, err
}

func writeMessage(w io.Writer, message []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...))
	return err
}
