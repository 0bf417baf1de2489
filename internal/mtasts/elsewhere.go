package mtasts

import (
	"context"
	"slices"
	"sync"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// An Elsewhere is a name at which MTA-STS records are put by mistake, where no sender looks for them.
type Elsewhere struct {
	Name   string             `json:"name"`             // no final dot
	TXT    []string           `json:"txt,omitempty"`    // records and near misses: at most 64, each of 512 octets of UTF-8
	Reason codes.RecordReason `json:"reason,omitempty"` // why it is not known
}

// LookupElsewhere asks ex for the TXT records of domain itself and of _mta_sts.<domain>, at once, and says
// which of them are MTA-STS records, or were meant to be. domain is an A-label name without the final dot. The
// error is a fault of the observer. The deadline is that of ctx.
func LookupElsewhere(ctx context.Context, ex Exchanger, domain string) ([]Elsewhere, error) {
	found := []Elsewhere{{Name: domain}, {Name: "_mta_sts." + domain}}
	walks := make([]walk, len(found))
	var all sync.WaitGroup
	for i := range found {
		all.Go(func() { walks[i] = resolve(ctx, ex, dns.Fqdn(found[i].Name), dns.TypeTXT) })
	}
	all.Wait()
	for i, w := range walks {
		if fault.Ours(w.cause) {
			return nil, w.cause
		}
		there := &found[i]
		if w.reason != "" && recordClass(w.reason) == codes.RecordUnknown {
			there.Reason = w.reason
		}
		for _, text := range txtRecords(w.records) {
			if len(there.TXT) < maxTXT && (isRecord(text) || likeRecord(text)) {
				there.TXT = append(there.TXT, clean(text))
			}
		}
	}
	return found, nil
}

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
	return new(slices.ContainsFunc(txtRecords(w.records), likeRecord)), nil
}
