package mtasts

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

const (
	maxTLSA      = 16
	maxTLSAOctet = 512 // of the association data that is kept, in octets
)

// A TLSARecord is one TLSA record ([RFC 6698, section 2.1]).
//
// [RFC 6698, section 2.1]: https://www.rfc-editor.org/rfc/rfc6698#section-2.1
type TLSARecord struct {
	Usage, Selector, Matching uint8
	Data                      string // hexadecimal, lower case
}

// String is the record in presentation form.
func (r TLSARecord) String() string {
	return fmt.Sprintf("%d %d %d %s", r.Usage, r.Selector, r.Matching, r.Data)
}

// ParseTLSA reads what String prints.
func ParseTLSA(s string) (TLSARecord, error) {
	fields := strings.Split(s, " ")
	if len(fields) != 4 {
		return TLSARecord{}, fmt.Errorf("not a TLSA record: %s", quote(s))
	}
	var r TLSARecord
	for i, into := range []*uint8{&r.Usage, &r.Selector, &r.Matching} {
		n, err := strconv.ParseUint(fields[i], 10, 8)
		if err != nil {
			return TLSARecord{}, fmt.Errorf("not a TLSA record: %s: %w", quote(s), err)
		}
		*into = uint8(n)
	}
	r.Data = fields[3]
	return r, nil
}

// Usable reports whether an SMTP client can use the record (RFC 7672, sections 3.1.1 to 3.1.3): DANE-TA(2) or
// DANE-EE(3), a selector of 0 or 1, and data of the length that the matching type has.
func (r TLSARecord) Usable() bool {
	if r.Usage != 2 && r.Usage != 3 || r.Selector > 1 {
		return false
	}
	switch r.Matching {
	case 0:
		return r.Data != ""
	case 1:
		return len(r.Data) == 2*32
	case 2:
		return len(r.Data) == 2*64
	}
	return false
}

// A HostTLSA is what the DNS says about the TLSA records of one MX host.
type HostTLSA struct {
	Class         codes.TLSA
	Records       []TLSARecord // at most 16, of more the usable ones first
	Authenticated bool         // AD was set in every reply that the answer rests on
}

// LookupTLSA asks ex for the TLSA records of port 25 of an MX host, as senders do ([RFC 7672, section 2.2.2]).
// The records of a host that is an alias are below the name at the end of the alias, otherwise below its own. A
// host whose addresses are not authenticated is not asked about: its records would not count, and the name
// servers of many such hosts give no useful answer. The error is a fault of the observer. The deadline is that
// of ctx.
//
// [RFC 7672, section 2.2.2]: https://www.rfc-editor.org/rfc/rfc7672#section-2.2.2
func LookupTLSA(ctx context.Context, ex Exchanger, host string) (HostTLSA, error) {
	bases, without, err := tlsaBases(ctx, ex, host)
	found := HostTLSA{Class: without}
	for _, base := range bases {
		found, err = lookupTLSA(ctx, ex, base)
		if err != nil || found.Class != codes.TLSAAbsent && found.Class != codes.TLSAInsecure {
			break
		}
	}
	return found, err
}

// tlsaBases are the names below which senders look for the TLSA records of a host, in order; without is the
// class where there is none. It asks for IPv4 addresses alone: their denial is authenticated where those of the
// other family are.
func tlsaBases(ctx context.Context, ex Exchanger, host string) (bases []string, without codes.TLSA, err error) {
	own := dns.Fqdn(host)
	w := resolve(ctx, ex, own, dns.TypeA)
	switch {
	case fault.Ours(w.cause):
		return nil, codes.TLSAUnknown, w.cause
	case w.reason != "" && w.gravity() > denialGravity:
		return nil, codes.TLSAUnknown, nil
	case w.ad && w.reason == codes.RecordNXDomain:
		return nil, codes.TLSAAbsent, nil
	case w.ad && len(w.aliases) > 0:
		return []string{w.name, own}, "", nil
	case w.ad:
		return []string{own}, "", nil
	case len(w.aliases) == 0:
		return nil, codes.TLSAInsecure, nil
	}
	// The end of the alias is not signed, which leaves the host's own name, if the alias itself is.
	w = resolve(ctx, ex, own, dns.TypeCNAME)
	switch {
	case fault.Ours(w.cause):
		return nil, codes.TLSAUnknown, w.cause
	case w.reason != "" && w.gravity() > denialGravity:
		return nil, codes.TLSAUnknown, nil
	case !w.ad || w.reason != "":
		return nil, codes.TLSAInsecure, nil
	}
	return []string{own}, "", nil
}

// lookupTLSA asks for the TLSA records below a name.
func lookupTLSA(ctx context.Context, ex Exchanger, base string) (HostTLSA, error) {
	w := resolve(ctx, ex, "_25._tcp."+base, dns.TypeTLSA)
	if fault.Ours(w.cause) {
		return HostTLSA{Class: codes.TLSAUnknown}, w.cause
	}
	t := HostTLSA{Authenticated: w.ad}
	for _, rr := range w.records {
		if record, ok := rr.(*dns.TLSA); ok {
			data := strings.ToLower(record.Certificate)
			data = strings.Clone(data[:min(len(data), 2*maxTLSAOctet)])
			t.Records = append(t.Records, TLSARecord{record.Usage, record.Selector, record.MatchingType, data})
		}
	}
	if len(t.Records) > maxTLSA { // those that decide the class are kept
		slices.SortStableFunc(t.Records, func(a, b TLSARecord) int { return rankOf(a) - rankOf(b) })
		t.Records = slices.Clone(t.Records[:maxTLSA])
	}
	switch {
	case w.reason == codes.RecordNXDomain, w.reason == codes.RecordNoData:
		t.Class = codes.TLSAAbsent
	case w.reason != "":
		t.Class = codes.TLSAUnknown
	default:
		t.Class = ClassTLSA(t.Records, w.ad)
	}
	return t, nil
}

// rankOf puts usable records before others.
func rankOf(r TLSARecord) int {
	if r.Usable() {
		return 0
	}
	return 1
}

// ClassTLSA is the class of a set of records that is not empty.
func ClassTLSA(records []TLSARecord, authenticated bool) codes.TLSA {
	switch {
	case !authenticated:
		return codes.TLSAInsecure
	case slices.ContainsFunc(records, TLSARecord.Usable):
		return codes.TLSAUsable
	}
	return codes.TLSAUnusable
}

// SummarizeDANE says how many of the MX hosts a DANE sender authenticates. authenticated says whether the MX
// RRset was; without that no TLSA record counts (RFC 7672, section 2.2.1).
func SummarizeDANE(authenticated bool, hosts []codes.TLSA) codes.DANE {
	usable, unknown := 0, 0
	for _, class := range hosts {
		switch class {
		case codes.TLSAUsable:
			usable++
		case codes.TLSAUnknown:
			unknown++
		}
	}
	switch {
	case !authenticated || len(hosts) == 0:
		return codes.DANENone
	case usable == len(hosts):
		return codes.DANEAll
	case unknown == len(hosts), usable == 0 && unknown > 0:
		return codes.DANEUnknown
	case usable > 0:
		return codes.DANESome
	}
	return codes.DANENone
}
