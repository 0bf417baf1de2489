package mtasts

import (
	"context"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// LookupWildcard asks ex for the TXT records of _<label>.<domain>, a name beside
// that of the record that nobody would have made, and says whether there are
// any that speak of MTA-STS: then the record of domain is one that a wildcard
// (RFC 4592) gives to every name, and perhaps nobody meant it. label is random,
// of letters and digits; of a long domain only its beginning has room.
//
// suspected is nil where nobody said. The error is a fault of the observer. The
// deadline is that of ctx.
func LookupWildcard(ctx context.Context, ex Exchanger, domain, label string) (suspected *bool, err error) {
	room := maxName - len("_"+"."+domain+".")
	if room < 1 {
		return nil, nil
	}
	label = label[:min(len(label), room)]
	w := resolve(ctx, ex, dns.Fqdn("_"+label+"."+domain), dns.TypeTXT)
	if fault.Ours(w.cause) {
		return nil, w.cause
	}
	switch w.reason {
	case "":
	case codes.RecordNXDomain, codes.RecordNoData:
		return new(false), nil
	default:
		return nil, nil
	}
	for _, rr := range w.records {
		if txt, ok := rr.(*dns.TXT); ok && likeRecord(txtOctets(txt)) {
			return new(true), nil
		}
	}
	return new(false), nil
}
