package explain

import (
	"fmt"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// BriefColumns lists the columns of a row that [Reason], [Advice] and [Remedy] read.
func BriefColumns() []string {
	return []string{
		"domain", "record", "record_reason", "txt", "policy", "policy_stage", "policy_reason", "mx_kind", "mx_reason",
		"mx", "mx_match", "mx_unused", "mismatch", "mx_tls", "tlsrpt", "record_delegated_to", "host_delegated_to", "provider",
		"verdict", "verdict_basis", "findings",
	}
}

// Advice is what the page of a row says under Change: sentences, the most urgent first, with control characters
// escaped. Nil: there is nothing to change.
func Advice(row *output.Row) []string {
	list := advice(row, nil)
	for i := range list {
		list[i] = printable(list[i])
	}
	return list
}

// Remedy is the first sentence of [Advice]; empty: there is nothing to change.
func Remedy(row *output.Row) string {
	list := Advice(row)
	if list == nil {
		return ""
	}
	if end := strings.Index(list[0], ". "); end >= 0 {
		return list[0][:end+1]
	}
	return list[0]
}

// Reason says in words why a row has its verdict, in one line without a full stop, with control characters escaped.
func Reason(row *output.Row) string {
	switch {
	case row.Record == string(codes.RecordMultiple):
		return "more than one record counts as none (section 3.1)"
	case row.Record != string(codes.RecordValid):
		return worded(recordMeaning(codes.RecordReason(row.RecordReason)), row.RecordReason)
	case row.Policy != string(codes.PolicyValid):
		return policyFault(row)
	}
	switch codes.Verdict(row.Verdict) {
	case codes.VerdictEnforceRefused, codes.VerdictEnforcePartial, codes.VerdictTestingWouldFail:
		return printable(mailFault(row))
	case codes.VerdictUnknown:
		return strings.TrimSuffix("the MX hosts are unknown: "+row.MXReason, ": ")
	}
	_, words := verdictMeaning(row)
	return words
}

// worded is the meaning of a word, or the word itself as words.
func worded(meaning, word string) string {
	if meaning != "" {
		return meaning
	}
	return strings.ReplaceAll(word, "_", " ")
}

// policyFault says why there is no valid policy. What a whole stage has in common is not all that can be said.
func policyFault(row *output.Row) string {
	stage, reason := codes.Stage(row.PolicyStage), codes.PolicyReason(row.PolicyReason)
	words := policyMeaning(stage, reason)
	if words == policyMeaning(stage, "") && reason != "" {
		words, section, _ := strings.Cut(words, " (section")
		words = strings.TrimPrefix(words+": "+strings.ReplaceAll(string(reason), "_", " "), ": ")
		if section != "" {
			words += " (section" + section
		}
		return words
	}
	if words == "" {
		words = "the policy is unknown"
	}
	return words
}

// mailFault says which MX hosts get no mail, or would get none: first what the verdict rests on.
func mailFault(row *output.Row) string {
	var unlisted, pseudo, failed []string
	for i := range row.MX {
		h := &row.MX[i]
		switch {
		case h.Matched == nil:
		case !*h.Matched && mtasts.MXHost{Name: h.Host}.Pseudo():
			pseudo = append(pseudo, h.Host)
		case !*h.Matched:
			unlisted = append(unlisted, h.Host)
		case h.STARTTLS != nil:
			if words := probeFault(h); words != "" {
				failed = append(failed, h.Host+": "+words)
			}
		}
	}
	var texts []string
	if unlisted != nil {
		texts = append(texts, "the policy does not list "+someOf(unlisted)+" (section 4.1)")
	}
	if pseudo != nil {
		texts = append(texts, "an MX record names no host: "+someOf(pseudo)+" (RFC 5321, section 5.1)")
	}
	if n := len(failed); n > mostMended {
		failed = append(failed[:mostMended], fmt.Sprintf("and %d more", n-mostMended))
	}
	if tlsDecides(row) {
		texts = append(failed, texts...)
	} else {
		texts = append(texts, failed...)
	}
	if texts == nil {
		_, words := verdictMeaning(row)
		return words
	}
	return strings.Join(texts, "; ")
}

// probeFault says why senders do not accept the TLS of an MX host; empty: they do, or that is unknown.
func probeFault(h *output.MXHost) string {
	switch codes.STARTTLS(*h.STARTTLS) {
	case codes.STARTTLSNotOffered:
		return "it offers no STARTTLS"
	case codes.STARTTLSRejected:
		return "it offers STARTTLS and refuses it"
	case codes.STARTTLSHandshake, codes.STARTTLSCertificate:
		if h.TLSError == nil {
			return mxTLSMeaning(codes.TLSOther)
		}
		return mxTLSMeaning(codes.TLSError(*h.TLSError))
	}
	return ""
}

// someOf names the first two of a list, and how many more there are.
func someOf(list []string) string {
	switch len(list) {
	case 1:
		return list[0]
	case 2:
		return list[0] + " and " + list[1]
	}
	return fmt.Sprintf("%s, %s and %d more", list[0], list[1], len(list)-2)
}

// Printable escapes what a terminal would obey rather than show: control characters, marks that turn the direction of
// writing, and octets that are not UTF-8.
func Printable(text string) string { return printable(text) }
