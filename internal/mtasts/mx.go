package mtasts

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// maxMXHosts is how many MX hosts are kept: those of lowest preference.
const maxMXHosts = 32

// An MXHost is one MX record.
type MXHost struct {
	Name       string // lower case, no final dot, valid UTF-8; "." for the root
	Preference uint16
}

// Pseudo reports whether the record names nothing that can be a host on the Internet: an address, a local or
// reserved name, or no host name at all.
func (h MXHost) Pseudo() bool {
	if isAddress(h.Name) || isNumber(h.Name[strings.LastIndexByte(h.Name, '.')+1:]) {
		return true
	}
	if _, ok := checkDomain(h.Name); !ok {
		return true
	}
	switch h.Name[strings.LastIndexByte(h.Name, '.')+1:] {
	case "localhost", "invalid", "local", "onion", "localdomain":
		return true // RFC 6761, 6762, 7686
	}
	return false
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// An MX is what the DNS says about how a domain receives mail ([RFC 5321, section 5.1]).
//
// [RFC 5321, section 5.1]: https://www.rfc-editor.org/rfc/rfc5321#section-5.1
type MX struct {
	Kind          codes.MXKind
	Reason        codes.RecordReason // why the Kind is unknown
	Hosts         []MXHost           // by preference, then name, at most 32; the domain itself for an implicit MX
	Count         int                // of the MX records
	TTL           uint32             // of the RRset, in seconds; valid where Count is not 0
	Authenticated bool               // AD was set in every reply that the answer rests on
	Findings      []codes.Finding    // what is odd about a null MX
}

// LookupMX asks ex for the MX records of domain, an A-label name without the final dot. Where there are none,
// it asks for the addresses of domain, to tell an implicit MX from none.
//
// Where the zone does not answer, MX.Kind is unknown, and there is no error. The error is a fault of the
// observer, by a method of package fault, or wraps [context.Canceled]. The deadline is that of ctx.
func LookupMX(ctx context.Context, ex Exchanger, domain string) (MX, error) {
	w := resolve(ctx, ex, dns.Fqdn(domain), dns.TypeMX)
	if fault.Ours(w.cause) {
		return MX{Kind: codes.MXUnknown, Reason: w.reason}, w.cause
	}
	mx := MX{Authenticated: w.ad}
	switch {
	case w.reason == "":
		return readMX(mx, w.records), nil
	case w.reason == codes.RecordNXDomain:
		mx.Kind = codes.MXNone
		return mx, nil
	case w.reason != codes.RecordNoData:
		mx.Kind, mx.Reason = codes.MXUnknown, w.reason
		return mx, nil
	}
	_, err := LookupHost(ctx, ex, domain)
	var failed *net.DNSError
	switch {
	case err == nil:
		mx.Kind, mx.Hosts = codes.MXImplicit, []MXHost{{Name: nameKey(domain)}}
	case fault.Ours(err):
		return MX{Kind: codes.MXUnknown, Reason: codes.RecordOther}, err
	case errors.As(err, &failed) && failed.IsNotFound:
		mx.Kind = codes.MXNone
	default:
		mx.Kind, mx.Reason = codes.MXUnknown, unknownReason(err)
	}
	return mx, nil
}

// unknownReason is why the addresses of a host are not known, in the words of records.
func unknownReason(err error) codes.RecordReason {
	if said, ok := errors.AsType[codes.PolicyFailure](err); ok {
		reason := codes.RecordReason(said.PolicyReason())
		if slices.Contains(codes.RecordReasons(), reason) && recordClass(reason) == codes.RecordUnknown {
			return reason
		}
	}
	return codes.RecordOther
}

// readMX reads an RRset that is not empty. A null MX beside other hosts does not count: senders have those (RFC
// 7505, section 3).
func readMX(mx MX, rrs []dns.RR) MX {
	mx.TTL = leastTTL(rrs)
	var nulls []MXHost
	for _, rr := range rrs {
		record, ok := rr.(*dns.MX)
		if !ok {
			continue
		}
		host := MXHost{ownerName(dns.CanonicalName(record.Mx)), record.Preference}
		mx.Count++
		if host.Name == "." {
			nulls = append(nulls, host)
			continue
		}
		mx.Hosts = append(mx.Hosts, host)
	}
	slices.SortFunc(mx.Hosts, func(a, b MXHost) int {
		if a.Preference != b.Preference {
			return int(a.Preference) - int(b.Preference)
		}
		return strings.Compare(a.Name, b.Name)
	})
	mx.Hosts = slices.Compact(mx.Hosts)
	mx.Hosts = slices.Clone(mx.Hosts[:min(len(mx.Hosts), maxMXHosts)]) // not as part of a long slice
	mx.Findings = nullFindings(nulls, mx.Hosts)
	switch {
	case len(nulls) > 0 && len(mx.Hosts) == 0:
		mx.Kind = codes.MXNull
	case !slices.ContainsFunc(mx.Hosts, func(h MXHost) bool { return !h.Pseudo() }):
		mx.Kind = codes.MXPseudo
	default:
		mx.Kind = codes.MXHosts
	}
	return mx
}

// nullFindings is what is odd about the null MX records beside other hosts.
func nullFindings(nulls, hosts []MXHost) (found []codes.Finding) {
	if len(nulls) == 0 {
		return nil
	}
	if slices.ContainsFunc(nulls, func(h MXHost) bool { return h.Preference != 0 }) {
		found = append(found, codes.FindNullMXPreference)
	}
	if len(hosts) > 0 || slices.ContainsFunc(nulls, func(h MXHost) bool { return h != nulls[0] }) {
		found = append(found, codes.FindNullMXNotAlone)
	}
	return found
}
