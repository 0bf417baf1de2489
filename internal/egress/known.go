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

// known remembers chains that passed [x509.Certificate.Verify], so that the
// signatures of authorities that thousands of hosts send, and those of leaves
// that many hosts share, are verified once. It may be used concurrently; a nil
// known remembers nothing.
//
// It only ever says yes, and only where the library would: what it does not know
// is verified in full, so that every refusal is the library's. It is asked about
// exactly what one host sent, and answers from what was learned when exactly that
// was sent before: a chain is never completed with certificates of other hosts.
type known struct {
	constraints map[sha256Sum]func([]*x509.Certificate) error // of roots that the bundle trusts with conditions

	mu          sync.RWMutex
	authorities map[sha256Sum][]authorityPath // by all that was sent, the leaf apart
	leaves      map[sha256Sum][]validity      // by all that was sent
}

type sha256Sum = [sha256.Size]byte

// An authorityPath leads from the certificate that signs leaves to a root. It
// says nothing about leaves: no name constraints, no policies, no lengths other
// than that of the path itself.
type authorityPath struct {
	certs []*x509.Certificate
	pool  *x509.CertPool // of the first of certs, as trust anchor
	validity
}

// A validity is the time in which all certificates of a path are valid.
type validity struct{ first, last time.Time }

func (v validity) includes(now time.Time) bool { return !now.Before(v.first) && !now.After(v.last) }

const (
	maxKnownAuthorities = 1 << 10
	maxKnownLeaves      = 1 << 16

	// maxPlainChain is how many certificates of one host are remembered
	// together. Longer lists are of strangers who want to be looked at.
	maxPlainChain = 8
)

func newKnown() *known {
	k := &known{
		constraints: make(map[sha256Sum]func([]*x509.Certificate) error),
		authorities: make(map[sha256Sum][]authorityPath),
		leaves:      make(map[sha256Sum][]validity),
	}
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			k.constraints[sha256.Sum256(root.Certificate)] = root.Constraint
		}
	}
	return k
}

// accepts reports whether certs, as a host sent them, lead to a trusted root at
// the time now. That it does not is no verdict.
func (k *known) accepts(certs []*x509.Certificate, now time.Time) bool {
	if k == nil || len(certs) > maxPlainChain {
		return false
	}
	leaf := certs[0]
	k.mu.RLock()
	leaves := k.leaves[sumOf(certs)]
	var paths []authorityPath
	if !slices.ContainsFunc(leaves, func(v validity) bool { return v.includes(now) }) {
		paths = k.authorities[sumOf(certs[1:])]
		leaves = nil
	}
	k.mu.RUnlock()
	if leaves != nil {
		return true
	}
	for _, path := range paths {
		if path.includes(now) && k.leads(leaf, path, now) {
			k.remember(certs, nil, []validity{path.with(leaf)})
			return true
		}
	}
	return false
}

// leads reports whether the path, which was verified before, is one for the
// leaf too: the library judges leaf and signer, with the signer as trust anchor.
func (k *known) leads(leaf *x509.Certificate, path authorityPath, now time.Time) bool {
	if !bytes.Equal(leaf.RawIssuer, path.certs[0].RawSubject) || speaksOfOthers(leaf) {
		return false
	}
	for _, cert := range path.certs {
		if bytes.Equal(cert.RawSubject, leaf.RawSubject) && bytes.Equal(cert.RawSubjectPublicKeyInfo, leaf.RawSubjectPublicKeyInfo) {
			return false // a certificate is not in a chain twice
		}
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: path.pool, Intermediates: x509.NewCertPool(), CurrentTime: now, KeyUsages: forServers()})
	if err != nil {
		return false
	}
	top := len(path.certs) - 1
	constraint := k.constraints[sha256.Sum256(path.certs[top].Raw)]
	return constraint == nil || constraint(append([]*x509.Certificate{leaf}, path.certs[:top]...)) == nil
}

// learn keeps the chains that the library found for what a host sent.
func (k *known) learn(certs []*x509.Certificate, chains [][]*x509.Certificate) {
	if k == nil || len(certs) > maxPlainChain || twoOfOneSubject(certs[1:]) {
		return
	}
	var paths []authorityPath
	var leaves []validity
	for _, chain := range chains {
		leaf, above := chain[0], chain[1:]
		if len(above) == 0 {
			continue // a leaf that is a root: nothing was verified
		}
		path := authorityPath{certs: above, pool: x509.NewCertPool()}
		path.pool.AddCert(above[0])
		path.first, path.last = common(above)
		leaves = append(leaves, path.with(leaf))
		if len(above) > 1 && !slices.ContainsFunc(above, speaksOfOthers) {
			paths = append(paths, path)
		}
	}
	k.remember(certs, paths, leaves)
}

func (k *known) remember(certs []*x509.Certificate, paths []authorityPath, leaves []validity) {
	all, above := sumOf(certs), sumOf(certs[1:])
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(leaves) > 0 {
		makeRoom(k.leaves, maxKnownLeaves)
		k.leaves[all] = leaves
	}
	if len(paths) > 0 {
		makeRoom(k.authorities, maxKnownAuthorities)
		k.authorities[above] = paths
	}
}

// with is the time in which the leaf is valid too.
func (v validity) with(leaf *x509.Certificate) validity {
	if leaf.NotBefore.After(v.first) {
		v.first = leaf.NotBefore
	}
	if leaf.NotAfter.Before(v.last) {
		v.last = leaf.NotAfter
	}
	return v
}

// makeRoom forgets one of most elements.
func makeRoom[K comparable, V any](m map[K]V, most int) {
	if len(m) < most {
		return
	}
	for key := range m {
		delete(m, key)
		return
	}
}

// sumOf is the identity of certificates in the order in which they were sent.
func sumOf(certs []*x509.Certificate) (sum sha256Sum) {
	h := sha256.New()
	for _, cert := range certs {
		h.Write(cert.Raw) // DER says where it ends
	}
	h.Sum(sum[:0])
	return sum
}

// twoOfOneSubject reports whether an authority was sent twice, as when it is
// cross-signed. Then the library's search may branch, and end early.
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

// speaksOfOthers reports whether what a certificate says of the others in its
// chain goes beyond use and length: name constraints, and policies that are
// required, mapped or inhibited (RFC 5280, sections 4.2.1.5, 4.2.1.10, 4.2.1.11
// and 4.2.1.14).
func speaksOfOthers(cert *x509.Certificate) bool {
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
