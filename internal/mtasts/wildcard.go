package mtasts

import (
	"context"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// LookupWildcard asks ex for the TXT records of _<label>.<domain>, a random name beside that of the record, and
// says whether there are any about MTA-STS. If so, a wildcard ([RFC 4592, section 2]) gives the record to every
// name, perhaps by accident. label is of letters and digits; it is cut where a long domain leaves little room.
//
// suspected is nil where that is not known. The error is a fault of the observer. The deadline is that of ctx.
//
// [RFC 4592, section 2]: https://www.rfc-editor.org/rfc/rfc4592#section-2
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
