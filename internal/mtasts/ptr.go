package mtasts

import (
	"context"
	"net/netip"

	"github.com/miekg/dns"
)

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
