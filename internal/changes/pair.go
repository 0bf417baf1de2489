package changes

import (
	"cmp"
	"slices"
	"strings"

	"stsscan/internal/codes"
)

// A pair is what two runs know of a domain that is in the lists of both. Unknown is never a change: what is not known
// in either run shows none.
type pair struct {
	domain     string
	old, new   known
	otherRoots bool     // the runs trust different roots
	passes     [2]int64 // of the old run and of the new one; 0: not known
}

// hadValid reports whether the policy was valid before.
func (p *pair) hadValid() bool { return p.old.policyKnown() && p.old.policy == codes.PolicyValid }

// hadMode reports whether a valid policy had this mode before.
func (p *pair) hadMode(mode codes.Mode) bool { return p.hadValid() && p.old.mode == mode }

// bothValid reports whether there was a valid policy before, and is now.
func (p *pair) bothValid() bool {
	return p.hadValid() && p.new.record == codes.RecordValid && p.new.policy == codes.PolicyValid
}

// hostsKnown reports whether it is known, of two valid policies, how they cover the hosts that receive mail.
func (p *pair) hostsKnown() bool { return p.bothValid() && p.old.hostsKnown() && p.new.hostsKnown() }

// abandoned reports whether there was a record before, and is none now.
func (p *pair) abandoned() bool { return p.old.present() && p.new.record == codes.RecordAbsent }

// asOften reports whether a failure before was asked for as often as the new run asks: one that may pass might have
// passed in another pass.
func (p *pair) asOften() bool {
	return !p.old.passing || p.passes[0] == 0 || p.passes[1] == 0 || p.passes[0] >= p.passes[1]
}

func (p *pair) hashesKnown() bool { return p.old.sha256 != "" && p.new.sha256 != "" }
func (p *pair) samePolicy() bool  { return p.hashesKnown() && p.old.sha256 == p.new.sha256 }
func (p *pair) otherPolicy() bool { return p.hashesKnown() && p.old.sha256 != p.new.sha256 }

func (p *pair) idsKnown() bool { return p.old.recordID != "" && p.new.recordID != "" }
func (p *pair) sameID() bool   { return p.idsKnown() && p.old.recordID == p.new.recordID }
func (p *pair) otherID() bool  { return p.idsKnown() && p.old.recordID != p.new.recordID }

// maxAges are those of both policies in seconds, equal where one is not known.
func (p *pair) maxAges() (before, now int64) {
	if p.old.maxAge == nil || p.new.maxAge == nil {
		return 0, 0
	}
	return *p.old.maxAge, *p.new.maxAge
}

// noDomain is what to do about a domain that does not exist any more.
const noDomain = "The domain does not exist: register it again, or take it off the list."

// changes are those of the domain, worstFirst.
func (p *pair) changes(kinds []Kind) []Change {
	var list []Change
	for i, kind := range kinds {
		before, after, ok := kind.found(p)
		if !ok {
			continue
		}
		places := strings.NewReplacer("{domain}", p.domain, "{before}", before)
		change := Change{
			Domain: p.domain, Kind: kind.Word, Regression: kind.Loss.of(p), Gain: kind.Gain, Before: before, After: after,
			place: i,
		}
		if change.Regression {
			change.Remedy = places.Replace(kind.Remedy)
			if p.new.recordReason == string(codes.RecordNoDomain) {
				change.Remedy = noDomain
			}
		}
		list = append(list, change)
	}
	slices.SortStableFunc(list, worstFirst)
	return list
}

// worstFirst orders changes: regressions first, then by kind.
func worstFirst(a, b Change) int {
	if a.Regression != b.Regression {
		if a.Regression {
			return -1
		}
		return 1
	}
	return cmp.Compare(a.place, b.place)
}

// stateBefore is the state before of a domain that is broken and has these changes.
func (p *pair) stateBefore(changes []Change) state {
	switch {
	case p.old.broken():
		return stateBroken
	case changes != nil:
		return stateSound
	}
	return stateUnclear
}
