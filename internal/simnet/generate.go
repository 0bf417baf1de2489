package simnet

import (
	"fmt"
	"slices"
	"strings"
)

// The models of population. README.md has the sources of their numbers.
const (
	modelZones  = "zones"  // zone files: one domain in a thousand has a record
	modelTop    = "top"    // a top list: adoption falls with the rank
	modelErrors = "errors" // half the domains have a record, and everything goes wrong somewhere
	modelSoak   = "soak"   // a million domains for one long run: a fifth fails somewhere, and one operator has very many
)

// soakAdoption is the share with a record in the model soak, low enough that a run is not about handshakes
// alone, and giantShare how many of them have their Policy Hosts at one address.
const (
	soakAdoption = 0.05
	giantShare   = 0.6
)

// made reports whether a model was made for tests, by the columns errors and absent of the tables, and not from
// measurements.
func made(model string) bool { return model == modelErrors || model == modelSoak }

// Models lists the names that [Generate] knows.
func Models() []string { return []string{modelZones, modelTop, modelErrors, modelSoak} }

// newPopulation makes the population of a model in a night, from 0.
func newPopulation(model string, seed uint64, night int) (source, error) {
	if !slices.Contains(Models(), model) {
		return nil, fmt.Errorf("no model %q: there are %s", model, strings.Join(Models(), ", "))
	}
	if night < 0 {
		return nil, fmt.Errorf("no night %d: the first is 0", night)
	}
	p := &population{
		model: model, seed: seed, night: night, growth: growth(night),
		operators: operators(), stories: stories(), absences: absences(), mailOperators: mailOperators(model),
		mailKinds: [2]wheel{mailKinds(model, false), mailKinds(model, true)},
		coverages: coverages(model), reports: reportStories(), mailServers: mailServers(),
	}
	p.maxAges, p.maxAgeShares = maxAges()
	p.modes, p.mismatchModes = modeWeights()
	p.shareOperators()
	p.shareStories()
	p.shareMail()
	p.shareCompanions()
	return p, nil
}

// shareOperators makes the wheels of operators, and finds the domains that they need.
func (p *population) shareOperators() {
	weights := [3][]float64{}
	for i := range p.operators {
		o := &p.operators[i]
		share := o.wild
		if made(p.model) {
			share = o.errors
		}
		for allowed := range weights {
			weight := share
			if !by(allowed).allows(o) {
				weight = 0
			}
			weights[allowed] = append(weights[allowed], weight)
		}
		if o.kind == ownSmall {
			p.self = o
		}
		if o.shared() {
			p.sharedZones = append(p.sharedZones, o.zone)
		}
		if o.zone != "" {
			p.existing = append(p.existing, o.zone)
		}
	}
	for allowed := range weights {
		p.operatorWheel[allowed] = newWheel(weights[allowed]...)
	}
}

// allows reports whether domains of an operator can have a story.
func (b by) allows(o *operator) bool {
	switch b {
	case byThird:
		return o.record.dot != 0
	case byOwner:
		return o.kind == ownSmall || o.kind == ownMid
	}
	return true
}

// shareStories makes the wheels of stories.
func (p *population) shareStories() {
	column := func(ss []story, rest bool, of func(share) float64) wheel {
		weights := make([]float64, len(ss))
		sum := 0.0
		for i, s := range ss {
			weights[i] = of(s.share)
			sum += weights[i]
		}
		if rest {
			weights[0] += 100 - sum
		}
		return newWheel(weights...)
	}
	switch p.model {
	case modelZones:
		p.absence = column(p.absences, true, func(s share) float64 { return s.zones })
	case modelTop:
		p.absence = column(p.absences, true, func(s share) float64 { return s.top })
	case modelErrors, modelSoak:
		absent := func(s share) float64 { return s.absent }
		if p.model == modelSoak {
			absent = func(s share) float64 { return s.absent / 2 }
			p.giant, p.giants = &operator{name: "giant", addrs: 1}, story{name: "at the giant's", addrs: addrsSingle, end: ok()}
		}
		p.absence = column(p.absences, true, absent)
		p.storyWheel = []wheel{column(p.stories, false, func(s share) float64 { return s.errors })}
	}
	if !made(p.model) {
		p.storyWheel = []wheel{
			ownSmall:  column(p.stories, true, func(s share) float64 { return s.small }),
			ownMid:    column(p.stories, true, func(s share) float64 { return s.mid }),
			thirdHost: column(p.stories, true, func(s share) float64 { return s.third }),
			parking:   column(p.stories, true, func(s share) float64 { return s.parking }),
			portfolio: column(p.stories, true, func(s share) float64 { return s.portfolio }),
		}
	}
	i := slices.IndexFunc(p.absences, func(s story) bool { return s.record == playNoDomain })
	p.nowhere = &p.absences[i]
}

// shareMail makes the wheel of mail operators.
func (p *population) shareMail() {
	var weights []float64
	for _, o := range p.mailOperators {
		weights = append(weights, o.share)
		if o.zone == "" {
			continue
		}
		p.existing = append(p.existing, o.zone)
		for _, host := range o.hosts("example.com", 0) {
			registered, _ := registeredDomain(host.name)
			p.existing = append(p.existing, registered)
		}
	}
	p.existing = append(p.existing, "example.com", "example.net", "example.org")
	slices.Sort(p.existing)
	p.mailShares = newWheel(weights...)
}

// shareCompanions makes the wheels of TLSRPT records and of mail servers.
func (p *population) shareCompanions() {
	var reports, operators, own []float64
	for _, s := range p.reports {
		share := s.wild
		if made(p.model) {
			share = s.errors
		}
		reports = append(reports, share)
	}
	for _, s := range p.mailServers {
		if made(p.model) {
			s.operator, s.own = s.errors, s.errors
		}
		operators, own = append(operators, s.operator), append(own, s.own)
	}
	p.reportShares = newWheel(reports...)
	p.serverShares = [2]wheel{newWheel(operators...), newWheel(own...)}
}

// adoption is the share of domains like this one that have a record in the base night.
func (p *population) adoption(domain string, d draw) float64 {
	switch p.model {
	case modelTop:
		return rankAdoption(p.rank(domain, d))
	case modelZones:
		return zoneAdoption(domain[strings.LastIndexByte(domain, '.')+1:])
	case modelSoak:
		return soakAdoption
	}
	return 0.5
}

// zoneAdoption is the share in a zone file: of domains with MX as observed (com, net, org and se: IMC 2025,
// September 2024; ch: a Swiss scan of 2026), times the share that has MX. Other zones are taken for average
// ones.
func zoneAdoption(tld string) float64 {
	const withMX = 0.735
	switch tld {
	case "com":
		return 0.00073 * withMX
	case "net":
		return 0.00099 * withMX
	case "org":
		return 0.00127 * withMX
	case "se":
		return 0.00084 * withMX
	case "ch":
		return 0.00148 * withMX
	}
	return 0.0008 * withMX
}

// rankAdoption is the share near a rank of a top list of 2026: a curve that fits three surveys.
func rankAdoption(rank int64) float64 {
	switch {
	case rank <= 0:
		return 0.0022 // not in the list
	case rank <= 1_000:
		return 0.045
	case rank <= 10_000:
		return 0.019
	case rank <= 100_000:
		return 0.012
	case rank <= 1_000_000:
		return 0.0068
	}
	return 0.0022
}

// drawnRanks is the assumed length of the list where ranks are not known.
const drawnRanks = 1_000_000

// rank is the rank of a domain, given or drawn.
func (p *population) rank(domain string, d draw) int64 {
	if p.rankOf != nil {
		return p.rankOf(domain)
	}
	return 1 + int64(d.unit(forRank)*drawnRanks)
}
