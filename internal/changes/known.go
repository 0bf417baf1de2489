package changes

import (
	"slices"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// known is what a run knows of a domain, as far as it is compared. Texts are empty where the row has NULL.
type known struct {
	record         codes.Record
	recordReason   string
	recordID       string
	recordOperator string // which the aliases of the record lead to

	policy       codes.Policy
	judged       codes.Policy // unknown too where the answer cannot be compared
	stage        codes.Stage
	reason       codes.PolicyReason
	passing      bool // the failure may pass by itself
	sha256       string
	mode         codes.Mode
	maxAge       *int64 // seconds
	patterns     []string
	extensions   []string
	hostOperator string // which the aliases of the Policy Host lead to

	match   codes.MXMatch
	verdict codes.Verdict
	basis   codes.Basis

	observed time.Time
}

// asked is how a run asked, beside the other one.
type asked struct {
	fewerPasses bool // than the run before
	otherRoots  bool // the runs trust different roots
}

// knownOf takes what is compared from a row.
func knownOf(r *output.Row, how asked, words *words) known {
	k := known{
		record:         codes.Record(words.once(r.Record)),
		recordReason:   words.once(r.RecordReason),
		recordID:       words.once(r.RecordID),
		recordOperator: words.once(operator(r, r.RecordDelegatedTo, r.CNAMEs)),
		policy:         codes.Policy(words.once(r.Policy)),
		stage:          codes.Stage(words.once(r.PolicyStage)),
		reason:         codes.PolicyReason(words.once(r.PolicyReason)),
		passing:        r.PolicyMends(),
		sha256:         words.once(r.PolicySHA256),
		mode:           codes.Mode(words.once(r.Mode)),
		maxAge:         r.MaxAge,
		hostOperator:   words.once(operator(r, r.HostDelegatedTo, r.HostCNAMEs)),
		match:          codes.MXMatch(words.once(r.MXMatch)),
		verdict:        codes.Verdict(words.once(r.Verdict)),
		basis:          codes.Basis(words.once(r.VerdictBasis)),
		observed:       r.ObservedAt,
	}
	for _, pattern := range r.MXPatterns {
		k.patterns = append(k.patterns, words.once(pattern))
	}
	for _, extension := range r.PolicyExtensions {
		k.extensions = append(k.extensions, words.once(extension))
	}
	k.judged = judged(r, how)
	return k
}

// judged is the class of the policy, unknown too where it was not asked for or opted out, where a limit of this
// client may be the reason, where another pass or another set of roots may give another answer.
func judged(r *output.Row, how asked) codes.Policy {
	notAsked := r.Record == string(codes.RecordValid) && r.Policy == string(codes.PolicyNotFetched)
	switch {
	case notAsked || r.PolicyReason == string(codes.ReasonOptedOut),
		r.PolicyMends() && (r.Pending != "" || how.fewerPasses),
		how.otherRoots && slices.Contains(trustReasons(), codes.TLSError(r.PolicyReason)),
		r.Limited():
		return codes.PolicyUnknown
	}
	return codes.Policy(r.Policy)
}

// trustReasons are those of certificates that lack nothing but trust.
func trustReasons() []codes.TLSError {
	return []codes.TLSError{codes.TLSSelfSigned, codes.TLSUnknownAuthority, codes.TLSIncompleteChain}
}

// present reports whether the domain publishes a record.
func (k *known) present() bool {
	return k.record == codes.RecordValid || k.record == codes.RecordInvalid || k.record == codes.RecordMultiple
}

// policyKnown reports whether the policy was asked for, and what it is can be compared.
func (k *known) policyKnown() bool {
	return k.record == codes.RecordValid && k.judged != codes.PolicyUnknown
}

// fails reports whether it is known that there is no valid policy for the record.
func (k *known) fails() bool { return k.policyKnown() && k.judged != codes.PolicyValid }

// hostsKnown reports whether it is known how a valid policy covers the hosts that receive mail.
func (k *known) hostsKnown() bool {
	return k.policy == codes.PolicyValid &&
		(k.match == codes.MatchAll || k.match == codes.MatchSome || k.match == codes.MatchNone)
}

// probed reports whether the verdict rests on the certificates of these hosts.
func (k *known) probed() bool {
	return k.policy == codes.PolicyValid && k.basis == codes.BasisCertificates
}

// byCertificates reports whether certificates alone are why mail is refused.
func (k *known) byCertificates() bool {
	return k.basis == codes.BasisCertificates && k.match == codes.MatchAll
}

// refuses reports whether some mail is refused.
func (k *known) refuses() bool {
	return k.verdict == codes.VerdictEnforceRefused || k.verdict == codes.VerdictEnforcePartial
}

// broken reports whether the domain is broken, as "scan --fail-on broken" counts it: mail is refused, or there is no
// policy that a sender could apply.
func (k *known) broken() bool {
	return k.verdict == codes.VerdictEnforceRefused || k.verdict == codes.VerdictBroken
}

// why says in words of the table what is wrong with a broken domain.
func (k *known) why() string {
	switch {
	case k.verdict == codes.VerdictEnforceRefused:
		return "mail is refused"
	case k.record == codes.RecordMultiple:
		return "record: " + string(codes.RecordMultiple)
	case k.record != codes.RecordValid:
		return "record: " + k.recordReason
	}
	return k.failure()
}

// failure is where the retrieval of the policy failed, and why.
func (k *known) failure() string {
	if k.stage == "" || k.reason == "" {
		return ""
	}
	return string(k.stage) + ": " + string(k.reason)
}

// words keeps one copy of each text: a million domains have few different ones.
type words struct{ seen map[string]string }

func (w *words) once(text string) string {
	if have, ok := w.seen[text]; ok {
		return have
	}
	const most = 1 << 20 // domains with texts of their own
	if len(w.seen) < most {
		w.seen[text] = text
	}
	return text
}
