package survey

import (
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// mailAnswers are what the DNS says about the mail side of a domain.
type mailAnswers struct {
	wildcard *bool          // nil: it was not asked for, or is not known
	tlsrpt   *mtasts.TLSRPT // nil: it was not asked for
	mx       *mtasts.MX     // nil: it was not asked for
	dane     bool           // tlsa was asked for
	tlsa     []hostTLSA     // of the hosts of mx that were asked, in order
}

// A hostTLSA is what the DNS says about the TLSA records of one MX host.
type hostTLSA struct {
	host  int // its index among those of the domain
	found mtasts.HostTLSA
}

// fill fills the columns of the mail side.
func (a *mailAnswers) fill(row *output.Row) {
	fillWildcard(row, a.wildcard)
	if a.tlsrpt != nil {
		fillTLSRPT(row, *a.tlsrpt)
	}
	if a.mx != nil {
		fillMX(row, *a.mx)
	}
	if a.dane {
		fillDANE(row, *a.mx, a.tlsa)
	}
}

func fillWildcard(row *output.Row, suspected *bool) {
	row.WildcardSuspected = suspected
	if suspected != nil && *suspected {
		addFindings(row, codes.FindWildcard)
	}
}

func fillTLSRPT(row *output.Row, t mtasts.TLSRPT) {
	row.TLSRPT, row.TLSRPTReason = string(t.Class), string(t.Reason)
	for _, txt := range t.TXT {
		row.TLSRPTTXT = append(row.TLSRPTTXT, []byte(txt))
	}
	row.TLSRPTCNAMEs = t.CNAMEs
	if t.Class != codes.RecordUnknown {
		row.TLSRPTTXTCount = new(int32(t.Count))
	}
	if t.BadRUA {
		addFindings(row, codes.FindTLSRPTRUA)
	}
	for _, rua := range t.RUA {
		row.RUA = append(row.RUA, rua.URI)
		row.RUAKinds = append(row.RUAKinds, string(rua.Kind))
		if rua.Domain != "" && !slices.Contains(row.RUADomains, rua.Domain) {
			row.RUADomains = append(row.RUADomains, rua.Domain)
		}
	}
}

func fillMX(row *output.Row, mx mtasts.MX) {
	row.MXKind, row.MXReason = string(mx.Kind), string(mx.Reason)
	for _, host := range mx.Hosts {
		row.MX = append(row.MX, output.MXHost{Host: host.Name, Preference: int32(host.Preference)})
	}
	if mx.Kind != codes.MXUnknown {
		row.MXCount = new(int32(mx.Count))
		row.MXAuthenticated = new(mx.Authenticated)
	}
	addFindings(row, mx.Findings...)
	if slices.ContainsFunc(mx.Hosts, mtasts.MXHost.Pseudo) {
		addFindings(row, codes.FindMXHostPseudo)
	}
}

// fillDANE fills the columns of the TLSA records.
func fillDANE(row *output.Row, mx mtasts.MX, asked []hostTLSA) {
	if mx.Kind == codes.MXUnknown {
		row.DANE = string(codes.DANEUnknown)
		return
	}
	var classes []codes.TLSA
	for _, one := range asked {
		classes = append(classes, one.found.Class)
		row.MX[one.host].TLSA = new(string(one.found.Class))
		for _, record := range one.found.Records {
			row.TLSARecords = append(row.TLSARecords, row.MX[one.host].Host+" "+record.String())
		}
	}
	row.DANE = string(mtasts.SummarizeDANE(mx.Authenticated, classes))
	if slices.Contains(classes, codes.TLSAUnusable) {
		addFindings(row, codes.FindTLSAUnusable)
	}
}

// fillDelegation reads the alias chains. That of the Policy Host is only known if there was an answer about its
// addresses.
func fillDelegation(row *output.Row) {
	d := mtasts.ReadDelegation(row.Domain, row.CNAMEs, row.HostCNAMEs)
	row.RecordDelegatedTo = d.RecordTo
	row.HostDelegatedTo = d.HostTo
	row.Provider = d.Provider
	if !hostChainKnown(row) {
		return
	}
	row.Delegation = string(d.Class)
	if d.Class == codes.DelegationRecord || d.Class == codes.DelegationHost {
		addFindings(row, codes.FindDelegationHalf)
	}
}

// hostChainKnown reports whether all aliases of the Policy Host are known.
func hostChainKnown(row *output.Row) bool {
	switch {
	case row.Policy == string(codes.PolicyNotFetched):
		return false
	case row.PolicyStage != string(codes.StageDNS):
		return true
	}
	switch codes.PolicyReason(row.PolicyReason) {
	case codes.ReasonNXDomain, codes.ReasonNoData, codes.ReasonForbiddenAddress, codes.ReasonOptedOut:
		return true
	}
	return false
}
