package simnet

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"
)

// serveHost is the server side of one connection to port 443 of an address.
func (w *World) serveHost(raw net.Conn, at netip.Addr) {
	h := handshake{world: w, raw: raw, at: at}
	conn := tls.Server(&h, &tls.Config{GetConfigForClient: h.configure})
	if err := conn.Handshake(); err != nil {
		switch {
		case h.stay:
			linger(raw, 0)
		case !h.muted:
			// An alert after the client's last message crosses its request: closed now, the socket would answer that
			// with an RST, which overtakes the alert.
			linger(raw, alertTime)
		}
		return
	}
	serveWeb(conn, raw, h.name, h.site)
}

// alertTime is how long a host leaves a peer to read its alert.
const alertTime = time.Second

// A handshake is the connection under crypto/tls until the ClientHello has named the host. Where that host has
// no handshake to offer, it sends its own bytes instead and drops those of crypto/tls.
type handshake struct {
	world *World
	raw   net.Conn
	at    netip.Addr
	name  string // Server Name Indication
	site  site
	muted bool // crypto/tls has no say any more
	stay  bool // the connection is left open
	slow  bool // an octet a second
	mail  bool // after STARTTLS, on port 25
}

func (h *handshake) Write(p []byte) (int, error) {
	if h.muted {
		return len(p), nil
	}
	if h.slow {
		return dripped(h.raw, p)
	}
	return h.raw.Write(p)
}

func (h *handshake) Read(p []byte) (int, error)         { return h.raw.Read(p) }
func (h *handshake) Close() error                       { return h.raw.Close() }
func (h *handshake) LocalAddr() net.Addr                { return h.raw.LocalAddr() }
func (h *handshake) RemoteAddr() net.Addr               { return h.raw.RemoteAddr() }
func (h *handshake) SetDeadline(t time.Time) error      { return h.raw.SetDeadline(t) }
func (h *handshake) SetReadDeadline(t time.Time) error  { return h.raw.SetReadDeadline(t) }
func (h *handshake) SetWriteDeadline(t time.Time) error { return h.raw.SetWriteDeadline(t) }

// Alert descriptions (RFC 8446, section 6; RFC 6066, section 3).
const (
	alertHandshakeFailure     = 40
	alertInsufficientSecurity = 71
	alertInternalError        = 80
	alertUnrecognizedName     = 112
	alertNoProtocol           = 120 // no_application_protocol (RFC 7301)
)

// configure is called by crypto/tls once it has read the ClientHello.
func (h *handshake) configure(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	h.name = strings.ToLower(hello.ServerName)
	config := &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, SessionTicketsDisabled: true,
	}
	if h.mail {
		config.NextProtos = nil
	}
	if !h.mail && h.world.src.tcp(h.at.Unmap()) == tcpNoHandshake {
		return nil, h.instead(alert(alertHandshakeFailure))
	}
	if h.name == "" && h.world.src.tcp(h.at.Unmap()) == tcpNameless {
		return h.certified(config, defaultHoster)
	}
	if h.name == "" {
		// RFC 8461, section 7.1: clients must send SNI.
		return nil, h.instead(alert(alertUnrecognizedName))
	}
	if h.site = h.world.src.site(h.name); h.mail {
		h.site = h.world.src.mailSite(h.name)
	}
	if d := h.site.delay.handshake; d > 0 && !linger(h.raw, d) {
		return nil, h.instead(nil)
	}
	switch h.site.tls {
	case tlsNoCertForName:
		return nil, h.instead(alert(alertUnrecognizedName))
	case tlsHandshakeFailure:
		return nil, h.instead(alert(alertHandshakeFailure))
	case tlsInsufficient:
		return nil, h.instead(alert(alertInsufficientSecurity))
	case tlsInternalError:
		return nil, h.instead(alert(alertInternalError))
	case tlsPlainHTTP:
		return nil, h.instead([]byte("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n" +
			"Connection: close\r\n\r\n"))
	case tlsNotTLS:
		return nil, h.instead([]byte("220 mail.example.net ESMTP\r\n"))
	case tlsSilent:
		h.stay = true
		return nil, h.instead(nil)
	case tlsReset:
		reset(h.raw)
		return nil, h.instead(nil)
	case tlsOldVersion:
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	default:
		if err := h.hostile(config); err != nil {
			return nil, err
		}
	}
	h.site.tls.restrict(config)
	return h.certified(config, h.name)
}

// certified adds the certificate for a name.
func (h *handshake) certified(config *tls.Config, name string) (*tls.Config, error) {
	cert, err := h.world.pki.chain(name, h.site, time.Now())
	if err != nil {
		return nil, err
	}
	config.Certificates = []tls.Certificate{*cert}
	return config, nil
}

// instead sends what takes the place of a handshake, which its error ends.
func (h *handshake) instead(data []byte) error {
	h.raw.Write(data)
	h.muted = true
	return errors.New("no handshake for " + h.name)
}

// alert is a record with a fatal alert.
func alert(description byte) []byte {
	return []byte{21, 3, 3, 0, 2, 2, description}
}

// linger reads and drops what the peer sends, for a time or, when it is 0, for ever. It says whether the peer
// is still there.
func linger(raw net.Conn, d time.Duration) bool {
	if d > 0 {
		raw.SetReadDeadline(time.Now().Add(d))
		defer raw.SetReadDeadline(time.Time{})
	}
	_, err := io.Copy(io.Discard, raw)
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// reset ends a connection with an RST.
func reset(conn net.Conn) {
	switch c := conn.(type) {
	case *pipeConn:
		c.reset()
	case *net.TCPConn:
		c.SetLinger(0)
		c.Close()
	default:
		c.Close()
	}
}
