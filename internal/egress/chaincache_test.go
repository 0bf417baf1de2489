package egress

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"testing"
	"time"

	"stsscan/internal/codes"
)

// cacheCases are chains that differ from a good one in something that a cache of chains could miss.
func cacheCases(t *testing.T, p pki) []verifyCase {
	leaf := func(issuer *authority, edit func(*x509.Certificate)) *authority {
		template := leafTemplate(host)
		if edit != nil {
			edit(template)
		}
		return issue(t, template, issuer)
	}
	ca := func(name string, issuer *authority, edit func(*x509.Certificate)) *authority {
		template := caTemplate(name)
		if edit != nil {
			edit(template)
		}
		return issue(t, template, issuer)
	}
	named := func(names ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.DNSNames = names }
	}

	upper := ca("upper", p.root, nil)
	lower := ca("lower", upper, nil)
	narrow := ca("narrow", p.root, func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"example.com"} })
	belowNarrow := ca("below narrow", narrow, nil)
	short := ca("short", p.root, func(c *x509.Certificate) { c.MaxPathLenZero = true })
	belowShort := ca("below short", short, nil)
	mail := ca("mail", p.root, func(c *x509.Certificate) {
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
	})
	belowMail := ca("below mail", mail, nil)
	brief := ca("brief", p.root, func(c *x509.Certificate) { c.NotAfter = noon().Add(3 * day) })
	belowBrief := ca("below brief", brief, nil)

	policy, _ := x509.OIDFromInts([]uint64{2, 23, 140, 1, 2, 1})
	required := func(c *x509.Certificate) {
		c.Policies = []x509.OID{policy}
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 36}, Critical: true,
			Value: []byte{0x30, 3, 0x80, 1, 0}}} // requireExplicitPolicy 0
	}
	explicit := ca("explicit", p.root, required)

	twin := leafTemplate(host)
	twin.Subject = p.root.cert.Subject
	twin.IssuingCertificateURL = nil
	twinOfRoot := issueKey(t, twin, p.intermediate, p.root)

	return []verifyCase{
		{"two authorities", []*authority{leaf(lower, nil), lower, upper}, ""},
		{"two authorities, another leaf", []*authority{leaf(lower, nil), lower, upper}, ""},
		{"two authorities, the upper not sent", []*authority{leaf(lower, nil), lower}, codes.TLSUnknownAuthority},
		{"two authorities, in disorder", []*authority{leaf(lower, nil), upper, lower}, ""},
		{"two authorities, another name", []*authority{leaf(lower, named("a.example")), lower, upper}, codes.TLSNameMismatch},
		{"two authorities, for clients", []*authority{leaf(lower, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
		}), lower, upper}, codes.TLSCertificate},
		{"an unknown extension", []*authority{leaf(lower, func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		}), lower, upper}, codes.TLSCertificate},

		{"within the domains of an authority above", []*authority{leaf(belowNarrow, nil), belowNarrow, narrow}, ""},
		{"outside of them", []*authority{leaf(belowNarrow, named(host, "a.example.org")), belowNarrow, narrow}, codes.TLSCertificate},
		{"leaf below an authority for leaves", []*authority{leaf(short, nil), short}, ""},
		{"leaf below an authority below it", []*authority{leaf(belowShort, nil), belowShort, short}, codes.TLSCertificate},
		{"authority for mail", []*authority{leaf(belowMail, nil), belowMail, mail}, codes.TLSCertificate},
		{"brief authority", []*authority{leaf(belowBrief, nil), belowBrief, brief}, ""},
		{"with the policy that is required", []*authority{leaf(explicit, func(c *x509.Certificate) { c.Policies = []x509.OID{policy} }), explicit}, ""},
		{"without it", []*authority{leaf(explicit, nil), explicit}, codes.TLSCertificate},
		{"with a policy that its authority has not", []*authority{leaf(p.intermediate, required), p.intermediate}, codes.TLSCertificate},
		{"the root's twin", []*authority{twinOfRoot, p.intermediate}, codes.TLSUnknownAuthority},
		{"an authority as leaf", []*authority{p.intermediate}, codes.TLSNameMismatch},
		{"a root as leaf", []*authority{p.root}, ""},
	}
}

// issueKey signs a certificate for the key of another one.
func issueKey(t *testing.T, template *x509.Certificate, issuer, of *authority) *authority {
	t.Helper()
	template.SerialNumber = of.cert.SerialNumber
	template.NotBefore, template.NotAfter = of.cert.NotBefore, of.cert.NotAfter
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.cert, of.key.Public(), issuer.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, of.key}
}

// newNamedPKI is a pki whose root has a name of the kind that leaves have, so that a leaf can be mistaken for
// it.
func newNamedPKI(t *testing.T) pki {
	template := caTemplate("root")
	template.DNSNames = []string{host}
	root := issue(t, template, nil)
	return pki{root, issue(t, caTemplate("intermediate"), root)}
}

// Every verdict is that of a verification in full, whatever was seen before, in whatever order and by however
// many at a time.
func TestChainCacheChangesNoVerdict(t *testing.T) {
	p := newNamedPKI(t)
	cases := append(verifyCases(t, p), cacheCases(t, p)...)
	late := leafTemplate(host)
	late.NotBefore = noon().Add(-day)
	cases = append(cases, verifyCase{"after the root was given up",
		[]*authority{issue(t, late, p.intermediate), p.intermediate}, codes.TLSCertificate})

	// The root is trusted for what was issued before a date.
	givenUp := func(chain []*x509.Certificate) error {
		if chain[0].NotBefore.After(noon().Add(-2 * day)) {
			return errors.New("issued too late")
		}
		return nil
	}
	roots := x509.NewCertPool()
	roots.AddCertWithConstraint(p.root.cert, givenUp)

	times := []time.Time{noon(), noon(), noon(), noon().Add(-95 * day), noon().Add(-31 * day), noon().Add(3*day + 1),
		noon().Add(61 * day)}
	type question struct {
		verifyCase
		certs []*x509.Certificate
		now   time.Time
		class codes.TLSError
		text  string
	}
	var questions []question
	for _, c := range cases {
		for i, now := range times {
			q := question{verifyCase: c, certs: c.certs(), now: now}
			class, err := verify(q.certs, host, roots, nil, now)
			q.class, q.text = class, fmt.Sprint(err)
			if i == 0 && class != c.want {
				t.Errorf("%s: %q (%v), want %q", c.title, class, err, c.want)
			}
			questions = append(questions, q)
		}
	}
	for seed := range uint64(6) {
		remembered := newChainCache()
		remembered.constraints[sumOf([]*x509.Certificate{p.root.cert})] = givenUp
		random := mathrand.New(mathrand.NewPCG(seed, 0))
		var all sync.WaitGroup
		for range 4 {
			order := random.Perm(len(questions))
			all.Go(func() {
				for _, i := range order {
					q := questions[i]
					class, err := verify(q.certs, host, roots, remembered, q.now)
					if text := fmt.Sprint(err); class != q.class || text != q.text {
						t.Errorf("seed %d: %s at %v: %q (%s), in full %q (%s)", seed, q.title, q.now, class, text, q.class, q.text)
					}
				}
			})
		}
		all.Wait()
	}
}

// What is remembered is used: a chain that is sent again is accepted without the library, and a new leaf of a
// known authority with it, but without roots.
func TestChainCacheAccepts(t *testing.T) {
	p := newPKI(t)
	leaf := func() []*x509.Certificate {
		return []*x509.Certificate{issue(t, leafTemplate(host), p.intermediate).cert, p.intermediate.cert}
	}
	first, second := leaf(), leaf()
	remembered := newChainCache()
	if remembered.accepts(first, noon()) {
		t.Fatal("accepted what was never verified")
	}
	if class, err := verify(first, host, p.roots(), remembered, noon()); err != nil {
		t.Fatal(class, err)
	}
	if !remembered.accepts(first, noon()) || !remembered.accepts(second, noon()) {
		t.Error("a leaf of a known authority is verified in full")
	}
	for range maxPlainChain {
		second = append(second, p.root.cert)
	}
	if remembered.accepts(second, noon()) {
		t.Error("accepted a list of certificates that is too long")
	}
	var none *chainCache
	if none.add(first, nil); none.accepts(first, noon()) {
		t.Error("a nil cache knows the chain")
	}
}

func TestChainCacheIsBounded(t *testing.T) {
	m := make(map[sha256Sum]int)
	for i := range 1000 {
		makeRoom(m, 10)
		m[sha256Sum{byte(i), byte(i >> 8)}] = i
	}
	if len(m) != 10 {
		t.Errorf("%d elements", len(m))
	}
}
