package changes

import (
	"cmp"
	"slices"
	"strconv"

	"stsscan/internal/codes"
)

//go:generate go test -run ^TestKindsElsewhere$ -update .

// A Kind is a kind of change of a domain between two runs. A domain can have several changes.
type Kind struct {
	Word    string // in a row of the table "changed" of analysis/history.sql, and in the JSON of a diff
	Meaning string
	About   About
	Loss    Loss
	Gain    bool   // protection or compliance grew
	Remedy  string // "{domain}" and "{before}" are places; empty: what lookup advises about the row

	// found reports whether two runs show the change, and says what was before and what is now; empty is nothing.
	found func(p *pair) (before, after string, ok bool)
}

// About is what must be known in both runs to tell whether a change happened.
type About string

const (
	AboutRecord About = "record"
	AboutPolicy About = "policy"
	AboutHosts  About = "hosts" // that receive mail
)

// A Loss says when a change is a regression: it takes protection away, or senders cannot see it. Who gives up a
// record loses nothing unless the policy was enforced; with mode none there is nothing to lose.
type Loss string

const (
	LossNever    Loss = "never"
	LossAlways   Loss = "always"
	LossEnforced Loss = "enforced" // where the policy was valid, in mode enforce
	LossAsked    Loss = "asked"    // where the policy was valid, in mode enforce or testing
)

// of reports whether the change is a regression.
func (l Loss) of(p *pair) bool {
	valid := p.hadValid() && p.old.mode != ""
	switch l {
	case LossAlways:
		return true
	case LossEnforced:
		return valid && p.old.mode == codes.ModeEnforce
	case LossAsked:
		return valid && p.old.mode != codes.ModeNone
	}
	return false
}

// Kinds lists every kind: those that can be regressions first, the worst at the top.
func Kinds() []Kind {
	return []Kind{
		{
			Word: "MX hosts refused", About: AboutHosts, Loss: LossAlways,
			Meaning: "Some hosts that receive mail are refused now by senders that honour the policy; others may still " +
				"take it.",
			found: func(p *pair) (string, string, bool) {
				certificates := !p.otherRoots && p.old.probed() && !p.old.refuses()
				return string(p.old.verdict), string(p.new.verdict), p.new.refuses() && p.old.present() &&
					p.old.hostsKnown() && p.old.verdict != "" && !p.old.refuses() &&
					(!p.new.byCertificates() || certificates)
			},
		},
		{
			Word: "policy broken", About: AboutPolicy, Loss: LossAsked,
			Meaning: "The policy was valid, and cannot be retrieved or is not valid now.",
			found: func(p *pair) (string, string, bool) {
				return string(p.old.mode), p.new.failure(), p.new.fails() && p.hadValid()
			},
		},
		{
			Word: "record broken", About: AboutRecord, Loss: LossAsked,
			Meaning: "The record was valid and is not now, so that senders ignore it.",
			found: func(p *pair) (string, string, bool) {
				return string(p.old.record), cmp.Or(p.new.recordReason, string(p.new.record)),
					p.new.present() && p.new.record != codes.RecordValid && p.old.record == codes.RecordValid
			},
		},
		{
			Word: "MX left the policy", About: AboutHosts, Loss: LossAsked,
			Meaning: "The policy is the same, and covers fewer of the hosts that receive mail.",
			found: func(p *pair) (string, string, bool) {
				fewer := p.old.match != codes.MatchNone && p.new.match == codes.MatchNone ||
					p.old.match == codes.MatchAll && p.new.match == codes.MatchSome
				return string(p.old.match), string(p.new.match), p.hostsKnown() && p.samePolicy() && fewer
			},
		},
		{
			Word: "abandoned abruptly", About: AboutRecord, Loss: LossEnforced,
			Meaning: "The record is gone, and no policy of mode none was served before.",
			Remedy: "Publish the record at _mta-sts.{domain} again. To leave, first serve mode none until the old " +
				"max_age is over (section 8.3).",
			found: func(p *pair) (string, string, bool) {
				return string(p.old.record), p.new.recordReason, p.abandoned() && !p.hadMode(codes.ModeNone)
			},
		},
		{
			Word: "mode lowered", About: AboutPolicy, Loss: LossAlways,
			Meaning: "The policy asks senders for less.",
			Remedy: "Set mode {before} again unless this was meant, then change the id of the record (sections 3.1 " +
				"and 5).",
			found: func(p *pair) (string, string, bool) {
				return string(p.old.mode), string(p.new.mode), p.bothValid() && strictness(p.new.mode) < strictness(p.old.mode)
			},
		},
		{
			Word: "policy changed, id did not", About: AboutPolicy, Loss: LossAlways,
			Meaning: "Senders that have the old policy do not see the new one.",
			Remedy: "Change the id of the record at _mta-sts.{domain}: senders do not see the new policy before " +
				"(section 3.1).",
			found: func(p *pair) (string, string, bool) {
				return p.textBefore(), p.textNow(), p.bothValid() && p.otherPolicy() && p.sameID()
			},
		},
		{
			Word: "fails otherwise", About: AboutPolicy, Loss: LossNever,
			Meaning: "There was no valid policy before either, for another reason.",
			found: func(p *pair) (string, string, bool) {
				return p.old.failure(), p.new.failure(), p.new.fails() && p.old.fails() && p.asOften() &&
					p.new.failure() != p.old.failure()
			},
		},
		{
			Word: "abandoned after mode none", About: AboutRecord, Loss: LossNever,
			Meaning: "The record is gone, after a policy of mode none, as section 8.3 asks.",
			found: func(p *pair) (string, string, bool) {
				return string(p.old.record), p.new.recordReason, p.abandoned() && p.hadMode(codes.ModeNone)
			},
		},
		{
			Word: "policy and id changed", About: AboutPolicy, Loss: LossNever,
			Meaning: "The policy is another, and senders can see it.",
			found: func(p *pair) (string, string, bool) {
				return "id: " + p.old.recordID + "; " + p.textBefore(), "id: " + p.new.recordID + "; " + p.textNow(),
					p.bothValid() && p.otherPolicy() && p.otherID()
			},
		},
		{
			Word: "id changed, policy did not", About: AboutPolicy, Loss: LossNever,
			Meaning: "Senders fetch the same policy again.",
			found: func(p *pair) (string, string, bool) {
				return p.old.recordID, p.new.recordID, p.bothValid() && p.samePolicy() && p.otherID()
			},
		},
		{
			Word: "max_age lowered", About: AboutPolicy, Loss: LossNever,
			Meaning: "Senders keep the policy for a shorter time.",
			found: func(p *pair) (string, string, bool) {
				before, now := p.maxAges()
				return digits(before), digits(now), p.bothValid() && now < before
			},
		},
		{
			Word: "operator changed", About: AboutPolicy, Loss: LossNever,
			Meaning: "The aliases of the Policy Host, or else of the record, lead elsewhere.",
			found: func(p *pair) (string, string, bool) {
				if p.new.policyKnown() && p.old.policyKnown() && p.new.hostOperator != p.old.hostOperator {
					return p.old.hostOperator, p.new.hostOperator, true
				}
				return p.old.recordOperator, p.new.recordOperator, p.new.present() && p.old.present() &&
					p.new.recordOperator != p.old.recordOperator
			},
		},
		{
			Word: "adopted", About: AboutRecord, Loss: LossNever, Gain: true,
			Meaning: "The domain publishes a record, and did not before.",
			found: func(p *pair) (string, string, bool) {
				return p.old.recordReason, string(p.new.record), p.new.present() && p.old.record == codes.RecordAbsent
			},
		},
		{
			Word: "record mended", About: AboutRecord, Loss: LossNever, Gain: true,
			Meaning: "The record was not valid, and is now.",
			found: func(p *pair) (string, string, bool) {
				return cmp.Or(p.old.recordReason, string(p.old.record)), string(p.new.record),
					p.new.record == codes.RecordValid && p.old.present() && p.old.record != codes.RecordValid
			},
		},
		{
			Word: "policy mended", About: AboutPolicy, Loss: LossNever, Gain: true,
			Meaning: "There was no valid policy, and there is one now.",
			found: func(p *pair) (string, string, bool) {
				return p.old.failure(), string(p.new.mode), p.new.record == codes.RecordValid &&
					p.new.policy == codes.PolicyValid && p.old.fails() && p.asOften()
			},
		},
		{
			Word: "MX covered again", About: AboutHosts, Loss: LossNever, Gain: true,
			Meaning: "The policy covers all hosts that receive mail, and did not before.",
			found: func(p *pair) (string, string, bool) {
				return string(p.old.match), string(p.new.match), p.hostsKnown() && p.old.match != codes.MatchAll &&
					p.new.match == codes.MatchAll
			},
		},
		{
			Word: "mode raised", About: AboutPolicy, Loss: LossNever, Gain: true,
			Meaning: "The policy asks senders for more.",
			found: func(p *pair) (string, string, bool) {
				return string(p.old.mode), string(p.new.mode), p.bothValid() && strictness(p.new.mode) > strictness(p.old.mode)
			},
		},
		{
			Word: "max_age raised", About: AboutPolicy, Loss: LossNever, Gain: true,
			Meaning: "Senders keep the policy for a longer time.",
			found: func(p *pair) (string, string, bool) {
				before, now := p.maxAges()
				return digits(before), digits(now), p.bothValid() && now > before
			},
		},
	}
}

// strictness orders modes by what they ask of senders.
func strictness(mode codes.Mode) int {
	return slices.Index([]codes.Mode{codes.ModeNone, codes.ModeTesting, codes.ModeEnforce}, mode)
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }
