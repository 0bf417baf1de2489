package verify

import (
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
	"stsscan/internal/simnet"
)

// checkFamily checks that a Policy Host without addresses of the family that the observer has, as the row says,
// has none in the row.
func (o *discrepancies) checkFamily(row *output.Row) {
	reason := codes.PolicyReason(row.PolicyReason)
	if !reason.LacksFamily() || slices.Contains(row.Findings, string(codes.FindHostForbidden)) {
		return
	}
	within := func(addr string) bool { return strings.Contains(addr, ":") == (reason == codes.ReasonNoIPv4) }
	if i := slices.IndexFunc(row.HostAddrs, within); i >= 0 {
		o.want(false, "policy_reason is %s, and an address is %s", reason, row.HostAddrs[i])
	}
}

// truthOfOneFamily is the truth for an observer with one address family, where the row says that a host has
// addresses of the other family only.
func truthOfOneFamily(row *output.Row, t simnet.Truth) simnet.Truth {
	t.Probes, t.FirstProbes = slices.Clone(t.Probes), slices.Clone(t.FirstProbes)
	for i, host := range row.MX {
		if host.STARTTLS == nil || *host.STARTTLS != string(codes.STARTTLSUnknown) || host.Addr != nil {
			continue
		}
		if i < len(t.Probes) {
			t.Probes[i] = string(codes.STARTTLSUnknown)
		}
		if i < len(t.FirstProbes) {
			t.FirstProbes[i] = ""
		}
		t.VerdictProbed = codes.Verdict(row.Verdict) // the truth is about all hosts
	}
	if reason := codes.PolicyReason(row.PolicyReason); reason.LacksFamily() {
		t.Policy, t.Stage, t.Reason, t.Error = codes.PolicyUnknown, codes.StageTCP, reason, codes.ErrPolicyFetch
		t.TLSError, t.HTTPStatus, t.Mode, t.MaxAge, t.MX = "", 0, "", nil, nil
		t.MXMatch, t.MXUnused, t.Mismatch, t.TLSRPTResult = "", nil, "", ""
		t.Verdict, t.VerdictProbed = codes.VerdictUnknown, codes.VerdictUnknown
		t.Strict, t.Lenient = new(true), new(true) // of the record, which is valid
		t.Findings = slices.DeleteFunc(slices.Clone(t.Findings), ofConnection)
	}
	return t
}

// ofConnection reports whether a finding requires a connection to the Policy Host.
func ofConnection(f codes.Finding) bool {
	switch f {
	case codes.FindPlainHTTP, codes.FindCertKeyShort, codes.FindMediaTypeMissing, codes.FindMediaTypeOther,
		codes.FindCharsetOther,
		codes.FindTruncationPossible, codes.FindLengthAndTransferEncoding, codes.FindMXNotALabel:
		return true
	}
	return slices.Contains(codes.ClientLimits(), f)
}
