package simnet

import "crypto/tls"

// restrict leaves of the offers of crypto/tls those of an old server, or of one with an old key.
func (p tlsPlay) restrict(config *tls.Config) {
	switch p {
	case tlsCBCSuite:
		config.MaxVersion, config.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256}
	case tlsStaticRSA:
		config.MaxVersion, config.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA256}
	case tlsTinyKey:
		config.MaxVersion = tls.VersionTLS12 // the key is too short for a signature of TLS 1.3
	}
}

// helloOfHTTP2 is a ServerHello of TLS 1.2 (RFC 5246, section 7.4.1.3) that selects h2 (RFC 7301, section 3.1).
func helloOfHTTP2() []byte {
	alpn := []byte{0, 16, 0, 5, 0, 3, 2, 'h', '2'}
	hello := append([]byte{3, 3}, make([]byte, 32)...) // version, random
	hello = append(hello, 0, 0xc0, 0x2b, 0)            // no session, ECDHE-ECDSA-AES128-GCM-SHA256, no compression
	hello = append(hello, 0, byte(len(alpn)))
	hello = append(hello, alpn...)
	hello = append([]byte{2, 0, 0, byte(len(hello))}, hello...)
	return append([]byte{22, 3, 3, 0, byte(len(hello))}, hello...)
}
