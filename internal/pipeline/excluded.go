package pipeline

import (
	"net/netip"
	"slices"

	"stsscan/internal/domains"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// excludes reports whether a row is about somebody who opted out late: its domain,
// its Policy Host or the target of an alias of that, an MX host, or all addresses
// of one of them.
func excludes(late *domains.Exclusions, row *output.Row) bool {
	if late == nil {
		return false
	}
	optedOut := func(text string) bool {
		addr, err := netip.ParseAddr(text)
		return err == nil && late.Addr(addr)
	}
	switch {
	case late.Domain(row.Domain), late.Domain(mtasts.HostLabel + "." + row.Domain):
		return true
	case slices.ContainsFunc(row.HostCNAMEs, late.Domain):
		return true
	case len(row.HostAddrs) > 0 && !slices.ContainsFunc(row.HostAddrs, func(text string) bool { return !optedOut(text) }):
		return true
	}
	return slices.ContainsFunc(row.MX, func(host output.MXHost) bool {
		return late.Domain(host.Host) || host.Addr != nil && optedOut(*host.Addr)
	})
}
