package egress

import "crypto/tls"

// suites are the cipher suites of TLS 1.2 that are offered: those that crypto/tls
// offers unasked, and for old servers, as senders do, static RSA and CBC with
// SHA-256. A server chooses them where it has nothing better: nothing secret is
// sent, and the certificate is verified all the same. RC4 and 3DES are not offered.
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
