package simnet

import "math"

// A draw is where everything random about one name comes from: a hash of the seed and the name. Each purpose
// reads a stream of its own, so that a new draw leaves the old ones as they were.
type draw uint64

// A purpose is what a random number is drawn for. Purposes are only ever appended: their order is part of the
// populations.
type purpose uint64

const (
	forAdoption purpose = iota + 1
	forAbandonment
	forRank
	forAbsence
	forStory
	forOperator
	forVariant
	forHops
	forID
	forIDStyle
	forChangePhase
	forChangeKind
	forEnforcing
	forTTL
	forText
	forMail
	forMailOperator
	forMailHosts
	forCoverage
	forFormerMail
	forMode
	forMaxAge
	forPatterns
	forFieldOrder
	forLineEnd
	forFinalLineEnd
	forCase
	forSpace
	forAddress
	forFamily
	forCertificate
	forHoster
	forMediaType
	forServer
	forFraming
	forSite
	forWildcard
	forReport
	forReportAlone
	forReportText
	forTLSA
	forTLSAKind
	forMailServer
	forMailServerKind
	forMailAlias
	forTLSAName
	forNullMX
)

const (
	fnvOffset = 0xcbf29ce484222325
	fnvPrime  = 0x100000001b3
	golden    = 0x9e3779b97f4a7c15 // step of splitmix64
)

// drawFor hashes the name (FNV-1a, from a basis that the seed moves).
func drawFor(seed uint64, name string) draw {
	h := mix(seed) ^ fnvOffset
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * fnvPrime
	}
	return draw(mix(h))
}

// mix is the output function of splitmix64.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// bits are 64 random bits.
func (d draw) bits(p purpose) uint64 { return mix(uint64(d) + uint64(p)*golden) }

// sub is a separate draw for one purpose that needs several numbers, such as one for each night or line.
func (d draw) sub(p purpose, n int) draw { return draw(mix(d.bits(p) + uint64(n)*golden)) }

// unit is a number in [0, 1).
func (d draw) unit(p purpose) float64 { return float64(d.bits(p)>>11) / (1 << 53) }

// below is a number in [0, n), for small n.
func (d draw) below(p purpose, n int) int { return int(d.unit(p) * float64(n)) }

// chance is true with probability x.
func (d draw) chance(p purpose, x float64) bool { return d.unit(p) < x }

// exponential is a waiting time with the given mean.
func (d draw) exponential(p purpose, mean float64) float64 {
	return -math.Log1p(-d.unit(p)) * mean
}

// pick is one of the values, each as likely as the others.
func pick[T any](d draw, p purpose, values ...T) T { return values[d.below(p, len(values))] }

// A wheel draws an index with given weights.
type wheel struct {
	upTo []float64 // sums of the weights, from the first to this one
}

func newWheel(weights ...float64) wheel {
	w := wheel{upTo: make([]float64, len(weights))}
	sum := 0.0
	for i, weight := range weights {
		sum += weight
		w.upTo[i] = sum
	}
	return w
}

// at turns a number in [0, 1) into an index.
func (w wheel) at(unit float64) int {
	last := len(w.upTo) - 1
	x := unit * w.upTo[last]
	for i, sum := range w.upTo[:last] {
		if x < sum {
			return i
		}
	}
	return last
}
