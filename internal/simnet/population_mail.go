package simnet

import (
	"fmt"
	"strings"
)

// A mailKind is the kind of answer to the MX question of a domain.
type mailKind uint8

const (
	mailMX       mailKind = iota // an MX RRset
	mailImplicit                 // no MX, an address: RFC 5321, section 5.1
	mailNull                     // the null MX of RFC 7505
	mailPseudo                   // a host that is none, such as localhost
	mailNone                     // neither MX nor address
	mailServfail                 // the name servers fail
)

// mailKinds weighs the kinds for domains without and with a record. In zones 73.5 % of the domains have MX (a
// Swiss scan of 2026), in top lists 72 % (Tranco, the first 100,000, August 2025). The rest is a guess.
func mailKinds(model string, bears bool) wheel {
	switch {
	case bears && made(model):
		return newWheel(90, 3, 2, 2, 2, 1)
	case bears:
		return newWheel(98.8, 0.5, 0.2, 0.2, 0.3)
	case model == modelTop:
		return newWheel(71.7, 20.5, 4, 0.3, 3.5)
	}
	return newWheel(73.2, 20.5, 4, 0.3, 2)
}

// An mxHost is one MX record.
type mxHost struct {
	name       string
	preference uint16
}

// A mailOperator is a row of the table below.
type mailOperator struct {
	name  string
	share float64 // of the domains with MX, in percent
	zone  string  // that holds the hosts; empty: the domain's own
	hosts func(domain string, d draw) []mxHost
	cover []string // patterns with a wildcard that cover the hosts; none: one is made from the domain
}

// mailOperators is the table of who receives mail: shares of the providers among the domains with MX in the
// Tranco list's first 100,000, August 2025. The long tail is cut down to hosts of the domain's own. In worlds
// that are made for tests some of these are aliases.
func mailOperators(model string) []mailOperator {
	return []mailOperator{
		{name: "google", share: 30, zone: "google.com",
			hosts: mxList("aspmx.l.google.com", "alt1.aspmx.l.google.com", "alt2.aspmx.l.google.com", "alt3.aspmx.l.google.com", "alt4.aspmx.l.google.com"),
			cover: []string{"aspmx.l.google.com", "*.aspmx.l.google.com"}},
		{name: "googlemail", share: 12, zone: "google.com",
			hosts: mxList("aspmx.l.google.com", "alt1.aspmx.l.google.com", "alt2.aspmx.l.google.com", "aspmx2.googlemail.com", "aspmx3.googlemail.com"),
			cover: []string{"aspmx.l.google.com", "*.aspmx.l.google.com", "*.googlemail.com"}},
		{name: "microsoft", share: 18, zone: "outlook.com",
			hosts: func(domain string, _ draw) []mxHost {
				return []mxHost{{hostLabelOf(domain) + ".mail.protection.outlook.com", 0}}
			},
			cover: []string{"*.mail.protection.outlook.com"}},
		{name: "proofpoint", share: 4.6, zone: "pphosted.com",
			hosts: func(_ string, d draw) []mxHost {
				customer := fmt.Sprintf("%08x", uint32(d.bits(forMailHosts)))
				return []mxHost{{"mx0a-" + customer + ".pphosted.com", 10}, {"mx0b-" + customer + ".pphosted.com", 10}}
			},
			cover: []string{"*.pphosted.com"}},
		{name: "mimecast", share: 2.3, zone: "mimecast.com",
			hosts: mxList("us-smtp-inbound-1.mimecast.com", "us-smtp-inbound-2.mimecast.com"), cover: []string{"*.mimecast.com"}},
		{name: "amazon", share: 1.5, zone: "amazonaws.com",
			hosts: mxList("inbound-smtp.us-east-1.amazonaws.com"), cover: []string{"*.us-east-1.amazonaws.com"}},
		{name: "cloudflare", share: 1.3, zone: "cloudflare.net",
			hosts: mxList("route1.mx.cloudflare.net", "route2.mx.cloudflare.net", "route3.mx.cloudflare.net"), cover: []string{"*.mx.cloudflare.net"}},
		{name: "yandex", share: 1.2, zone: "yandex.net",
			hosts: mxList("mx.yandex.net"), cover: []string{"*.yandex.net"}},
		{name: "registrar", share: 1.1, zone: "registrar-servers.com",
			hosts: mxList("eforward1.registrar-servers.com", "eforward2.registrar-servers.com", "eforward3.registrar-servers.com"),
			cover: []string{"*.registrar-servers.com"}},
		{name: "zoho", share: 0.9, zone: "zoho.com",
			hosts: mxList("mx.zoho.com", "mx2.zoho.com", "mx3.zoho.com"), cover: []string{"*.zoho.com"}},
		{name: "tutanota", share: 0.2, zone: "tutanota.de", hosts: mxList("mail.tutanota.de"), cover: []string{"*.tutanota.de"}},
		{name: "portfolio", share: 0.1, zone: "mxascen.com", hosts: mxList("mx.l.mxascen.com"), cover: []string{"*.l.mxascen.com"}},
		{name: "self", share: 26.8,
			hosts: func(domain string, d draw) []mxHost {
				if made(model) && len(domain) <= maxDomain && d.chance(forMailAlias, 0.15) {
					return []mxHost{{aliasedMailLabel + domain, 10}}
				}
				if d.chance(forMailHosts, 0.65) {
					return []mxHost{{pick(d.sub(forMailHosts, 1), forMailHosts, "mail.", "mx.", "smtp.") + domain, 10}}
				}
				return []mxHost{{"mx1." + domain, 10}, {"mx2." + domain, 20}}
			}},
	}
}

// mxList are hosts that are the same for every domain, in order of preference.
func mxList(names ...string) func(string, draw) []mxHost {
	hosts := make([]mxHost, len(names))
	for i, name := range names {
		hosts[i] = mxHost{name, uint16(5 * (i + 1))}
	}
	return func(string, draw) []mxHost { return hosts }
}

// hostLabelOf makes one label of a domain as Microsoft does, with hyphens for the dots, cut to the length of a
// label.
func hostLabelOf(domain string) string {
	label := strings.ReplaceAll(domain, ".", "-")
	return strings.Trim(label[:min(len(label), 63)], "-_")
}

// A mail is how a domain receives mail.
type mail struct {
	kind     mailKind
	operator *mailOperator
	hosts    []mxHost // of kind mailMX and mailPseudo
	null     *mxHost  // the null MX, of kind mailNull; of mailMX one that should not be there
}

// mailOf draws how a domain receives mail. A domain with a record nearly always has an MX.
func (p *population) mailOf(f *fate) mail {
	if f.isService() {
		return mail{kind: mailNone}
	}
	m := mail{kind: mailKind(p.mailKinds[btoi(f.bears)].at(f.draw.unit(forMail)))}
	if f.operator != nil && f.operator.mail != "" {
		m.kind = mailMX // the operator of the policy receives the mail
	}
	if m.kind == mailNone && (p.isMailHost(f) || isServerName(f.domain)) {
		m.kind = mailImplicit // others' mail or redirects come here: it has an address
	}
	switch m.kind {
	case mailMX:
		m.operator = p.mailOperator(f, forMailOperator)
		m.hosts = m.operator.hosts(f.domain, f.draw)
		p.nullMX(f, &m)
	case mailNull:
		p.nullMX(f, &m)
	case mailPseudo:
		m.hosts = []mxHost{{pick(f.draw, forMailHosts, "localhost", "0.0.0.0", "mx.invalid"), 10}}
	}
	return m
}

// nullMX adds the null MX (RFC 7505). In the models made for tests half of them have another preference than 0,
// and one MX RRset in fifty has one beside its hosts.
func (p *population) nullMX(f *fate, m *mail) {
	switch {
	case m.kind == mailNull && made(p.model) && f.draw.chance(forNullMX, 0.5):
		m.null = &mxHost{".", 10}
	case m.kind == mailNull, made(p.model) && f.draw.chance(forNullMX, 0.02):
		m.null = &mxHost{".", 0}
	}
}

// mailOperator draws an operator of mail. Those of a policy's operator are drawn by name.
func (p *population) mailOperator(f *fate, purpose purpose) *mailOperator {
	i := p.mailShares.at(f.draw.unit(purpose))
	if f.operator != nil && f.operator.mail != "" && purpose == forMailOperator {
		for j := range p.mailOperators {
			if p.mailOperators[j].name == f.operator.mail {
				i = j
			}
		}
	}
	return &p.mailOperators[i]
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
