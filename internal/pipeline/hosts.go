package pipeline

import (
	"context"
	"net/netip"
	"slices"

	"stsscan/internal/mtasts"
)

// Hosts returns the function by which a transport finds the addresses of Policy
// Hosts: it asks ex, and leaves the alias chain with the survey whose context
// it is called in. Its failures are of type *net.DNSError.
func Hosts(ex mtasts.Exchanger) func(ctx context.Context, host string) ([]netip.Addr, error) {
	return func(ctx context.Context, host string) ([]netip.Addr, error) {
		found, err := mtasts.LookupHost(ctx, ex, host)
		if into, ok := ctx.Value(hostKey{}).(*mtasts.Host); ok {
			*into = found
			into.Addrs = slices.Clone(found.Addrs[:min(len(found.Addrs), maxHostAddrs)]) // there may be thousands
		}
		if err == nil {
			err = found.Failed // counts where none of the addresses may be contacted
		}
		return found.Addrs, err
	}
}

type hostKey struct{}

// withHost makes room for what Hosts sees.
func withHost(ctx context.Context, into *mtasts.Host) context.Context {
	return context.WithValue(ctx, hostKey{}, into)
}
