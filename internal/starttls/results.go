package starttls

import (
	"crypto/rand"
	"crypto/sha256"
	"net/netip"
	"time"
	"unique"

	"stsscan/internal/codes"
)

// results are those of the probes that are over: at most 128 octets for each host, since there may be very
// many, and the facts of each certificate once. Hosts are told apart by a keyed hash: two of 10^9 have the same
// with a probability below 10^-20. It is not safe for concurrent use.
type results struct {
	seed  [16]byte
	hosts map[hostHash]compact
}

// A hostHash stands for the name of a host.
type hostHash [16]byte

// A compact is a Result in 32 octets.
type compact struct {
	addr    [16]byte
	outcome unique.Handle[outcome]
	leaf    unique.Handle[leaf]
}

// An outcome is what many results have in common.
type outcome struct {
	class      codes.STARTTLS
	code       int
	tlsError   codes.TLSError
	tlsVersion string
	addrBits   int // 0: no address
	first      codes.STARTTLS
	final      bool
}

// A leaf is what Peer says of a certificate; the zero leaf is none.
type leaf struct {
	sha256   string
	notAfter time.Time
	shortKey bool
}

func newResults() results {
	k := results{hosts: make(map[hostHash]compact)}
	_, _ = rand.Read(k.seed[:]) // it never fails
	return k
}

func (k *results) hash(host string) hostHash {
	sum := sha256.Sum256(append(k.seed[:], host...))
	return hostHash(sum[:])
}

// keep keeps the result of a host's probe.
func (k *results) keep(host string, r Result) {
	c := compact{
		outcome: unique.Make(outcome{
			class: r.Class, code: r.Code, tlsError: r.TLSError, tlsVersion: r.Peer.TLSVersion, addrBits: r.Addr.BitLen(),
			first: r.First, final: r.Final,
		}),
		leaf: unique.Make(leaf{sha256: r.Peer.CertSHA256, notAfter: r.Peer.NotAfter, shortKey: r.Peer.ShortKey}),
	}
	if r.Addr.IsValid() {
		c.addr = r.Addr.As16()
	}
	k.hosts[k.hash(host)] = c
}

// get is the result of a host; ok is false where there is none.
func (k *results) get(host string) (r Result, ok bool) {
	c, ok := k.hosts[k.hash(host)]
	if !ok {
		return r, false
	}
	o, l := c.outcome.Value(), c.leaf.Value()
	r = Result{
		Class: o.class, Code: o.code, TLSError: o.tlsError,
		Peer:  Peer{TLSVersion: o.tlsVersion, CertSHA256: l.sha256, NotAfter: l.notAfter, ShortKey: l.shortKey},
		First: o.first, Final: o.final,
	}
	switch o.addrBits {
	case 32:
		r.Addr = netip.AddrFrom16(c.addr).Unmap()
	case 128:
		r.Addr = netip.AddrFrom16(c.addr)
	}
	return r, true
}
