package egress

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// A chainCache remembers chains that passed [x509.Certificate.Verify], so that the signatures of authorities
// that thousands of hosts send, and those of leaves that many hosts share, are verified once. It may be used
// concurrently; a nil chainCache remembers nothing.
//
// It only ever says yes, and only where the library would: what it does not know is verified in full, so that
// every refusal is the library's. It is asked about exactly what one host sent, and answers from what was
// learned when exactly that was sent before: a chain is never completed with certificates of other hosts.
type chainCache struct {
	constraints map[sha256Sum]func([]*x509.Certificate) error // of roots that the bundle trusts with conditions

	mu          sync.RWMutex
	authorities map[sha256Sum][]authorityPath // by all that was sent, the leaf apart
	leaves      map[sha256Sum][]validity      // by all that was sent
}

type sha256Sum = [sha256.Size]byte

// An authorityPath leads from the certificate that signs leaves to a root. It demands nothing of leaves: it has
// no name constraints, no policies, and no path lengths but its own.
type authorityPath struct {
	certs    []*x509.Certificate
	anchors  *x509.CertPool // of the first of certs, as trust anchor
	validity validity
}

// A validity is the time in which all certificates of a path are valid.
type validity struct{ first, last time.Time }

func (v validity) includes(now time.Time) bool { return !now.Before(v.first) && !now.After(v.last) }

const (
	maxAuthorityPaths = 1 << 10
	maxLeaves         = 1 << 16

	// maxPlainChain is how many certificates of one host are remembered together. Longer lists are verified each
	// time.
	maxPlainChain = 8
)

func newChainCache() *chainCache {
	c := &chainCache{
		constraints: make(map[sha256Sum]func([]*x509.Certificate) error),
		authorities: make(map[sha256Sum][]authorityPath),
		leaves:      make(map[sha256Sum][]validity),
	}
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			c.constraints[sha256.Sum256(root.Certificate)] = root.Constraint
		}
	}
	return c
}

// accepts reports whether certs, as a host sent them, are known to lead to a trusted root at the time now.
// False is no verdict.
func (c *chainCache) accepts(certs []*x509.Certificate, now time.Time) bool {
	if c == nil || len(certs) > maxPlainChain {
		return false
	}
	leaf := certs[0]
	c.mu.RLock()
	leaves := c.leaves[sumOf(certs)]
	var paths []authorityPath
	if !slices.ContainsFunc(leaves, func(v validity) bool { return v.includes(now) }) {
		paths = c.authorities[sumOf(certs[1:])]
		leaves = nil
	}
	c.mu.RUnlock()
	if leaves != nil {
		return true
	}
	for _, path := range paths {
		if path.validity.includes(now) && c.verifies(leaf, path, now) {
			c.store(certs, nil, []validity{path.validity.with(leaf)})
			return true
		}
	}
	return false
}

// verifies reports whether the path, which was verified before, leads to the leaf too. The library verifies the
// leaf with its signer as trust anchor.
func (c *chainCache) verifies(leaf *x509.Certificate, path authorityPath, now time.Time) bool {
	if !bytes.Equal(leaf.RawIssuer, path.certs[0].RawSubject) || constrainsOthers(leaf) {
		return false
	}
	for _, cert := range path.certs {
		if bytes.Equal(cert.RawSubject, leaf.RawSubject) &&
			bytes.Equal(cert.RawSubjectPublicKeyInfo, leaf.RawSubjectPublicKeyInfo) {
			return false // a certificate is not in a chain twice
		}
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: path.anchors, Intermediates: x509.NewCertPool(), CurrentTime: now, KeyUsages: forServers(),
	})
	if err != nil {
		return false
	}
	top := len(path.certs) - 1
	constraint := c.constraints[sha256.Sum256(path.certs[top].Raw)]
	return constraint == nil || constraint(append([]*x509.Certificate{leaf}, path.certs[:top]...)) == nil
}

// add keeps the chains that the library found for what a host sent.
func (c *chainCache) add(certs []*x509.Certificate, chains [][]*x509.Certificate) {
	if c == nil || len(certs) > maxPlainChain || twoOfOneSubject(certs[1:]) {
		return
	}
	var paths []authorityPath
	var leaves []validity
	for _, chain := range chains {
		leaf, above := chain[0], chain[1:]
		if len(above) == 0 {
			continue // a leaf that is a root: nothing was verified
		}
		path := authorityPath{certs: above, anchors: x509.NewCertPool()}
		path.anchors.AddCert(above[0])
		path.validity = commonValidity(above)
		leaves = append(leaves, path.validity.with(leaf))
		if len(above) > 1 && !slices.ContainsFunc(above, constrainsOthers) {
			paths = append(paths, path)
		}
	}
	c.store(certs, paths, leaves)
}

func (c *chainCache) store(certs []*x509.Certificate, paths []authorityPath, leaves []validity) {
	all, above := sumOf(certs), sumOf(certs[1:])
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(leaves) > 0 {
		makeRoom(c.leaves, maxLeaves)
		c.leaves[all] = leaves
	}
	if len(paths) > 0 {
		makeRoom(c.authorities, maxAuthorityPaths)
		c.authorities[above] = paths
	}
}

// with is the part of it in which cert is valid too.
func (v validity) with(cert *x509.Certificate) validity {
	if cert.NotBefore.After(v.first) {
		v.first = cert.NotBefore
	}
	if cert.NotAfter.Before(v.last) {
		v.last = cert.NotAfter
	}
	return v
}

// makeRoom forgets one element of a map that has as many as it may have.
func makeRoom[K comparable, V any](m map[K]V, most int) {
	if len(m) < most {
		return
	}
	for key := range m {
		delete(m, key)
		return
	}
}

// sumOf identifies certificates in the order in which they were sent.
func sumOf(certs []*x509.Certificate) (sum sha256Sum) {
	h := sha256.New()
	for _, cert := range certs {
		h.Write(cert.Raw) // DER says where it ends
	}
	h.Sum(sum[:0])
	return sum
}

// twoOfOneSubject reports whether an authority was sent twice, as when it is cross-signed. The search of the
// library may branch then, and end early.
func twoOfOneSubject(certs []*x509.Certificate) bool {
	for i, cert := range certs {
		for _, other := range certs[:i] {
			if bytes.Equal(cert.RawSubject, other.RawSubject) {
				return true
			}
		}
	}
	return false
}

// constrainsOthers reports whether a certificate demands something of the others in its chain beyond use and
// length: name constraints, and policies that are required, mapped or inhibited (RFC 5280, sections 4.2.1.5,
// 4.2.1.10, 4.2.1.11 and 4.2.1.14).
func constrainsOthers(cert *x509.Certificate) bool {
	const nameConstraints, policyMappings, policyConstraints, inhibitAnyPolicy = 30, 33, 36, 54
	for _, extension := range cert.Extensions {
		if id := extension.Id; len(id) == 4 && id[:3].Equal(asn1.ObjectIdentifier{2, 5, 29}) {
			switch id[3] {
			case nameConstraints, policyMappings, policyConstraints, inhibitAnyPolicy:
				return true
			}
		}
	}
	return false
}

func forServers() []x509.ExtKeyUsage { return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }

// commonValidity is the time in which all certificates are valid. Where there is none, last is before first.
func commonValidity(certs []*x509.Certificate) validity {
	common := validity{certs[0].NotBefore, certs[0].NotAfter}
	for _, cert := range certs[1:] {
		common = common.with(cert)
	}
	return common
}
