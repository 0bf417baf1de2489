package egress

import "crypto/tls"

// suites are the cipher suites of TLS 1.2 that are offered: those that crypto/tls offers by default, and, for
// old servers, static RSA and CBC with SHA-256, as senders do. A server chooses them where it has nothing
// better: nothing secret is sent, and the certificate is verified all the same. RC4 and 3DES are not offered.
func suites() []uint16 {
	offered := []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
		tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_128_CBC_SHA256,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA,
	}
	for _, suite := range tls.CipherSuites() {
		offered = append(offered, suite.ID)
	}
	return offered
}

func tlsConfig(host string, trace *Trace) *tls.Config {
	return &tls.Config{
		ServerName: host, // SNI (section 7.1)
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"http/1.1"},

		CipherSuites: suites(),
		// Verification is ours, after the handshake: crypto/tls would end it before the facts of the certificate were
		// kept.
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			trace.noteHandshake(state)
			return nil
		},
		// Without a share for ML-KEM the ClientHello fits one packet, which old middle boxes expect, and costs both
		// sides half a millisecond less.
		CurvePreferences:       []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521},
		SessionTicketsDisabled: true,
	}
}
