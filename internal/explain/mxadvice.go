package explain

import (
	"fmt"
	"slices"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// mxAdvice says what to change about the MX hosts, first what the verdict rests on. Texts may be empty.
func mxAdvice(row *output.Row) []string {
	coverage := []string{coverageAdvice(row)}
	if slices.Contains(row.Findings, string(codes.FindMXHostPseudo)) {
		coverage = append(coverage, findingAdvice(codes.FindMXHostPseudo, row))
	}
	var covered, others []*output.MXHost
	for i := range row.MX {
		if h := &row.MX[i]; h.Matched != nil && *h.Matched {
			covered = append(covered, h)
		} else {
			others = append(others, h)
		}
	}
	if tlsDecides(row) {
		return append([]string{hostAdvice(covered...)}, append(coverage, hostAdvice(others...))...)
	}
	return append(coverage, hostAdvice(covered...), hostAdvice(others...))
}

// tlsDecides reports whether the verdict rests on the TLS of the hosts that the policy covers: it covers all, or none
// of those that it covers is of use.
func tlsDecides(row *output.Row) bool {
	return row.MXTLS == string(codes.MXTLSNone) || row.MXMatch == string(codes.MatchAll)
}

// coverageAdvice is about hosts that the policy does not cover. A policy of mode none need not cover any.
func coverageAdvice(row *output.Row) string {
	match := codes.MXMatch(row.MXMatch)
	if row.Verdict == string(codes.VerdictValidNone) || match != codes.MatchNone && match != codes.MatchSome {
		return ""
	}
	var hosts, odd []string
	for i := range row.MX {
		h := &row.MX[i]
		switch {
		case h.Matched == nil, *h.Matched, mtasts.MXHost{Name: h.Host}.Pseudo(): // the last has advice of its own
		case strings.Contains(h.Host, "_"):
			odd = append(odd, h.Host)
		default:
			hosts = append(hosts, h.Host)
		}
	}
	var text string
	if len(hosts) > 0 {
		add := "Add to the policy: mx: " + strings.Join(hosts, ", mx: ") + " (section 4.1)."
		text = askHost(row, add) + " Then change the id of the record."
	}
	if len(odd) > 0 {
		text += " Rename " + strings.Join(odd, ", ") + ": an mx cannot have an underscore (section 3.2)."
	}
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	switch codes.Mismatch(row.Mismatch) {
	case codes.MismatchMTASTSLabel:
		text += " An mx is the name of a mail server, not of the policy host."
	case codes.MismatchTypo:
		text += " An mx is nearly right: check its spelling."
	case codes.MismatchDifferentDomain:
		text += " The policy lists hosts of another domain, perhaps of a former provider."
	}
	return text
}

// mostMended is how many hosts advice names.
const mostMended = 2

// hostAdvice says what to change about the TLS of MX hosts; empty where senders accept it, or it is not known.
func hostAdvice(hosts ...*output.MXHost) string {
	var clauses []string
	section := " (section 4.2)."
	for _, h := range hosts {
		clause := hostClause(h)
		switch {
		case clause == "":
			continue
		case len(clauses) < mostMended && strings.HasSuffix(clause, "STARTTLS"):
			section = " (section 4.2; RFC 3207)."
		}
		if clauses != nil {
			clause = lowered(clause)
		}
		clauses = append(clauses, clause)
	}
	if clauses == nil {
		return ""
	}
	if more := len(clauses) - mostMended; more > 0 {
		clauses = append(clauses[:mostMended], fmt.Sprintf("and mend %d more", more))
	}
	return strings.Join(clauses, "; ") + section
}

// hostClause is the advice about one host, without the section and the full stop.
func hostClause(h *output.MXHost) string {
	if h.STARTTLS == nil {
		return ""
	}
	switch codes.STARTTLS(*h.STARTTLS) {
	case codes.STARTTLSNotOffered:
		return "Let " + h.Host + " offer STARTTLS"
	case codes.STARTTLSRejected:
		return "Let " + h.Host + " accept STARTTLS"
	case codes.STARTTLSHandshake, codes.STARTTLSCertificate:
		reason := codes.TLSOther
		if h.TLSError != nil {
			reason = codes.TLSError(*h.TLSError)
		}
		return tlsAdvice(h.Host, reason)
	}
	return ""
}

// tlsAdvice says what to change about TLS at a host, without the full stop.
func tlsAdvice(host string, e codes.TLSError) string {
	const (
		named   = "Give %s a certificate for that name"
		trusted = "Give %s a certificate from an authority that senders trust"
	)
	return fmt.Sprintf(wordOr(map[codes.TLSError]string{
		codes.TLSNameMismatch:     named,
		codes.TLSNoCertForName:    named,
		codes.TLSExpired:          "Renew the certificate of %s",
		codes.TLSNotYetValid:      "Give %s a certificate that is valid now",
		codes.TLSSelfSigned:       trusted,
		codes.TLSUnknownAuthority: trusted,
		codes.TLSIncompleteChain:  "Let %s send its intermediate certificates beside its own",
		codes.TLSProtocolVersion:  "Enable TLS 1.2 or higher at %s",
		codes.TLSNotTLS:           "Let %s speak TLS",
		codes.TLSOversize:         "Let %s send fewer certificates, with fewer names",
		codes.TLSCertificate:      "Give %s a server certificate with an up-to-date key and signatures",
	}, e, "Let %s complete a TLS handshake"), host)
}
