package explain

import (
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// checks are the lines of the overview.
func checks(row *output.Row) []check {
	list := []check{{recordMark(row), "record at _mta-sts." + row.Domain}}
	if row.Policy != string(codes.PolicyNotFetched) {
		list = append(list, check{policyMark(row), "policy at mta-sts." + row.Domain})
	}
	if row.MXMatch != "" {
		list = append(list, check{matchMark(codes.MXMatch(row.MXMatch)), "MX hosts are covered by the policy"})
	}
	if row.MXTLS != "" {
		list = append(list, check{tlsMark(codes.MXTLS(row.MXTLS)), "MX hosts do TLS with a certificate for their name"})
	} else if row.MXMatch != "" && pseudoOnly(row) {
		list = append(list, check{markNone, "certificates of MX hosts: no host to probe"})
	} else if len(row.MX) > 0 && row.MXMatch != "" && !probed(row) {
		list = append(list, check{markUnknown, "certificates of MX hosts: not probed (--probe-mx)"})
	}
	if row.TLSRPT != "" {
		list = append(list, check{reportMark(row), "reports of failures, TLSRPT (RFC 8460)"})
	}
	if row.DANE != "" {
		list = append(list, check{daneMark(codes.DANE(row.DANE)), "DANE for the MX hosts (RFC 7672)"})
	}
	return list
}

func probed(row *output.Row) bool {
	return slices.ContainsFunc(row.MX, func(h output.MXHost) bool { return h.STARTTLS != nil })
}

func recordMark(row *output.Row) string {
	return wordOr(map[codes.Record]string{
		codes.RecordValid: markGood, codes.RecordAbsent: markNone, codes.RecordUnknown: markUnknown,
	}, codes.Record(row.Record), markFail)
}

func policyMark(row *output.Row) string {
	switch {
	case row.Limited() || row.PolicyReason == string(codes.ReasonOptedOut):
		return markUnknown
	case mostRefuse(row):
		return markWarn
	}
	return wordOr(map[codes.Policy]string{
		codes.PolicyValid: markGood, codes.PolicyUnknown: markUnknown,
	}, codes.Policy(row.Policy), markFail)
}

func matchMark(m codes.MXMatch) string {
	return wordOr(map[codes.MXMatch]string{
		codes.MatchAll: markGood, codes.MatchSome: markWarn, codes.MatchUnknown: markUnknown,
		codes.MatchNoMX: markNone, codes.MatchNullMX: markNone,
	}, m, markFail)
}

func tlsMark(m codes.MXTLS) string {
	return wordOr(map[codes.MXTLS]string{
		codes.MXTLSAll: markGood, codes.MXTLSSome: markWarn, codes.MXTLSUnknown: markUnknown,
	}, m, markFail)
}

func reportMark(row *output.Row) string {
	if row.TLSRPT == string(codes.RecordAbsent) && row.Policy != string(codes.PolicyValid) {
		return markNone
	}
	return wordOr(map[codes.Record]string{
		codes.RecordValid: markGood, codes.RecordUnknown: markUnknown,
	}, codes.Record(row.TLSRPT), markWarn)
}

func daneMark(d codes.DANE) string {
	return wordOr(map[codes.DANE]string{
		codes.DANEAll: markGood, codes.DANESome: markWarn, codes.DANEUnknown: markUnknown,
	}, d, markNone)
}
