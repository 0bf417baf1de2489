package simnet

import (
	"bytes"
	"crypto/tls"
	"net"
)

// hostile plays the handshakes of hostile servers. It changes config where crypto/tls can play them; an error
// ends the handshake.
func (h *handshake) hostile(config *tls.Config) error {
	switch h.site.tls {
	case tlsStrange:
		return h.instead([]byte{22, 3, 3, 0, 4, 99, 0, 0, 0})
	case tlsAlertFlood:
		return h.flood([]byte{21, 3, 3, 0, 2, 1, 90}) // user_canceled, a warning
	case tlsEmptyFlood:
		return h.flood([]byte{22, 3, 3, 0, 0})
	case tlsEndlessMessage:
		const size = 16 << 10
		h.raw.Write(append([]byte{22, 3, 3, 0, 4, 2}, 0x7f, 0xff, 0xff))
		return h.flood(append([]byte{22, 3, 3, size >> 8, size & 0xff}, make([]byte, size)...))
	case tlsEnd:
		return h.instead(nil)
	case tlsDrip:
		h.slow = true
	case tlsClientCert:
		config.ClientAuth = tls.RequireAnyClientCert
	case tlsHTTP2Only:
		return h.instead(alert(alertNoProtocol)) // crypto/tls would let HTTP/1.1 pass
	case tlsForcedHTTP2:
		return h.instead(helloOfHTTP2())
	}
	return nil
}

// flood sends a record until the peer is gone.
func (h *handshake) flood(record []byte) error {
	many := bytes.Repeat(record, max(1, 4096/len(record)))
	for {
		if _, err := h.raw.Write(many); err != nil {
			return h.instead(nil)
		}
	}
}

// dripped writes an octet a second.
func dripped(raw net.Conn, data []byte) (n int, err error) {
	for n = range data {
		if !linger(raw, dripInterval) {
			return n, net.ErrClosed
		}
		if _, err := raw.Write(data[n : n+1]); err != nil {
			return n, err
		}
	}
	return len(data), nil
}
