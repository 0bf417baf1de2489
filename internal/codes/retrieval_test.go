package codes

import (
	"slices"
	"testing"
)

// Each pair of stage and reason has one word, and a reason that more than one stage
// has, such as a reset that a race shows at either, has the same word at each.
func TestResult(t *testing.T) {
	certificate := []TLSError{
		TLSNameMismatch, TLSExpired, TLSNotYetValid, TLSSelfSigned, TLSUnknownAuthority, TLSIncompleteChain, TLSCertificate,
	}
	words := make(map[PolicyReason]TLSRPTResult)
	for _, stage := range Stages() {
		for _, reason := range PolicyReasons(stage) {
			want := TLSRPTPolicyFetchError
			switch {
			case stage == StageDNS && reason == ReasonOptedOut, stage == StageTCP && reason.LacksFamily():
				want = ""
			case stage == StageTLS && slices.Contains(certificate, TLSError(reason)):
				want = TLSRPTWebPKIInvalid
			case stage == StageSyntax:
				want = TLSRPTPolicyInvalid
			}
			got := Result(stage, reason)
			if got != want {
				t.Errorf("%s %s: %q, want %q", stage, reason, got, want)
			}
			if other, ok := words[reason]; ok && other != got {
				t.Errorf("%s is %q and %q", reason, other, got)
			}
			words[reason] = got
		}
	}
}
