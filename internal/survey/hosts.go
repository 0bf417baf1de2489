package survey

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/resolver"
)

// maxHostAddrs bounds the addresses that a row keeps.
const maxHostAddrs = 16

// Hosts returns a function that finds the addresses of Policy Hosts and MX hosts for a transport. It asks ex, and
// leaves the alias chain with the survey whose context it is called in. Its errors are of type *net.DNSError.
//
// If the host, or the target of one of its aliases, opted out, the error has the reason opted_out. A nil optedOut
// means that none did.
func Hosts(
	ex mtasts.Exchanger, optedOut func(name string) bool,
) func(ctx context.Context, host string) ([]netip.Addr, error) {
	return func(ctx context.Context, host string) ([]netip.Addr, error) {
		ctx = resolver.WithTrace(ctx, new(resolver.Trace)) // the one in ctx is for the record
		found, err := mtasts.LookupHost(ctx, ex, host)
		if into, ok := ctx.Value(hostKey{}).(*mtasts.Host); ok {
			*into = found
			into.Addrs = slices.Clone(found.Addrs[:min(len(found.Addrs), maxHostAddrs)]) // there may be thousands
		}
		if err != nil {
			return nil, err
		}
		if optedOut != nil {
			if i := slices.IndexFunc(found.Names, optedOut); i >= 0 {
				return nil, &optedOutError{found.Names[i]}
			}
		}
		return found.Addrs, found.Failed // which counts if none of the addresses may be contacted
	}
}

// An optedOutError says that a host has addresses, but does not want to be contacted.
type optedOutError struct{ name string }

func (e *optedOutError) Error() string {
	return fmt.Sprintf("%s: does not want to be contacted", e.name)
}
func (e *optedOutError) PolicyStage() codes.Stage         { return codes.StageDNS }
func (e *optedOutError) PolicyReason() codes.PolicyReason { return codes.ReasonOptedOut }

type hostKey struct{}

// withHost makes room for what Hosts sees.
func withHost(ctx context.Context, into *mtasts.Host) context.Context {
	return context.WithValue(ctx, hostKey{}, into)
}
