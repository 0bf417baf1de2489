package explain

import "stsscan/internal/codes"

// policyClassMeaning says what the class of a policy means.
func policyClassMeaning(p codes.Policy) string {
	return map[codes.Policy]string{
		codes.PolicyValid:       "retrieved, and it parses (section 3.2)",
		codes.PolicyInvalid:     "retrieved, and it does not parse (section 3.2)",
		codes.PolicyMissing:     "there is no policy host, or it says that there is no policy",
		codes.PolicyUnreachable: "it cannot be retrieved",
		codes.PolicyForbidden:   "the policy host has only addresses that must not be contacted",
		codes.PolicyUnknown:     "what failed says nothing about the policy host",
		codes.PolicyNotFetched:  "there is no valid record, so that senders ask for no policy",
	}[p]
}

// modeMeaning says what senders do by a policy of this mode (section 5).
func modeMeaning(m codes.Mode) string {
	return map[codes.Mode]string{
		codes.ModeEnforce: "senders deliver to no MX host that fails the policy (section 5)",
		codes.ModeTesting: "senders deliver anyway, and report what fails (section 5)",
		codes.ModeNone:    "senders act as if there were no policy (section 5)",
	}[m]
}

// matchMeaning says how a policy covers the MX hosts (section 4.1).
func matchMeaning(m codes.MXMatch) string {
	return map[codes.MXMatch]string{
		codes.MatchAll:     "the policy covers every MX host (section 4.1)",
		codes.MatchSome:    "the policy covers some MX hosts, and others not (section 4.1)",
		codes.MatchNone:    "the policy covers no MX host (section 4.1)",
		codes.MatchNoMX:    "the domain has no MX host",
		codes.MatchNullMX:  "the domain says that it accepts no mail (RFC 7505)",
		codes.MatchUnknown: "the MX hosts are not known",
	}[m]
}

// stageMeaning says what happens at a stage of a retrieval.
func stageMeaning(s codes.Stage) string {
	return map[codes.Stage]string{
		codes.StageDNS:    "the addresses of the policy host are looked up",
		codes.StageTCP:    "a connection to port 443 is made",
		codes.StageTLS:    "the TLS handshake, and the certificate",
		codes.StageHTTP:   "the response of the web server",
		codes.StageBody:   "the text of the response is received",
		codes.StageSyntax: "the text of the policy is parsed",
	}[s]
}
