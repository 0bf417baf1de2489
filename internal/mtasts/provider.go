package mtasts

import (
	"slices"
	"strings"

	"stsscan/internal/codes"
)

// ProviderMapVersion changes with every change of [Providers].
const ProviderMapVersion = "2026-11-24"

// An Aftermath is what a provider does with the policy of a former customer who forgot the alias.
type Aftermath uint8

const (
	AftermathUnknown  Aftermath = iota
	AftermathNXDomain           // takes the name away: the alias dangles
	AftermathEmpty              // serves an empty policy
	AftermathFrozen             // goes on serving the last policy
)

// A Provider is one row of the map from alias targets to providers of MTA-STS.
type Provider struct {
	Label  string   // short name, as in the table
	Zones  []string // alias targets of either name are below these
	Shape  string   // of the policy host's target for example.com, as published
	Leaves Aftermath
}

// Providers is the map. The first eight, with their names and aftermaths, are from a measurement of four zones in
// September 2024 (ACM IMC 2025). The others are from what the providers tell customers to publish, as of November
// 2026. It need not be complete: an alias to a provider that it lacks is known by its registered domain.
func Providers() []Provider {
	return []Provider{
		{"tutanota", []string{"tutanota.de", "tutao.de"}, "_mta-sts.tutanota.de", AftermathFrozen},
		{"dmarcreport", []string{"dmarcinput.com"}, "example-com.mta-sts.dmarcinput.com", AftermathEmpty},
		{"powerdmarc", []string{"mta-sts.tech"}, "example-com._mta.mta-sts.tech", AftermathNXDomain},
		{"easydmarc", []string{"easydmarc.pro", "easydmarc.com"}, "example_com__mta_sts.easydmarc.pro", AftermathFrozen},
		{"mailhardener", []string{"mailhardener.com"}, "example.com._mta-sts.mailhardener.com", AftermathNXDomain},
		{"uriports", []string{"uriports.com"}, "example-com._mta-sts.uriports.com", AftermathNXDomain},
		{"sendmarc", []string{"sdmarc.net"}, "example.com._mta-sts.sdmarc.net", AftermathFrozen},
		{"ondmarc", []string{"ondmarc.com"}, "_mta-sts.example.com._mta-sts.smart.ondmarc.com", AftermathFrozen},

		{"mailshield", []string{"mailshield.app"}, "mta-sts.mailshield.app", AftermathUnknown},
		{"github-pages", []string{"github.io"}, "user.github.io", AftermathUnknown},
		{"netlify", []string{"netlify.app"}, "site.netlify.app", AftermathUnknown},
		{"cloudflare-pages", []string{"pages.dev"}, "project.pages.dev", AftermathUnknown},
	}
}

// A Delegated is who runs the two names of MTA-STS for a domain, according to their alias chains.
type Delegated struct {
	Class            codes.Delegation
	RecordTo, HostTo string // registered domains at the ends of the chains; "" where a name stays in the domain's own
	Provider         string // label of the host's provider, else of the record's; "" where the map has none
}

// ReadDelegation reads the alias chains from _mta-sts.<domain> and mta-sts.<domain>. hostKnown is false where
// the chain of the host was not asked for: then only the record's is read, and Class is none or record_only as
// far as is known.
func ReadDelegation(domain string, record, host []string) Delegated {
	d := Delegated{RecordTo: leadsTo(domain, record), HostTo: leadsTo(domain, host)}
	switch {
	case d.RecordTo != "" && d.HostTo != "":
		d.Class = codes.DelegationBoth
	case d.RecordTo != "":
		d.Class = codes.DelegationRecord
	case d.HostTo != "":
		d.Class = codes.DelegationHost
	default:
		d.Class = codes.DelegationNone
	}
	if p := providerOf(host); p != nil {
		d.Provider = p.Label
	} else if p := providerOf(record); p != nil {
		d.Provider = p.Label
	}
	return d
}

// leadsTo is the registered domain of the last alias that is not the domain's own.
func leadsTo(domain string, aliases []string) string {
	own, _ := registeredDomain(nameKey(domain))
	for _, name := range slices.Backward(aliases) {
		registered, ok := registeredDomain(name)
		if !ok {
			registered = name
		}
		if registered != own {
			return registered
		}
	}
	return ""
}

// providerOf is the provider of the first alias that the map knows: further aliases are the provider's own.
func providerOf(aliases []string) *Provider {
	for _, name := range aliases {
		for _, p := range Providers() {
			for _, zone := range p.Zones {
				if name == zone || strings.HasSuffix(name, "."+zone) {
					return &p
				}
			}
		}
	}
	return nil
}

// FormerCustomer says whether a policy looks like what a provider leaves to former customers: an empty policy,
// or one that covers no MX host. reason is that of the policy, "" for a valid one. The second is a suspicion: a
// customer may have forgotten to name new hosts.
func FormerCustomer(host []string, reason codes.PolicyReason, match codes.MXMatch) codes.Finding {
	p := providerOf(host)
	switch {
	case p == nil:
	case reason == codes.ReasonEmpty && (p.Leaves == AftermathEmpty || p.Leaves == AftermathUnknown):
		return codes.FindCustomerEmpty
	case reason == "" && match == codes.MatchNone && (p.Leaves == AftermathFrozen || p.Leaves == AftermathUnknown):
		return codes.FindCustomerFrozen
	}
	return ""
}
