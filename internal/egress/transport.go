// Package egress connects to addresses that others chose: it has a dialer and an HTTP transport for Policy
// Hosts (RFC 8461, section 3.3), whose addresses, certificates and responses may be hostile. No other package
// opens such connections.
//
// A host name is resolved once. The guard looks at each address, the literal address is dialled, and the guard
// looks at it again at the socket; it has no off switch. TLS is 1.2 or higher with the host's name as SNI, and
// the certificate is verified against the given roots, after its facts were kept. HTTP is 1.1, one request a
// connection. Redirects are not followed, proxies of the environment are not used, nothing is decoded, no
// cookie is kept.
//
// It does not resolve names itself, does not check revocation, does not complete chains, and leaves status and
// body of a response to its caller, who bounds time and size of the body too.
package egress

import (
	"fmt"
	"strings"
)

// A Transport is an http.RoundTripper for Policy Hosts: GET requests of https URLs on port 443, each on a
// connection of its own. It may be used concurrently.
type Transport struct {
	config          Config
	dialer          *Dialer
	chains          *chainCache   // nil: chains are not remembered
	handshakes      chan struct{} // one element for each handshake going on
	served          *servedAddrs  // what is known of addresses
	largeHandshakes chan struct{} // one element for each open connection whose handshake was large
}

// NewTransport makes a Transport. It connects to nothing.
func NewTransport(c Config) (*Transport, error) {
	dialer, err := NewDialer(c)
	if err != nil {
		return nil, err
	}
	t := &Transport{config: c.withDefaults(), dialer: dialer, served: newServed()}
	if strings.ContainsFunc(t.config.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil, fmt.Errorf("egress: user agent %q: not printable ASCII", t.config.UserAgent)
	}
	if t.config.Roots == nil {
		if t.config.Roots, _, err = BundleRoots(); err != nil {
			return nil, err
		}
	}
	if !c.VerifyInFull {
		t.chains = newChainCache()
	}
	t.handshakes = make(chan struct{}, t.config.Handshakes)
	t.largeHandshakes = make(chan struct{}, maxLargeHandshakes)
	return t, nil
}

// Manners says what the manners have cost so far.
func (t *Transport) Manners() MannersCounts { return t.dialer.limiter.Counts() }

// Connections counts those of the Transport and of its MailDialers together. A connection is open from dialling
// to its end.
func (t *Transport) Connections() Connections { return t.dialer.limiter.Connections() }

// Families says by which address families Policy Hosts and mail servers are connected to.
func (t *Transport) Families() (ipv4, ipv6 bool) { return t.dialer.ipv4, t.dialer.ipv6 }
