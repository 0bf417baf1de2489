package egress

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"stsscan/internal/codes"
)

// maxPerFamily bounds the addresses that are dialled for one host.
const maxPerFamily = 2

// candidates are the addresses to dial, in order, or the reason why there are none.
func (d *Dialer) candidates(host string, addrs []netip.Addr, trace *Trace) ([]netip.Addr, *Error) {
	refuse := func(stage codes.Stage, reason codes.PolicyReason, err error) ([]netip.Addr, *Error) {
		return nil, &Error{host: host, stage: stage, reason: reason, err: err}
	}
	var v4, v6 []netip.Addr
	var forbidden, optedOut error
	for _, addr := range addrs {
		if err := CheckAddr(addr); err != nil {
			trace.HadForbidden = true
			forbidden = err
			continue
		}
		if d.config.OptedOut(addr) {
			optedOut = fmt.Errorf("%s: its network has opted out", addr)
			continue
		}
		switch { // an address that is listed twice counts once
		case addr.Is6() && len(v6) < maxPerFamily && !slices.Contains(v6, addr):
			v6 = append(v6, addr)
		case addr.Is4() && len(v4) < maxPerFamily && !slices.Contains(v4, addr):
			v4 = append(v4, addr)
		}
	}
	var inReach []netip.Addr
	if d.ipv6 {
		inReach = append(inReach, v6...)
	}
	if d.ipv4 {
		inReach = append(inReach, v4...)
	}
	switch {
	case len(inReach) > 0:
		return inReach, nil
	case len(v4) > 0:
		return refuse(codes.StageTCP, codes.ReasonNoIPv4, errors.New("no IPv6 address, and this machine has no IPv4"))
	case len(v6) > 0:
		return refuse(codes.StageTCP, codes.ReasonNoIPv6, errors.New("no IPv4 address, and this machine has no IPv6"))
	case optedOut != nil:
		return refuse(codes.StageDNS, codes.ReasonOptedOut, optedOut)
	case forbidden != nil:
		return refuse(codes.StageDNS, codes.ReasonForbiddenAddress, forbidden)
	}
	return refuse(codes.StageDNS, codes.ReasonNoData, &net.DNSError{Err: "no address", Name: host, IsNotFound: true})
}
