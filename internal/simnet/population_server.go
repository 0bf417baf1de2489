package simnet

import (
	"net/netip"
	"strings"
	"time"

	"stsscan/internal/codes"
)

// A mailServer is how the servers of an MX host behave, and what a perfect observer concludes from a probe.
type mailServer struct {
	operator, own, errors float64 // shares, in percent: of providers' hosts, of domains' own, and in the population errors

	tcp  tcpPlay // where it is not tcpServe, port 25 is closed
	smtp smtpPlay
	tls  tlsPlay

	starttls codes.STARTTLS
	first    codes.STARTTLS // of the first probe, where a second one ends in another way
	tlsError codes.TLSError
}

// mailServers is the table. Shares of hosts with a bad certificate: 4.4 % of the self-managed and 1.0 % of
// third parties (ACM IMC 2025), split as read off its figures; hosts without STARTTLS 0.3 %, hosts that block
// scanners 0.3 % (Lee and others, USENIX Security 2020); the rest is a guess.
func mailServers() []mailServer {
	return []mailServer{
		{operator: 97.5, own: 93, errors: 47, starttls: codes.STARTTLSOK},
		{errors: 2, smtp: smtpNoEHLO, starttls: codes.STARTTLSNotOffered},
		{errors: 1, smtp: smtpNoHELO, starttls: codes.STARTTLSRefused},
		{operator: 0.75, own: 2.8, errors: 5, tls: tlsWrongName, starttls: codes.STARTTLSCertificate, tlsError: codes.TLSNameMismatch},
		{operator: 0.17, own: 0.7, errors: 5, tls: tlsExpired, starttls: codes.STARTTLSCertificate, tlsError: codes.TLSExpired},
		{operator: 0.03, own: 0.9, errors: 5, tls: tlsSelfSigned, starttls: codes.STARTTLSCertificate, tlsError: codes.TLSSelfSigned},
		{own: 0.1, errors: 4, tls: tlsUnknownAuthority, starttls: codes.STARTTLSCertificate, tlsError: codes.TLSUnknownAuthority},
		{own: 0.1, errors: 3, tls: tlsIncompleteChain, starttls: codes.STARTTLSCertificate, tlsError: codes.TLSIncompleteChain},
		{own: 0.05, errors: 2, tls: tlsOldVersion, starttls: codes.STARTTLSHandshake, tlsError: codes.TLSProtocolVersion},
		{own: 0.05, errors: 2, tls: tlsHandshakeFailure, starttls: codes.STARTTLSHandshake, tlsError: codes.TLSHandshakeFailure},
		{errors: 2, tls: tlsReset, starttls: codes.STARTTLSHandshake, tlsError: codes.TLSReset},
		{errors: 2, tls: tlsNotTLS, starttls: codes.STARTTLSHandshake, tlsError: codes.TLSNotTLS},
		{operator: 0.3, own: 0.3, errors: 5, smtp: smtpNoSTARTTLS, starttls: codes.STARTTLSNotOffered},
		{own: 0.05, errors: 3, smtp: smtpRejectTLS, starttls: codes.STARTTLSRejected},
		{operator: 0.3, own: 0.3, errors: 3, smtp: smtpBlock, starttls: codes.STARTTLSRefused},
		{own: 0.1, errors: 2, smtp: smtpBlockEHLO, starttls: codes.STARTTLSRefused},
		{errors: 1, smtp: smtpGarbage, starttls: codes.STARTTLSProtocol},
		{errors: 1, smtp: smtpReset, starttls: codes.STARTTLSReset},
		{operator: 0.9, own: 1, errors: 2, tcp: tcpRefuse, starttls: codes.STARTTLSNoConnection},
		{own: 0.5, errors: 2, tcp: tcpUnreachable, starttls: codes.STARTTLSNoConnection},
		{own: 0.05, errors: 0.5, tcp: tcpSilent, starttls: codes.STARTTLSNoConnection},
		{errors: 0.25, smtp: smtpSilent, starttls: codes.STARTTLSTimeout},
		{errors: 0.25, smtp: smtpEndless, starttls: codes.STARTTLSProtocol},
		{errors: 1, smtp: smtpSometimes, first: codes.STARTTLSNotOffered, starttls: codes.STARTTLSOK},
	}
}

// isMailHost reports whether a name is one that MX records of a population point to: in a zone of a mail
// operator, or one of a domain's own.
func (p *population) isMailHost(f *fate) bool {
	label, _, _ := strings.Cut(f.domain, ".")
	switch label {
	case "mail", "mx", "mx1", "mx2", "smtp":
		return true
	}
	if _, aliased := mailAlias(f.domain); aliased {
		return true
	}
	return f.domain != f.registered && p.exists(f.registered) && p.operates(f.registered)
}

// An MX host that is an alias, and the name at the end of the alias.
const (
	aliasedMailLabel = "mx-alias."
	mailTargetLabel  = "mx-target."
)

// mailAlias is where the name of an MX host leads that is an alias.
func mailAlias(host string) (target string, ok bool) {
	domain, ok := strings.CutPrefix(host, aliasedMailLabel)
	return mailTargetLabel + domain, ok
}

// aliasedMail is the MX host whose alias leads to a name.
func aliasedMail(target string) (host string, ok bool) {
	domain, ok := strings.CutPrefix(target, mailTargetLabel)
	return aliasedMailLabel + domain, ok
}

// operates reports whether a registered domain is a mail operator's.
func (p *population) operates(registered string) bool {
	for i := range p.mailOperators {
		o := &p.mailOperators[i]
		if o.zone != "" && (o.zone == registered || o.name == "googlemail" && registered == "googlemail.com") {
			return true
		}
	}
	return false
}

// serverOf draws how the servers of an MX host behave.
func (p *population) serverOf(f *fate) *mailServer {
	return &p.mailServers[p.serverShares[btoi(!p.operates(f.registered))].at(f.draw.unit(forMailServer))]
}

// serverAddrs are the addresses of an MX host: one, so that silence costs an observer one time-out.
func (p *population) serverAddrs(f *fate) (v4, v6 []netip.Addr) {
	s := p.serverOf(f)
	hash := uint32(f.draw.bits(forMailServerKind))
	if s.tcp != tcpServe {
		return []netip.Addr{addrV4(s.tcp, hash)}, nil
	}
	return []netip.Addr{mailAddrV4(s.smtp, hash)}, nil
}

// mailSite says how a mail server shakes hands for an MX host.
func (p *population) mailSite(sni string) site {
	f := p.fateOf(sni)
	return site{tls: p.serverOf(&f).tls, hoster: "mail.hosting.example.net"}
}

func (p *population) smtp(addr netip.Addr) (smtpPlay, bool) { return mailPlanned(addr) }

// patience is how long a server waits for a client.
const patience = time.Minute
