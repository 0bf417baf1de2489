package mtasts

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
)

// A Host is what the DNS says about a Policy Host.
type Host struct {
	Name   string       // as it was asked
	Addrs  []netip.Addr // of A records first, then of AAAA records, each in the order of the reply
	Count  int          // of the addresses; callers may shorten Addrs
	CNAMEs []string     // targets of the aliases from Name, in order: lower case, no final dot

	// Names are all names of the addresses, of either family, each once: Name, and the target of every alias that
	// was followed. They are in presentation form (RFC 1035, section 5.1), lower case, without a final dot.
	Names []string

	// Failed is why the addresses of one family are not known, where the other has some; nil: both answered. Its
	// type is that of LookupHost's errors.
	Failed error
}

// LookupHost asks ex for the A and AAAA records of host at once, and follows CNAMEs as [LookupRecord] does. One
// family is enough; the failure of the other is then no error, and kept in the Host.
//
// An error is a [*net.DNSError]: IsNotFound when the name or both its RRsets do not exist, IsTimeout, or
// IsTemporary when asking later may help. It also has the methods PolicyStage and PolicyReason that [FetchPolicy]
// looks for. It wraps no sentinel: FetchPolicy says what it means for a policy. The deadline is that of ctx.
func LookupHost(ctx context.Context, ex Exchanger, host string) (Host, error) {
	var v4, v6 walk
	var both sync.WaitGroup
	both.Go(func() { v4 = resolve(ctx, ex, host, dns.TypeA) })
	both.Go(func() { v6 = resolve(ctx, ex, host, dns.TypeAAAA) })
	both.Wait()

	h := Host{Name: host, Addrs: append(addresses(v4.records), addresses(v6.records)...), CNAMEs: v4.aliases}
	if len(v6.aliases) > len(v4.aliases) {
		h.CNAMEs = v6.aliases // the other walk was cut short
	}
	h.Names = visitedNames(v4, v6)
	if h.Count = len(h.Addrs); h.Count == 0 {
		return h, hostFailure(host, v4, v6)
	}
	for _, w := range []walk{v4, v6} {
		if w.reason != "" && w.gravity() > denialGravity {
			h.Failed = hostFailure(host, w, w)
		}
	}
	return h, nil
}

// visitedNames are the names of the chains of both walks, in order of the alphabet.
func visitedNames(v4, v6 walk) []string {
	var names []string
	for _, w := range []walk{v4, v6} {
		for name := range w.visited {
			names = append(names, strings.TrimSuffix(name, "."))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func addresses(rrs []dns.RR) []netip.Addr {
	var addrs []netip.Addr
	seen := make(map[netip.Addr]bool, len(rrs)) // a record that is there twice is one (RFC 2181, section 5)
	for _, rr := range rrs {
		var ip net.IP
		switch rr := rr.(type) {
		case *dns.A:
			ip = rr.A.To4()
		case *dns.AAAA:
			ip = rr.AAAA.To16()
		}
		// An IPv4 address within an IPv6 address stays as it is: the dialer checks addresses.
		if addr, ok := netip.AddrFromSlice(ip); ok && !seen[addr] {
			seen[addr] = true
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

// A hostError is a failure to find the addresses of a Policy Host.
type hostError struct {
	dns    *net.DNSError
	reason codes.PolicyReason
}

func (e *hostError) Error() string                    { return e.dns.Error() }
func (e *hostError) Unwrap() error                    { return e.dns }
func (e *hostError) PolicyStage() codes.Stage         { return codes.StageDNS }
func (e *hostError) PolicyReason() codes.PolicyReason { return e.reason }

// hostFailure is the error for a host without addresses. Only when both families are denied is the host not
// found: unknown is not absent.
func hostFailure(host string, v4, v6 walk) error {
	worse := v4
	if v6.gravity() > v4.gravity() {
		worse = v6
	}
	text := string(worse.reason)
	if worse.cause != nil {
		text += ": " + worse.cause.Error()
	}
	reason := hostReason(worse.reason)
	notFound := reason == codes.ReasonNXDomain || reason == codes.ReasonNoData
	return &hostError{reason: reason, dns: &net.DNSError{
		Err:         text,
		Name:        host,
		IsNotFound:  notFound,
		IsTimeout:   reason == codes.ReasonTimeout,
		IsTemporary: !notFound,
		UnwrapErr:   worse.cause,
	}}
}

// denialGravity is the highest gravity of a denial.
const denialGravity = 1

// gravity orders failures by how little they say about the host.
func (w *walk) gravity() int {
	switch {
	case fault.Ours(w.cause):
		return 3
	case recordClass(w.reason) == codes.RecordUnknown:
		return 2
	case w.reason == codes.RecordNoData:
		return denialGravity // the name exists
	}
	return 0
}

// hostReason is why there are no addresses, as a reason of stage dns.
func hostReason(reason codes.RecordReason) codes.PolicyReason {
	if r := codes.PolicyReason(reason); slices.Contains(codes.PolicyReasons(codes.StageDNS), r) {
		return r // both sets have the same words
	}
	return codes.ReasonOther
}

// LookupPTR asks ex for the name of an address of the observer, lower case and without the final dot; "": it
// has none, or that is not known. The observer greets mail servers with it. The deadline is that of ctx.
func LookupPTR(ctx context.Context, ex Exchanger, addr netip.Addr) string {
	name, err := dns.ReverseAddr(addr.Unmap().String())
	if err != nil {
		return ""
	}
	for _, rr := range resolve(ctx, ex, name, dns.TypePTR).records {
		if ptr, ok := rr.(*dns.PTR); ok {
			host := ownerName(dns.CanonicalName(ptr.Ptr))
			if _, ok := checkDomain(host); ok {
				return host
			}
		}
	}
	return ""
}
