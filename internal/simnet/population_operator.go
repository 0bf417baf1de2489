package simnet

// Who runs MTA-STS for a Policy Domain. In the populations zones and top the operator is drawn first and
// decides which stories are likely; in errors the story comes first.
type operatorKind uint8

const (
	ownSmall  operatorKind = iota // runs it for itself or a handful of domains
	ownMid                        // one of 6 to 49 domains
	thirdHost                     // a provider with 50 domains or more
	parking                       // a registrar that publishes records for parked names
	portfolio                     // one owner of thousands of domains
)

// An operator is a row of the table below.
type operator struct {
	name   string
	kind   operatorKind
	wild   float64 // share of the domains with a record, in percent
	errors float64 // the same in the population errors

	record, host targetShape // alias targets of _mta-sts.<domain> and mta-sts.<domain>; none: plain names
	zone         string      // that holds the targets

	addrs  int    // number of addresses that all its domains share; 0: each domain has its own
	hoster string // name in the certificate where it has none for the domain; empty: drawn
	mail   string // operator of the mail too, a row of mailOperators
}

// shape is how the operator makes alias targets of the one name or the other.
func (o *operator) shape(r role) targetShape {
	if r == roleHost {
		return o.host
	}
	return o.record
}

// shared reports whether all domains have the same names behind their aliases, so that nothing of them can
// differ for one domain.
func (o *operator) shared() bool { return o.host.suffix != "" && o.host.dot == 0 }

// operators is the table of who runs MTA-STS. Shares in the wild: an Internet measurement of the zones com,
// net, org and se, September 2024 (ACM IMC 2025): 68,030 domains with a record, of them 24,796 with an alias to
// the eight providers. The alias shapes of policy hosts are as published there; those of the records follow
// them and are a guess. The split between ownSmall and the rest of the self-managed is a guess that gives the
// published failures.
func operators() []operator {
	return []operator{
		{name: "tutanota", kind: thirdHost, wild: 11.2, errors: 3, zone: "tutanota.de", addrs: 2,
			record: targetShape{suffix: "_mta-sts.tutanota.de"},
			host:   targetShape{suffix: "mta-sts.tutanota.de"},
			hoster: "tutanota.de", mail: "tutanota"},
		{name: "dmarcreport", kind: thirdHost, wild: 10.7, errors: 6, zone: "dmarcinput.com", addrs: 4,
			record: targetShape{dot: '-', suffix: "._mta-sts.dmarcinput.com"},
			host:   targetShape{dot: '-', suffix: ".mta-sts.dmarcinput.com"},
			hoster: "dmarcinput.com"},
		{name: "powerdmarc", kind: thirdHost, wild: 5.5, errors: 6, zone: "mta-sts.tech", addrs: 4,
			record: targetShape{dot: '-', suffix: "._txt.mta-sts.tech"},
			host:   targetShape{dot: '-', suffix: "._mta.mta-sts.tech"},
			hoster: "mta-sts.tech"},
		{name: "easydmarc", kind: thirdHost, wild: 3.3, errors: 6, zone: "easydmarc.pro", addrs: 4,
			record: targetShape{dot: '_', suffix: "__mta_sts_txt.easydmarc.pro"},
			host:   targetShape{dot: '_', suffix: "__mta_sts.easydmarc.pro"},
			hoster: "easydmarc.pro"},
		{name: "mailhardener", kind: thirdHost, wild: 2.3, errors: 6, zone: "mailhardener.com", addrs: 2,
			record: targetShape{dot: '.', suffix: "._mta-sts.mailhardener.com"},
			host:   targetShape{dot: '.', suffix: ".mta-sts.mailhardener.com"},
			hoster: "mailhardener.com"},
		{name: "uriports", kind: thirdHost, wild: 1.6, errors: 6, zone: "uriports.com", addrs: 2,
			record: targetShape{dot: '-', suffix: "._txt.uriports.com"},
			host:   targetShape{dot: '-', suffix: "._mta-sts.uriports.com"},
			hoster: "uriports.com"},
		{name: "sendmarc", kind: thirdHost, wild: 1.2, errors: 6, zone: "sdmarc.net", addrs: 2,
			record: targetShape{dot: '.', suffix: "._txt.sdmarc.net"},
			host:   targetShape{dot: '.', suffix: "._mta-sts.sdmarc.net"},
			hoster: "sdmarc.net"},
		{name: "ondmarc", kind: thirdHost, wild: 0.7, errors: 6, zone: "ondmarc.com", addrs: 2,
			record: targetShape{dot: '.', prefix: "_mta-sts.", suffix: "._mta-sts.smart.ondmarc.com"},
			host:   targetShape{dot: '.', prefix: "mta-sts.", suffix: "._mta-sts.smart.ondmarc.com"},
			hoster: "ondmarc.com"},
		{name: "other third party", kind: thirdHost, wild: 5.6, errors: 5, zone: "example.net", addrs: 64,
			host:   targetShape{dot: '-', suffix: ".sts.hosting.example.net"},
			hoster: "hosting.example.net"},
		{name: "parking registrar", kind: parking, wild: 10.6, errors: 2, addrs: 8, hoster: "registrar.example.org", mail: "registrar"},
		{name: "portfolio", kind: portfolio, wild: 6.9, errors: 3, addrs: 2, hoster: "mxascen.com", mail: "portfolio"},
		{name: "self, small", kind: ownSmall, wild: 19.8, errors: 30},
		{name: "self, mid", kind: ownMid, wild: 20.6, errors: 15, addrs: 4096},
	}
}
