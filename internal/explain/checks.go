package explain

import (
	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// A check is one line of the overview.
type check struct{ mark, what string }

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
	} else if len(row.MX) > 0 && row.MX[0].STARTTLS == nil && row.MXMatch != "" {
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

func recordMark(row *output.Row) string {
	switch codes.Record(row.Record) {
	case codes.RecordValid:
		return markGood
	case codes.RecordAbsent:
		return markNone
	case codes.RecordUnknown:
		return markUnknown
	}
	return markFail
}

func policyMark(row *output.Row) string {
	if row.Limited() || row.PolicyReason == string(codes.ReasonOptedOut) {
		return markUnknown
	}
	switch codes.Policy(row.Policy) {
	case codes.PolicyValid:
		if mostRefuse(row) {
			return markWarn
		}
		return markGood
	case codes.PolicyUnknown:
		return markUnknown
	}
	return markFail
}

func matchMark(m codes.MXMatch) string {
	switch m {
	case codes.MatchAll:
		return markGood
	case codes.MatchSome:
		return markWarn
	case codes.MatchUnknown:
		return markUnknown
	case codes.MatchNoMX, codes.MatchNullMX:
		return markNone
	}
	return markFail
}

func tlsMark(m codes.MXTLS) string {
	switch m {
	case codes.MXTLSAll:
		return markGood
	case codes.MXTLSSome:
		return markWarn
	case codes.MXTLSUnknown:
		return markUnknown
	}
	return markFail
}

func reportMark(row *output.Row) string {
	switch codes.Record(row.TLSRPT) {
	case codes.RecordValid:
		return markGood
	case codes.RecordUnknown:
		return markUnknown
	case codes.RecordAbsent:
		if row.Policy != string(codes.PolicyValid) {
			return markNone
		}
	}
	return markWarn
}

func daneMark(d codes.DANE) string {
	switch d {
	case codes.DANEAll:
		return markGood
	case codes.DANESome:
		return markWarn
	case codes.DANEUnknown:
		return markUnknown
	}
	return markNone
}
