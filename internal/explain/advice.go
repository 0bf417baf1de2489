package explain

import (
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// advice says what to change, first what the verdict rests on, with the section of RFC 8461 or the RFC that asks for
// it. There is none where nothing is wrong. Advice to move a record replaces that about the absent one.
func advice(row *output.Row, elsewhere []mtasts.Elsewhere) []string {
	list := elsewhereAdvice(row, elsewhere)
	add := func(text string) {
		if text != "" && !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	if len(list) == 0 {
		add(recordAdvice(row))
	}
	add(askHost(row, policyAdvice(row)))
	for _, text := range mxAdvice(row) {
		add(text)
	}
	for _, f := range row.Findings {
		text := findingAdvice(codes.Finding(f), row)
		if servedFinding(codes.Finding(f)) {
			text = askHost(row, text)
		}
		add(text)
	}
	return list
}

// elsewhereAdvice says where misplaced records belong.
func elsewhereAdvice(row *output.Row, elsewhere []mtasts.Elsewhere) (list []string) {
	instead := ""
	if row.RecordReason == string(codes.RecordBadVersion) {
		instead = ", in place of what is there,"
	}
	for _, there := range elsewhere {
		if there.TXT != nil {
			list = append(list, "Move the TXT record at "+there.Name+" to _mta-sts."+row.Domain+instead+
				" once mta-sts."+row.Domain+" serves a policy (section 3).")
		}
	}
	return list
}

func recordAdvice(row *output.Row) string {
	at := "the TXT record at _mta-sts." + row.Domain
	switch codes.Record(row.Record) {
	case codes.RecordMultiple:
		return askRecord(row, "Leave exactly one MTA-STS record at _mta-sts."+row.Domain+" (section 3.1).")
	case codes.RecordInvalid:
		return askRecord(row, "Correct "+at+": v=STSv1; id= and 1 to 32 letters and digits (section 3.1).")
	case codes.RecordAbsent:
		if row.RecordReason == string(codes.RecordBadVersion) {
			if _, ok := meantRecord(row); ok {
				return askRecord(row, "Let "+at+" begin with v=STSv1; and have nothing around it (section 3.1).")
			}
			return askRecord(row, "Begin "+at+" with v=STSv1; (section 3.1).")
		}
		if row.RecordReason == string(codes.RecordNoDomain) {
			return "The domain does not exist: register it again, or take it off the list."
		}
		if kind := codes.MXKind(row.MXKind); kind == codes.MXHosts || kind == codes.MXImplicit {
			return "To begin, serve a policy of mode testing at mta-sts." + row.Domain + ", then publish " + at + " (section 3)."
		}
	}
	return ""
}

const policyPath = "/.well-known/mta-sts.txt"

func policyAdvice(row *output.Row) string {
	host := "mta-sts." + row.Domain
	if slices.Contains(row.Findings, string(codes.FindHTTP2Only)) {
		return "Let " + host + " serve the policy over HTTP/1.1 too: some senders do not speak HTTP/2 (section 3.3)."
	}
	switch codes.Stage(row.PolicyStage) {
	case codes.StageDNS:
		switch codes.PolicyReason(row.PolicyReason) {
		case codes.ReasonNXDomain, codes.ReasonNoData:
			return "Give " + host + " an address, or remove the record (section 3.3)."
		case codes.ReasonForbiddenAddress:
			return "Give " + host + " an address that the Internet can reach (section 3.3)."
		}
	case codes.StageTCP:
		if codes.PolicyReason(row.PolicyReason).LacksFamily() {
			return ""
		}
		return "Let the web server of " + host + " answer on port 443 (section 3.3)."
	case codes.StageTLS:
		if slices.Contains(row.Findings, string(codes.FindClientLimit)) {
			return "Try " + host + " with another client: this one lacks some groups, cipher suites and kinds of " +
				"keys (docs/tls.md). If that fails too, offer ECDHE over P-256 or X25519 with AES-GCM, and a " +
				"certificate for the name of the host (section 3.3)."
		}
		return tlsAdvice(host, codes.TLSError(row.PolicyReason)) + " (section 3.3)."
	case codes.StageHTTP:
		return wordOr(map[codes.PolicyReason]string{
			codes.ReasonRedirect:        "Serve the policy at " + host + " itself: redirects must not be followed",
			codes.ReasonTimeout:         "Let " + host + " answer within a minute",
			codes.ReasonBlocked:         "Let the filter in front of " + host + " pass requests for " + policyPath,
			codes.ReasonMalformed:       "Let the web server of " + host + " answer in HTTP/1.1",
			codes.ReasonHeadersTooLarge: "Let the web server of " + host + " send a header of at most 16 KiB",
			codes.ReasonReset:           "Let the web server of " + host + " answer requests for " + policyPath,
		}, codes.PolicyReason(row.PolicyReason), "Serve "+policyPath+" with status 200 at "+host) + " (section 3.3)."
	case codes.StageBody:
		return "Serve the policy whole, without an encoding, in at most 64 KiB (section 3.3)."
	case codes.StageSyntax:
		return "Correct the text of the policy, then change the id of the record (sections 3.1 and 3.2)."
	}
	return ""
}

// meantRecord is the record that the first near miss of a row was probably meant to be.
func meantRecord(row *output.Row) (meant mtasts.Record, ok bool) {
	if row.RecordReason != string(codes.RecordBadVersion) {
		return meant, false
	}
	for _, txt := range row.TXT {
		if meant, ok = mtasts.Meant(string(txt)); ok {
			break
		}
	}
	return meant, ok
}
