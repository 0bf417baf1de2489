package simnet

import (
	"net/netip"
	"slices"
	"strings"

	"stsscan/internal/codes"
)

// A population is a generated world: a pure function of seed, model and night that draws for every name what it
// has. It holds the tables, and nothing for any domain. README.md describes the models.
type population struct {
	model  string
	seed   uint64
	night  int
	growth float64 // of adoption since the base night

	// rankOf gives the rank of a Policy Domain for the model top, 0 for one that is not in the list. Where it is
	// nil, the rank is drawn from the name.
	rankOf func(domain string) int64

	operators     []operator
	operatorWheel [3]wheel  // by what a story allows
	self          *operator // with names for every domain
	giant         *operator // with very many domains at one address; nil: there is none
	giants        story     // that they live
	existing      []string  // registered domains that operators need, sorted
	sharedZones   []string  // those of operators whose names are shared by all their domains

	stories    []story // of domains with a record; the first is the good one
	storyWheel []wheel // by operatorKind; in the models made for tests one for all
	absences   []story // of domains without a record; the first is NXDOMAIN
	absence    wheel
	nowhere    *story // of names whose registered domain does not exist

	mailKinds     [2]wheel // without and with a record
	mailOperators []mailOperator
	mailShares    wheel
	coverages     wheel
	reports       []reportStory
	reportShares  wheel
	mailServers   []mailServer
	serverShares  [2]wheel // of an operator's hosts, and of a domain's own

	maxAges              []int64 // seconds
	maxAgeShares         wheel
	modes, mismatchModes wheel
}

// A fate is what is drawn for one Policy Domain.
type fate struct {
	domain             string
	registered, suffix string
	draw               draw
	bears              bool // it has a record, good or bad
	story              *story
	operator           *operator // nil: none
}

// fateOf draws what a Policy Domain has. A registered domain that does not exist has no names below it; below
// one that does, every name may be a Policy Domain.
func (p *population) fateOf(domain string) fate {
	f := p.drawFate(domain)
	above := f.story
	if f.registered != domain {
		above = p.drawFate(f.registered).story
	}
	switch {
	case above.record == playNoDomain && f.registered != f.suffix && !p.exists(f.registered):
		f.bears, f.story, f.operator = false, p.nowhere, nil
	case f.story.record == playNoDomain:
		f.story = &p.absences[0]
	}
	return f
}

// drawFate draws for one name, without regard to the names above it.
func (p *population) drawFate(domain string) fate {
	f := fate{domain: domain, draw: drawFor(p.seed, domain)}
	f.registered, f.suffix = registeredDomain(domain)
	if slices.Contains(p.sharedZones, domain) {
		// Customers need it.
		f.bears, f.story, f.operator = true, &p.stories[0], p.self
		return f
	}
	f.bears = p.bears(f.draw, p.adoption(domain, f.draw)) && isHostName(domain) && len(domain) <= maxDomain
	if !f.bears {
		f.story = &p.absences[p.absence.at(f.draw.unit(forAbsence))]
		aliased := f.story.by == byThird || f.story.recordAlias != aliasOfOperator
		switch {
		case aliased && len(domain) > maxDomain:
			f.story = &p.absences[0]
		case f.story.by == byThird:
			p.hire(&f)
		}
		return f
	}
	if p.giant != nil && f.draw.chance(forOperator, giantShare) {
		f.operator, f.story = p.giant, &p.giants
		return f
	}
	if made(p.model) {
		f.story = &p.stories[p.storyWheel[0].at(f.draw.unit(forStory))]
		p.hire(&f)
		return f
	}
	p.hire(&f)
	f.story = &p.stories[p.storyWheel[f.operator.kind].at(f.draw.unit(forStory))]
	p.fit(&f)
	return f
}

// hire draws the operator of a domain, among those that its story allows.
func (p *population) hire(f *fate) {
	allowed := byAnyone
	if f.story != nil {
		allowed = f.story.by
	}
	f.operator = &p.operators[p.operatorWheel[allowed].at(f.draw.unit(forOperator))]
	if f.story != nil {
		p.fit(f)
	}
}

// fit makes the domain self-managed where its operator has no names for it, or none that its story can use.
func (p *population) fit(f *fate) {
	if f.operator.shared() && !f.story.plain() || !f.operator.serves(f.domain) {
		f.operator = p.self
	}
}

// exists reports whether operators need a registered domain.
func (p *population) exists(registered string) bool {
	_, found := slices.BinarySearch(p.existing, registered)
	return found
}

// serves reports whether the operator has names for the domain.
func (o *operator) serves(domain string) bool {
	for _, shape := range []targetShape{o.record, o.host} {
		if shape != (targetShape{}) {
			if _, ok := shape.target(domain); !ok {
				return false
			}
		}
	}
	return true
}

// isHostName reports whether every label of a name is of letters, digits and inner hyphens. Others have no
// record in a population: policies could not list their hosts.
func isHostName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			if c := label[i]; !isLetter(c) && (c < '0' || c > '9') && c != '-' {
				return false
			}
		}
	}
	return true
}

// tcp says how an address meets a connection: by the address plan.
func (p *population) tcp(addr netip.Addr) tcpPlay { return playOf(addr) }

// truth says what a perfect observer concludes. It does not know names of another Policy Domain, such as alias
// targets. The rank is the population's own, see rankOf.
func (p *population) truth(domain string, _ int64) (Truth, bool) {
	t, ok := p.policyTruth(domain)
	if ok {
		f := p.fateOf(domain)
		p.mailTruth(&f, &t)
	}
	return t, ok
}

// policyTruth is the truth about record and policy.
func (p *population) policyTruth(domain string) (Truth, bool) {
	if role, of := p.parseName(recordLabel + domain); role != roleRecord || of != domain {
		return Truth{}, false
	}
	if role, of := p.parseName(hostLabel + domain); role != roleHost || of != domain {
		return Truth{}, false
	}
	if _, aliased := mailAlias(domain); aliased {
		return Truth{}, false // its mail is that of the name it leads to
	}
	f := p.fateOf(domain)
	end := f.story.end
	t := Truth{
		Class:        f.story.name,
		Record:       end.record,
		RecordReason: end.recordReason,
		CNAMEs:       p.observedAliases(&f, roleRecord),
		Error:        end.sentinel(),
		Policy:       end.policy,
		Stage:        end.stage,
		Reason:       end.reason,
		Findings:     end.findings,
	}
	if reading := p.readingOf(&f); reading != unread {
		strict, lenient := reading == readStrictly, reading != readByNone
		t.Strict, t.Lenient = &strict, &lenient
	}
	if end.id {
		t.RecordID = p.recordID(&f)
	}
	if end.record != codes.RecordValid {
		return t, true
	}
	t.HostCNAMEs = p.observedAliases(&f, roleHost)
	t.Findings = slices.Concat(end.findings, f.story.findings, mediaFindings(&f))
	if end.stage == codes.StageTLS {
		t.TLSError = codes.TLSError(end.reason)
	}
	if end.respondsHTTP() {
		t.HTTPStatus = p.status(&f)
	}
	if end.readsPolicy() {
		text := p.policyOf(&f)
		t.Mode, t.MX = text.mode, append([]string(nil), text.mx...)
		if text.maxAge >= 0 {
			t.MaxAge = &text.maxAge
		}
		if slices.ContainsFunc(t.MX, hasNoALabel) {
			t.Findings = append(t.Findings, codes.FindMXNotALabel)
		}
	}
	return t, true
}

// recordID is the id in the record that a domain's question is answered with.
func (p *population) recordID(f *fate) string {
	if f.operator != nil && f.operator.shared() {
		owner := p.fateOf(f.operator.zone)
		return p.idOf(&owner)
	}
	return p.idOf(f)
}
