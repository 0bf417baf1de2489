package simnet

import "crypto/tls"

// restrict leaves of what crypto/tls offers as much as a server has that is old, or
// has a key that is.
func (p tlsPlay) restrict(config *tls.Config) {
	switch p {
	case tlsTinyKey:
		config.MaxVersion = tls.VersionTLS12 // the key is too short for a signature of TLS 1.3
	}
}
