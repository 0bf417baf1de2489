package simnet

import "math"

// How populations change from night to night. All is a function of the domain's draws and of the number of the
// night: a domain keeps what it has, but for these changes. Two nights are almost equal: of the domains with a
// record, one in 300 changes in a night. Night 0 is the base, and is 1 January 2026 where a text says a date.
//
// Adoption is the pace of the URIports surveys of 2024 to 2026; the other rates are guesses.
const (
	nightsPerMonth   = 30
	adoptionPerMonth = 0.03  // of the domains that have a record
	abandonedMonthly = 0.005 // of the domains that have a record
	enforcingMonthly = 0.02  // of the domains in mode testing
	changedMonthly   = 0.05  // of the policies: a new text, a new id, or both
	mostAdoption     = 0.95  // where growth ends
)

// Of the changes, some are of the text without the id, and some of the id without the text: guesses.
const (
	forgottenID   = 0.10
	changedIDOnly = 0.20
)

// bears reports whether a domain with this draw has a record tonight, where rate is the share that has one in
// the base night.
func (p *population) bears(d draw, rate float64) bool {
	if rate <= 0 {
		return false
	}
	u := d.unit(forAdoption)
	if u >= max(rate, min(rate*p.growth, mostAdoption)) {
		return false
	}
	since := 0.0 // the night of adoption
	if u >= rate {
		since = nightsPerMonth * math.Log(u/rate) / math.Log1p(adoptionPerMonth)
	}
	lasts := d.exponential(forAbandonment, nightsPerMonth/abandonedMonthly)
	return float64(p.night) < since+lasts
}

// growth is the factor of adoption since the base night.
func growth(night int) float64 {
	return math.Pow(1+adoptionPerMonth, float64(night)/nightsPerMonth)
}

// enforcing is the night from which a domain with the base mode testing enforces.
func enforcing(d draw) int {
	return 1 + int(d.exponential(forEnforcing, nightsPerMonth/enforcingMonthly))
}

// A revision says how often id and text have changed since the base night.
type revision struct {
	id, text int
	night    int // of the last change of the id
}

// revisionOf counts the changes of a domain: evenly spaced, from a phase that the domain draws.
func (p *population) revisionOf(d draw) revision {
	const every = nightsPerMonth / changedMonthly
	var r revision
	phase := d.unit(forChangePhase)
	for i := 1; ; i++ {
		night := int(math.Ceil((float64(i) - phase) * every))
		if night > p.night {
			return r
		}
		u := d.sub(forChangeKind, i).unit(forChangeKind)
		if u >= forgottenID {
			r.id, r.night = r.id+1, night
		}
		if u < 1-changedIDOnly {
			r.text++
		}
	}
}
