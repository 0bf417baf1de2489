package suffixes

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/publicsuffix"
	"pgregory.net/rapid"
)

// registered is what golang.org/x/net/publicsuffix says.
func registered(domain string) string {
	name, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return ""
	}
	return name
}

// ruleNames are the names in the rules, without the signs.
func ruleNames() (names []string) {
	for rule := range strings.Lines(rules) {
		if rule = strings.TrimLeft(strings.TrimSpace(rule), "!*."); rule[0] != '#' {
			names = append(names, rule)
		}
	}
	return names
}

// The rules are those of the package that they were taken from.
func TestRules(t *testing.T) {
	if !strings.HasPrefix(rules, "# "+publicsuffix.List.String()+"\n") {
		t.Errorf("suffixes.txt is not of the list %q: run go generate", publicsuffix.List)
	}
	l := NewList()
	names := ruleNames()
	if len(names) < 10_000 {
		t.Errorf("%d rules", len(names))
	}
	for _, rule := range names {
		_, parent, _ := strings.Cut(rule, ".")
		for _, domain := range []string{rule, "x." + rule, "x.y." + rule, "x.y.z." + rule, "x" + rule, "x." + parent,
			"www." + parent, "x.www." + parent} {
			if got, want := l.RegisteredDomain(domain), registered(domain); got != want && parent != "" {
				t.Errorf("%s: %q, want %q", domain, got, want)
			}
		}
	}
}

func TestRegisteredDomain(t *testing.T) {
	l := NewList()
	for domain, want := range map[string]string{
		"example.com": "example.com", "www.example.com": "example.com", "com": "", "a.b.co.uk": "b.co.uk", "co.uk": "", "b.co.uk": "b.co.uk",
		"x.y.unknown-tld": "y.unknown-tld", "unknown-tld": "", "a.b.c.kobe.jp": "b.c.kobe.jp", "c.kobe.jp": "", "x.city.kobe.jp": "city.kobe.jp",
		"a.github.io": "a.github.io", "github.io": "", "": "",
	} {
		if got := l.RegisteredDomain(domain); got != want {
			t.Errorf("%s: %q, want %q", domain, got, want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { l.RegisteredDomain("www.example.co.uk") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Any name of labels that are in the rules, or are not, has the same answer.
func TestRegisteredDomainProperty(t *testing.T) {
	l := NewList()
	names := ruleNames()
	var labels []string
	for _, rule := range names {
		labels = append(labels, strings.Split(rule, ".")...)
	}
	slices.Sort(labels)
	labels = slices.Compact(labels)
	rapid.Check(t, func(t *rapid.T) {
		domain := strings.Join(rapid.SliceOfN(rapid.SampledFrom(labels), 0, 5).Draw(t, "labels"), ".")
		if domain != "" {
			domain += "."
		}
		domain += rapid.SampledFrom(names).Draw(t, "rule")
		if got, want := l.RegisteredDomain(domain), registered(domain); got != want {
			t.Fatalf("%s: %q, want %q", domain, got, want)
		}
	})
}

func BenchmarkRegisteredDomain(b *testing.B) {
	suffixes := strings.Fields("com com com org de co.uk com.br online invalid kobe.jp")
	var names []string
	for i := range 1000 {
		names = append(names, fmt.Sprintf("%016x.%s", rand.Uint64(), suffixes[i%len(suffixes)]))
	}
	l := NewList()
	for kind, of := range map[string]func(string) string{"here": l.RegisteredDomain, "x-net": registered} {
		b.Run(kind, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				of(names[i%len(names)])
			}
		})
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			NewList()
		}
	})
}
