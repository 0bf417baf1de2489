package simnet

import "crypto/tls"

// restrict leaves of what crypto/tls offers as much as a server has that is old, or
// has a key that is.
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
