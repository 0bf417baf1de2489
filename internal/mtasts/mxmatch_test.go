package mtasts

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stsscan/internal/codes"
)

// mxOf is an MX RRset of hosts of rising preference.
func mxOf(hosts ...string) MX {
	mx := MX{Kind: codes.MXHosts, Count: len(hosts)}
	for i, host := range hosts {
		mx.Hosts = append(mx.Hosts, MXHost{host, uint16(10 * i)})
	}
	return mx
}

func TestCover(t *testing.T) {
	for _, tt := range []struct {
		patterns, hosts string
		match           codes.MXMatch
		matched         []bool
		unused          string
		mismatch        codes.Mismatch
	}{
		{"mx1.example.com mx2.example.com", "mx1.example.com mx2.example.com", codes.MatchAll, []bool{true, true}, "", ""},
		{"*.example.com", "mx1.example.com mx2.example.com", codes.MatchAll, []bool{true, true}, "", ""},
		{"MX1.EXAMPLE.COM.", "mx1.example.com", codes.MatchAll, []bool{true}, "", ""},
		{"mx1.example.com", "mx1.example.com mx2.example.com", codes.MatchSome, []bool{true, false}, "", ""},
		{"mx1.example.com old.example.com", "mx1.example.com", codes.MatchAll, []bool{true}, "old.example.com", ""},
		{"mx1.example.com *.example.com", "mx1.example.com", codes.MatchAll, []bool{true}, "", ""}, // both match it

		{"mta-sts.mx1.example.com", "mx1.example.com", codes.MatchNone, []bool{false}, "mta-sts.mx1.example.com", codes.MismatchMTASTSLabel},
		{"mta-sts.example.com", "mx1.example.com", codes.MatchNone, []bool{false}, "mta-sts.example.com", codes.MismatchMTASTSLabel},
		{"*.mta-sts.example.com", "mx1.example.com", codes.MatchNone, []bool{false}, "*.mta-sts.example.com", codes.MismatchMTASTSLabel},
		{"smtp.mx1.example.com", "mx1.example.com", codes.MatchNone, []bool{false}, "smtp.mx1.example.com", codes.MismatchExtraLabel},
		{"example.com", "mx1.example.com", codes.MatchNone, []bool{false}, "example.com", codes.MismatchExtraLabel},
		{"*.mx.example.com", "a.b.mx.example.com", codes.MatchNone, []bool{false}, "*.mx.example.com", codes.MismatchExtraLabel},
		{"mx.eu.example.com", "mx.example.com", codes.MatchNone, []bool{false}, "mx.eu.example.com", codes.MismatchExtraLabel},
		{"mx1.example.net", "mx1.example.com", codes.MatchNone, []bool{false}, "mx1.example.net", codes.MismatchTLD},
		{"mx1.example.co.uk", "mx1.example.com", codes.MatchNone, []bool{false}, "mx1.example.co.uk", codes.MismatchTLD},
		{"mx1.exmaple.com", "mx1.example.com", codes.MatchNone, []bool{false}, "mx1.exmaple.com", codes.MismatchTypo},
		{"mial.example.com", "mail.example.com", codes.MatchNone, []bool{false}, "mial.example.com", codes.MismatchTypo}, // in the same domain too
		{"aspmx.l.gogle.com", "aspmx.l.google.com", codes.MatchNone, []bool{false}, "aspmx.l.gogle.com", codes.MismatchTypo},
		{"mx1example.com", "mx1.example.com", codes.MatchNone, []bool{false}, "mx1example.com", codes.MismatchTypo},
		{"mx1.example.com", "mx2.example.com", codes.MatchNone, []bool{false}, "mx1.example.com", codes.MismatchOtherHost},
		{"inbound.example.com", "mx.example.com", codes.MatchNone, []bool{false}, "inbound.example.com", codes.MismatchOtherHost},
		{"mx.example.com", "aspmx.l.google.com", codes.MatchNone, []bool{false}, "mx.example.com", codes.MismatchDifferentDomain},
		{"a.com", "b.com", codes.MatchNone, []bool{false}, "a.com", codes.MismatchDifferentDomain}, // one letter is all there is
		{"mx.a.co.uk", "mx.b.co.uk", codes.MatchNone, []bool{false}, "mx.a.co.uk", codes.MismatchDifferentDomain},

		// Of several pairs the nearest tells.
		{"old.example.net mta-sts.mx1.example.com", "mx1.example.com", codes.MatchNone, []bool{false}, "old.example.net mta-sts.mx1.example.com", codes.MismatchMTASTSLabel},
		{"mx.example.com", "localhost 192.0.2.1", codes.MatchNone, []bool{false, false}, "mx.example.com", ""}, // nothing to compare with
	} {
		var patterns []MXPattern
		for p := range strings.FieldsSeq(tt.patterns) {
			patterns = append(patterns, MXPattern(p))
		}
		got := Cover("example.com", patterns, mxOf(strings.Fields(tt.hosts)...))
		var unused []string
		for _, p := range got.Unused {
			unused = append(unused, string(p))
		}
		if got.Match != tt.match || !slices.Equal(got.Matched, tt.matched) || strings.Join(unused, " ") != tt.unused ||
			got.Mismatch != tt.mismatch {
			t.Errorf("%s for %s: %+v", tt.patterns, tt.hosts, got)
		}
		if slices.Contains(got.Findings, codes.FindMXPatternUnused) != (tt.unused != "") {
			t.Errorf("%s for %s: findings %q", tt.patterns, tt.hosts, got.Findings)
		}
	}
}

func TestCoverWithoutHosts(t *testing.T) {
	for kind, want := range map[codes.MXKind]codes.MXMatch{
		codes.MXNull: codes.MatchNullMX, codes.MXNone: codes.MatchNoMX, codes.MXUnknown: codes.MatchUnknown,
	} {
		got := Cover("example.com", []MXPattern{"mx.example.com"}, MX{Kind: kind})
		if got.Match != want || got.Matched != nil || got.Unused != nil || got.Mismatch != "" {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

func TestBroad(t *testing.T) {
	for p, want := range map[MXPattern]bool{
		"*.com":                         true, // any customer of the registry
		"*.co.uk":                       true,
		"*.google.com":                  true, // every host of the provider
		"*.aspmx.l.google.com":          false,
		"*.mail.protection.outlook.com": false,
		"*.example.com":                 false, // its own
		"*.mx.example.com":              false,
		"mx.google.com":                 false,
		"*":                             false,
	} {
		got := Cover("example.com", []MXPattern{p}, mxOf("mx.example.com"))
		if slices.Contains(got.Findings, codes.FindMXWildcardBroad) != want || (len(got.Broad) > 0) != want {
			t.Errorf("%s: %q", p, got.Findings)
		}
	}
}

func TestEdits(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"abc", "abc", 0}, {"abc", "", 3}, {"abc", "abd", 1}, {"abc", "acb", 2},
		{"kitten", "sitting", 3}, {"flaw", "lawn", 2}, {"a", "abcdef", mostEdits + 1},
	} {
		if got, back := edits(tt.a, tt.b), edits(tt.b, tt.a); got != tt.want || back != tt.want {
			t.Errorf("%q, %q: %d and %d, want %d", tt.a, tt.b, got, back, tt.want)
		}
	}
}

// The distance is that of the definition up to mostEdits, and long names cost no table.
func TestEditsProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOfN(rapid.RuneFrom([]rune("ab.")), 0, 12, -1)
		a, b := name.Draw(t, "a"), name.Draw(t, "b")
		if got, want := edits(a, b), min(distance(a, b), mostEdits+1); got != want {
			t.Errorf("%q, %q: %d, want %d", a, b, got, want)
		}
	})
	long, longer := strings.Repeat("a.", 120), strings.Repeat("b.", 121)
	if n := testing.AllocsPerRun(10, func() { edits(long, longer) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// distance is the Levenshtein distance by its definition.
func distance(a, b string) int {
	switch {
	case a == "" || b == "":
		return len(a) + len(b)
	case a[0] == b[0]:
		return distance(a[1:], b[1:])
	}
	return 1 + min(distance(a[1:], b[1:]), distance(a[1:], b), distance(a, b[1:]))
}

// Of a policy with thousands of patterns the first are compared with the hosts; all are matched.
func TestCoverOfManyPatterns(t *testing.T) {
	var patterns []MXPattern
	for i := range 5000 {
		patterns = append(patterns, MXPattern(fmt.Sprintf("mx.a%d.example", i%(maxNearest-1))))
	}
	with := func(more ...MXPattern) []MXPattern { return append(slices.Clone(patterns), more...) }
	for _, tt := range []struct {
		title    string
		patterns []MXPattern
		match    codes.MXMatch
		mismatch codes.Mismatch
	}{
		{"a slip among the first", with("mx1.exampel.com"), codes.MatchNone, codes.MismatchTypo},
		{"a slip behind them", with("mx.a.example", "mx1.exampel.com"), codes.MatchNone, codes.MismatchDifferentDomain},
		{"a match behind them", with("mx1.example.com"), codes.MatchAll, ""},
	} {
		if c := Cover("example.com", tt.patterns, mxOf("mx1.example.com")); c.Match != tt.match || c.Mismatch != tt.mismatch {
			t.Errorf("%s: %s, %s", tt.title, c.Match, c.Mismatch)
		}
	}
}

// Whatever the names, a pair that matches is no mismatch, and one that does not has a word of the closed set.
func FuzzCover(f *testing.F) {
	f.Add("mx1.example.com", "mx1.example.com")
	f.Add("*.example.com", "a.b.example.com")
	f.Add("*.", ".")
	f.Add("mta-sts", "\xff")
	f.Fuzz(func(t *testing.T, pattern, host string) {
		c := Cover("example.com", []MXPattern{MXPattern(pattern)}, mxOf(host))
		if matched := c.Match == codes.MatchAll; matched != MXPattern(pattern).Match(host) || matched && c.Mismatch != "" {
			t.Errorf("%+v", c)
		}
		if c.Mismatch != "" && !slices.Contains(codes.Mismatches(), c.Mismatch) {
			t.Errorf("%+v", c)
		}
		checkFindings(t, c.Findings)
	})
}
