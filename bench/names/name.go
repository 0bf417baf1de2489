package main

import (
	"math/bits"
	"strconv"
)

// A syllable is a consonant and a vowel; every fourth ends with one of ends.
const (
	consonants = "bcdfghjklmnprstvwz"
	vowels     = "aeiou"
	ends       = "nrls"
)

// A generator makes the names of one seed.
type generator struct {
	seed     uint64
	suffixes []string // a thousand, each as often as its share
}

// newGenerator gives each suffix its approximate share, in parts of a thousand, of all delegations in zones that are
// available in bulk.
func newGenerator(seed uint64) *generator {
	g := &generator{seed: seed}
	for _, share := range []struct {
		suffix string
		parts  int
	}{
		{"com", 480}, {"net", 50}, {"org", 50}, {"de", 70}, {"co.uk", 40}, {"nl", 30}, {"fr", 30},
		{"ru", 30}, {"xyz", 30}, {"info", 20}, {"io", 20}, {"com.br", 20}, {"eu", 20}, {"it", 20},
		{"pl", 20}, {"shop", 20}, {"online", 20}, {"ch", 20}, {"org.uk", 10},
	} {
		for range share.parts {
			g.suffixes = append(g.suffixes, share.suffix)
		}
	}
	return g
}

// appendName appends name i. Its first label has one to four syllables, in one name of seven a hyphen and two more
// syllables, and then i: its last decimal digit, then the rest in base 36. The first digit of a label marks where i
// begins, so names of different i differ. Over 10^6 names a label has 11 letters on average.
func (g *generator) appendName(b []byte, i uint64) []byte {
	r := source(mix(g.seed ^ mix(i+1)))
	for range 1 + r.below(4) {
		b = appendSyllable(b, &r)
	}
	if r.below(7) == 0 {
		b = append(b, '-')
		b = appendSyllable(b, &r)
		b = appendSyllable(b, &r)
	}
	b = append(b, '0'+byte(i%10))
	if i >= 10 {
		b = strconv.AppendUint(b, i/10, 36)
	}
	b = append(b, '.')
	return append(b, g.suffixes[r.below(len(g.suffixes))]...)
}

func appendSyllable(b []byte, r *source) []byte {
	b = append(b, consonants[r.below(len(consonants))], vowels[r.below(len(vowels))])
	if r.below(4) == 0 {
		b = append(b, ends[r.below(len(ends))])
	}
	return b
}

// A source generates random numbers by SplitMix64.
type source uint64

// below is a number from 0 to n-1.
func (s *source) below(n int) int {
	*s += 0x9e3779b97f4a7c15
	hi, _ := bits.Mul64(mix(uint64(*s)), uint64(n))
	return int(hi)
}

func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}
