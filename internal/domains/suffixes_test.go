package domains

import (
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
	for rule := range strings.Lines(suffixRules) {
		if rule = strings.TrimLeft(strings.TrimSpace(rule), "!*."); rule[0] != '#' {
			names = append(names, rule)
		}
	}
	return names
}

// The rules are those of the package that they were taken from.
func TestSuffixRules(t *testing.T) {
	if !strings.HasPrefix(suffixRules, "# "+publicsuffix.List.String()+"\n") {
		t.Errorf("suffixes.txt is not of the list %q: run go generate", publicsuffix.List)
	}
	s := NewSuffixes()
	rules := ruleNames()
	if len(rules) < 10_000 {
		t.Errorf("%d rules", len(rules))
	}
	for _, rule := range rules {
		_, parent, _ := strings.Cut(rule, ".")
		for _, domain := range []string{rule, "x." + rule, "x.y." + rule, "x.y.z." + rule, "x" + rule, "x." + parent, "www." + parent, "x.www." + parent} {
			if got, want := s.Registered(domain), registered(domain); got != want && parent != "" {
				t.Errorf("%s: %q, want %q", domain, got, want)
			}
		}
	}
}

func TestRegistered(t *testing.T) {
	s := NewSuffixes()
	for domain, want := range map[string]string{
		"example.com": "example.com", "www.example.com": "example.com", "com": "", "a.b.co.uk": "b.co.uk", "co.uk": "", "b.co.uk": "b.co.uk",
		"x.y.unknown-tld": "y.unknown-tld", "unknown-tld": "", "a.b.c.kobe.jp": "b.c.kobe.jp", "c.kobe.jp": "", "x.city.kobe.jp": "city.kobe.jp",
		"a.github.io": "a.github.io", "github.io": "", "": "",
	} {
		if got := s.Registered(domain); got != want {
			t.Errorf("%s: %q, want %q", domain, got, want)
		}
	}
	if n := testing.AllocsPerRun(10, func() { s.Registered("www.example.co.uk") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Any name of labels that are in the rules, or are not, has the same answer.
func TestRegisteredProperty(t *testing.T) {
	s := NewSuffixes()
	rules := ruleNames()
	var labels []string
	for _, rule := range rules {
		labels = append(labels, strings.Split(rule, ".")...)
	}
	slices.Sort(labels)
	labels = slices.Compact(labels)
	rapid.Check(t, func(t *rapid.T) {
		domain := strings.Join(rapid.SliceOfN(rapid.SampledFrom(labels), 0, 5).Draw(t, "labels"), ".")
		if domain != "" {
			domain += "."
		}
		domain += rapid.SampledFrom(rules).Draw(t, "rule")
		if got, want := s.Registered(domain), registered(domain); got != want {
			t.Fatalf("%s: %q, want %q", domain, got, want)
		}
	})
}

// FuzzRegistered: of each name that is normalised, it is what
// golang.org/x/net/publicsuffix says.
func FuzzRegistered(f *testing.F) {
	for _, tt := range normalizeTests() {
		f.Add(tt.in)
	}
	for _, name := range []string{"x.city.kobe.jp", "a.b.c.kobe.jp", "a.s3.cn-north-1.amazonaws.com.cn", "www.ck", "a.b.ck"} {
		f.Add(name)
	}
	s := NewSuffixes()
	f.Fuzz(func(t *testing.T, text string) {
		domain, err := (Rules{AllowSpecialUse: true}).Normalize(text)
		if err != nil {
			return
		}
		if got, want := s.Registered(domain), registered(domain); got != want {
			t.Fatalf("%s: %q, want %q", domain, got, want)
		}
	})
}

func BenchmarkRegistered(b *testing.B) {
	names := strings.Fields(noise(1000))
	for i, tld := range strings.Fields("com com com org de co.uk com.br online invalid kobe.jp") {
		for j := i; j < len(names); j += 10 {
			names[j] = strings.TrimSuffix(names[j], "com") + tld
		}
	}
	s := NewSuffixes()
	for kind, of := range map[string]func(string) string{"here": s.Registered, "x-net": registered} {
		b.Run(kind, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				of(names[i%len(names)])
			}
		})
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			NewSuffixes()
		}
	})
}
