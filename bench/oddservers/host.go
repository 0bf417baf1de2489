package main

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	policy = "version: STSv1\r\nmode: enforce\r\nmx: mx.example.net\r\nmax_age: 604800\r\n"
	header = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n"
	silent = 10 * time.Minute // longer than any client waits
)

// A host serves a valid policy, in the way that its fields say.
type host struct {
	config *tls.Config    // nil: no TLS
	handle func(net.Conn) // nil: net/http serves HTTP/2

	handshake, header, body time.Duration // waits before each of them
	abrupt                  bool          // closes the connection without close_notify
	length                  bool          // sends a Content-Length
}

// newHost takes the prefix of the certificate files, or -, and words:
//
//	handshake=D header=D body=D   wait before the ServerHello, the header, the second half of the body
//	abrupt                        close the connection without close_notify
//	length                        announce the length of the body
//	h2                            serve HTTP/2 only, as ALPN says
//	settings                      send the first frame of HTTP/2 to every client
//	banner close reset silent     no TLS: send a banner, close, reset, send nothing
func newHost(certificate string, words []string) (*host, error) {
	h := new(host)
	h.handle = h.respond
	if certificate != "-" {
		cert, err := tls.LoadX509KeyPair(certificate+".chain", certificate+".key")
		if err != nil {
			return nil, err
		}
		h.config = &tls.Config{Certificates: []tls.Certificate{cert}}
	} else if !slices.Contains([]string{"banner", "close", "reset", "silent"}, words[0]) {
		return nil, errors.New("no certificate")
	}
	for _, word := range words {
		if err := h.set(word); err != nil {
			return nil, err
		}
	}
	return h, nil
}

func (h *host) set(word string) error {
	name, value, _ := strings.Cut(word, "=")
	waits := map[string]*time.Duration{"handshake": &h.handshake, "header": &h.header, "body": &h.body}
	if wait := waits[name]; wait != nil {
		var err error
		*wait, err = time.ParseDuration(value)
		return err
	}
	switch word {
	case "abrupt":
		h.abrupt = true
	case "length":
		h.length = true
	case "h2":
		h.config.NextProtos = []string{"h2"}
		h.config.GetConfigForClient = h.onlyHTTP2
		h.handle = nil
	case "settings":
		h.handle = func(conn net.Conn) {
			_, _ = conn.Write([]byte{0, 0, 0, 4, 0, 0, 0, 0, 0}) // SETTINGS, empty (RFC 9113, section 6.5)
			time.Sleep(time.Second)                              // until the client has read it; a reset would overtake it
		}
	case "banner":
		h.handle = func(conn net.Conn) {
			_, _ = conn.Write([]byte("220 mail.example.net ESMTP\r\n"))
			time.Sleep(time.Second)
		}
	case "close":
		h.handle = func(net.Conn) {}
	case "reset":
		h.handle = func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1)) // the first octet of the ClientHello
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
	case "silent":
		h.handle = func(net.Conn) { time.Sleep(silent) }
	default:
		return fmt.Errorf("unknown word %q", word)
	}
	return nil
}

// listen starts serving at addr.
func (h *host) listen(addr string, failed chan<- error) error {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	if h.handle == nil {
		server := &http.Server{Handler: http.HandlerFunc(servePolicy)}
		go func() { failed <- server.Serve(tls.NewListener(listener, h.config)) }() // ServeTLS would add HTTP/1.1
		return nil
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				failed <- err
				return
			}
			go h.serve(conn)
		}
	}()
	return nil
}

// onlyHTTP2 refuses clients that do not offer h2 by ALPN. By itself, crypto/tls would serve HTTP/1.1 to a client that
// offers it, whatever NextProtos says.
func (h *host) onlyHTTP2(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	if slices.Contains(hello.SupportedProtos, "h2") {
		return nil, nil // keep the config
	}
	config := h.config.Clone()
	config.NextProtos = []string{"none"}
	return config, nil
}

func servePolicy(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	_, _ = w.Write([]byte(policy))
}

func (h *host) serve(raw net.Conn) {
	defer raw.Close()
	if h.config == nil {
		h.handle(raw)
		return
	}
	time.Sleep(h.handshake)
	conn := tls.Server(raw, h.config)
	if conn.Handshake() != nil {
		return
	}
	if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
		return
	}
	h.handle(conn)
	if !h.abrupt {
		_ = conn.Close()
	}
}

// respond sends the response, with the host's waits.
func (h *host) respond(conn net.Conn) {
	time.Sleep(h.header)
	head := header
	if h.length {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(policy))
	}
	half := len(policy) / 2
	if _, err := conn.Write([]byte(head + "\r\n" + policy[:half])); err != nil {
		return
	}
	time.Sleep(h.body)
	_, _ = conn.Write([]byte(policy[half:]))
}
