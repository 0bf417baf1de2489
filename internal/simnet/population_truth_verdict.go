package simnet

import (
	"strings"

	"stsscan/internal/codes"
)

// verdictTruth says what a sender experiences: by names alone, and when the servers are probed too.
func (p *population) verdictTruth(m mail, c coverage, t *Truth) {
	switch t.Record {
	case codes.RecordAbsent:
		t.Verdict = codes.VerdictNoSTS
	case codes.RecordUnknown:
		t.Verdict = codes.VerdictUnknown
	case codes.RecordInvalid, codes.RecordMultiple:
		t.Verdict = codes.VerdictBroken
	}
	if t.Record == codes.RecordValid {
		t.Verdict = p.policyVerdict(t, t.MXMatch, "")
	}
	t.VerdictProbed = t.Verdict
	switch t.Verdict {
	case codes.VerdictEnforceOK, codes.VerdictEnforcePartial, codes.VerdictTestingOK:
	default:
		return
	}
	good, bad, silent := 0, 0, 0
	for i, probe := range t.Probes {
		if t.MXMatch == codes.MatchSome && strings.HasSuffix(t.MXHosts[i], " "+m.hosts[len(m.hosts)-1].name) {
			continue // it is the last one that is not covered
		}
		word, _, _ := strings.Cut(probe, " ")
		switch codes.STARTTLS(word) {
		case codes.STARTTLSOK:
			good++
		case codes.STARTTLSCertificate, codes.STARTTLSHandshake, codes.STARTTLSNotOffered, codes.STARTTLSRejected:
			bad++
		default:
			silent++
		}
	}
	fails := "none"
	switch {
	case bad > 0 && good+silent == 0:
		fails = "all"
	case bad > 0:
		fails = "some"
	}
	t.VerdictProbed = p.policyVerdict(t, t.MXMatch, fails)
}

// policyVerdict is the verdict about a valid record; fails is which of the covered hosts are seen to fail: "",
// none, some or all.
func (p *population) policyVerdict(t *Truth, match codes.MXMatch, fails string) codes.Verdict {
	switch {
	case t.Policy == codes.PolicyUnknown, t.limited():
		return codes.VerdictUnknown
	case t.Policy != codes.PolicyValid:
		return codes.VerdictBroken
	case t.Mode == codes.ModeNone:
		return codes.VerdictValidNone
	case match == codes.MatchUnknown:
		return codes.VerdictUnknown
	case match == codes.MatchNone && t.Mode == codes.ModeEnforce, fails == "all" && t.Mode == codes.ModeEnforce:
		return codes.VerdictEnforceRefused
	case t.Mode == codes.ModeEnforce && (match == codes.MatchSome || fails == "some"):
		return codes.VerdictEnforcePartial
	case t.Mode == codes.ModeEnforce:
		return codes.VerdictEnforceOK
	case match == codes.MatchNone, match == codes.MatchSome, fails == "all", fails == "some":
		return codes.VerdictTestingWouldFail
	}
	return codes.VerdictTestingOK
}
