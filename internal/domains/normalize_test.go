package domains

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// label is a label of n octets.
func label(n int) string { return strings.Repeat("a", n) }

// long is a name of n octets in labels of up to 63.
func long(n int) string {
	var b strings.Builder
	for b.Len()+64 < n-4 {
		b.WriteString(label(63) + ".")
	}
	return b.String() + label(n-b.Len()-4) + ".com"
}

// normalizeTests are inputs, and the names they become or the reasons why they do not.
func normalizeTests() []struct {
	in, want string
	reason   Reason
} {
	return []struct {
		in, want string
		reason   Reason
	}{
		// Normal already.
		{in: "example.com", want: "example.com"},
		{in: "a.b", want: "a.b"},
		{in: "3com.co.uk", want: "3com.co.uk"},
		{in: "co.uk", want: "co.uk"},       // a public suffix can have mail
		{in: "x--y.com", want: "x--y.com"}, // hyphens in the third and fourth place are in use
		{in: "r3---sn-apo3q.example.net", want: "r3---sn-apo3q.example.net"},
		{in: "1.2.3.com", want: "1.2.3.com"},
		{in: "0.com", want: "0.com"},
		{in: "test.com", want: "test.com"},
		{in: "local.example.org", want: "local.example.org"}, // RFC 6761 sets it aside, but it is in the public DNS
		{in: label(63) + ".com", want: label(63) + ".com"},
		{in: long(244), want: long(244)}, // 253 with _mta-sts.
		{in: "xn--bcher-kva.example.com", want: "xn--bcher-kva.example.com"},

		// White space, case, the final dot.
		{in: " \texample.com \r\n", want: "example.com"},
		{in: "\u00a0example.com\u00a0", want: "example.com"},
		{in: "Example.COM", want: "example.com"},
		{in: "example.com.", want: "example.com"},
		{in: "XN--BCHER-KVA.COM", want: "xn--bcher-kva.com"},

		// U-labels.
		{in: "bücher.com", want: "xn--bcher-kva.com"},
		{in: "Bücher.COM.", want: "xn--bcher-kva.com"},
		{in: "bu\u0308cher.com", want: "xn--bcher-kva.com"}, // NFD
		{in: "straße.de", want: "xn--strae-oqa.de"},         // not transitional: not strasse.de
		{in: "\u4f8b\u3048.jp", want: "xn--r8jz45g.jp"},
		{in: "example\u3002com", want: "example.com"},       // ideographic full stop
		{in: "example\uff0ecom\uff0e", want: "example.com"}, // full-width full stops
		{in: "ｅｘａｍｐｌｅ.com", want: "example.com"},
		{in: "exam\u00adple.com", want: "example.com"}, // a soft hyphen is nothing
		{in: "\u05d0\u05d1.co.il", want: "xn--4dbc.co.il"},
		{in: strings.Repeat("ü", 40) + ".de", want: "xn--t" + "d" + strings.Repeat("a", 40) + ".de"}, // 80 octets, yet a short A-label

		{in: "", reason: ReasonEmpty},
		{in: " \t", reason: ReasonEmpty},
		{in: ".", reason: ReasonEmpty}, // the root
		{in: "a..com", reason: ReasonEmptyLabel},
		{in: ".example.com", reason: ReasonEmptyLabel},
		{in: "example.com..", reason: ReasonEmptyLabel},
		{in: "..", reason: ReasonEmptyLabel},
		{in: "\u00ad.com", reason: ReasonEmptyLabel},

		{in: label(64) + ".com", reason: ReasonTooLong},
		{in: long(245), reason: ReasonTooLong},
		{in: long(253), reason: ReasonTooLong},
		{in: label(5000), reason: ReasonTooLong},
		{in: "bücher." + label(64) + ".com", reason: ReasonTooLong},
		{in: strings.Repeat("ü", 70) + ".de", reason: ReasonTooLong},

		{in: "exa mple.com", reason: ReasonBadCharacter},
		{in: "\uff0fexample.com", reason: ReasonBadCharacter}, // a full-width slash
		{in: "example,com", reason: ReasonBadCharacter},
		{in: "exam\x00ple.com", reason: ReasonBadCharacter},
		{in: "exam\xffple.com", reason: ReasonBadCharacter},
		{in: "\xff\xfee\x00x\x00", reason: ReasonBadCharacter},
		{in: `foo\.bar.com`, reason: ReasonBadCharacter},
		{in: "\u2100.com", reason: ReasonBadCharacter}, // is mapped to a/c
		{in: "10.0.0.0/8", reason: ReasonIPLiteral},

		{in: "_dmarc.example.com", reason: ReasonUnderscore},
		{in: "foo_bar.com", reason: ReasonUnderscore},
		{in: "\uff3fdmarc.example.com", reason: ReasonUnderscore}, // a full-width one
		{in: "*x.example.com", reason: ReasonWildcard},
		{in: "-foo.com", reason: ReasonHyphen},
		{in: "foo-.com", reason: ReasonHyphen},
		{in: "-.com", reason: ReasonHyphen},
		{in: "xn--.com", reason: ReasonHyphen},

		// A-labels stay as they are: zones have some that are in no IDNA table.
		{in: "xn--a.com", want: "xn--a.com"}, // not punycode
		{in: "XN--A.com.", want: "xn--a.com"},
		{in: "xn--i-7iqv272g.com", want: "xn--i-7iqv272g.com"}, // an emoji
		{in: "xn--7ba2c.com", want: "xn--7ba2c.com"},
		{in: "xn--1-0hcd.com", want: "xn--1-0hcd.com"},
		{in: "xn--ab-wlde.com", want: "xn--ab-wlde.com"},
		{in: "xn--bcher-kv.com", want: "xn--bcher-kv.com"}, // cut off
		{in: "xn--Bcher-Kva.xn--7BA2C.com", want: "xn--bcher-kva.xn--7ba2c.com"},
		{in: "xn--99999999.com", want: "xn--99999999.com"}, // overflows
		{in: "www.xn--a.xn--p1ai", want: "www.xn--a.xn--p1ai"},
		{in: "xn--a", reason: ReasonSingleLabel},
		{in: "xn--" + label(60) + ".com", reason: ReasonTooLong},
		{in: "\uff58n--a.com", reason: ReasonIDNA},        // a full-width x: for IDNA
		{in: "b\u00fccher.xn--a.com", reason: ReasonIDNA}, // so is the whole name
		{in: "xn--example-.com", reason: ReasonHyphen},    // "example" in needless clothes
		{in: "xn--fa-hia.com", want: "xn--fa-hia.com"},    // faß
		{in: "xn--Bcher-Kva.com", want: "xn--bcher-kva.com"},
		{in: "-bücher.com", reason: ReasonIDNA},
		{in: "ab--ü.com", reason: ReasonIDNA},
		{in: "\u0308a.com", reason: ReasonIDNA}, // begins with a combining mark
		{in: "\u05d0a.com", reason: ReasonIDNA}, // the Bidi rule
		{in: "a\u200d.com", reason: ReasonIDNA}, // a joiner out of place

		{in: "192.0.2.1", reason: ReasonIPLiteral},
		{in: "192.0.2.1.", reason: ReasonIPLiteral},
		{in: "[192.0.2.1]", reason: ReasonIPLiteral}, // RFC 5321, section 4.1.3
		{in: "2001:db8::1", reason: ReasonIPLiteral},
		{in: "::1", reason: ReasonIPLiteral},
		{in: "[2001:db8::1]", reason: ReasonIPLiteral},
		{in: "::ffff:192.0.2.1", reason: ReasonIPLiteral},
		{in: "fe80::1%eth0", reason: ReasonIPLiteral},
		{in: "１９２.0.2.1", reason: ReasonIPLiteral}, // full-width digits
		{in: "127.1", reason: ReasonNumericTLD},
		{in: "256.0.0.1", reason: ReasonNumericTLD},
		{in: "example.123", reason: ReasonNumericTLD},

		{in: "com", reason: ReasonSingleLabel},
		{in: "gov.", reason: ReasonSingleLabel},
		{in: "xn--p1ai", reason: ReasonSingleLabel},
		{in: "12345", reason: ReasonSingleLabel},

		{in: "localhost", reason: ReasonSpecialUse},
		{in: "foo.localhost", reason: ReasonSpecialUse},
		{in: "printer.local.", reason: ReasonSpecialUse},
		{in: "Foo.TEST", reason: ReasonSpecialUse},
		{in: "foo.example", reason: ReasonSpecialUse},
		{in: "foo.invalid", reason: ReasonSpecialUse},
		{in: "foo.onion", reason: ReasonSpecialUse},
		{in: "foo.alt", reason: ReasonSpecialUse},
		{in: "foo.internal", reason: ReasonSpecialUse},
		{in: "router.home.arpa", reason: ReasonSpecialUse},
		{in: "1.168.192.in-addr.arpa", reason: ReasonSpecialUse},
	}
}

func TestNormalize(t *testing.T) {
	used := make(map[Reason]bool)
	for _, tt := range normalizeTests() {
		got, err := Normalize(tt.in)
		var reason Reason
		if r, ok := errors.AsType[*Reject](err); ok {
			reason = r.Reason
		} else if err != nil {
			t.Errorf("Normalize(%q): error of type %T", tt.in, err)
		}
		if got != tt.want || reason != tt.reason {
			t.Errorf("Normalize(%q) = %q, %q; want %q, %q", tt.in, got, reason, tt.want, tt.reason)
		}
		used[tt.reason] = true
	}
	for _, r := range reasons() {
		switch r {
		case ReasonLineTooLong, ReasonQuote, ReasonEscape, ReasonZoneApex, ReasonExcluded, // not of the name itself
			ReasonURL, ReasonMailAddress, ReasonPort, ReasonPublicSuffix: // by settings
		default:
			if !used[r] {
				t.Errorf("no case for %s", r)
			}
		}
		if r.Text() == string(r) {
			t.Errorf("%s has no words for people", r)
		}
	}
}

// The table of reasons has each one, and no other.
func TestReasonsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/scanning.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "| reason | the entry is or has |\n| --- | --- |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var want []string
	for _, r := range reasons() {
		want = append(want, fmt.Sprintf("| `%s` | %s |", r, r.Text()))
	}
	if got := strings.Split(table, "\n"); !slices.Equal(got, want) {
		t.Errorf("docs/scanning.md has\n%s\nwant\n%s", table, strings.Join(want, "\n"))
	}
}

// reasons lists every Reason.
func reasons() []Reason {
	return []Reason{
		ReasonEmpty, ReasonEmptyLabel, ReasonTooLong, ReasonLineTooLong, ReasonQuote, ReasonBadCharacter,
		ReasonEscape, ReasonUnderscore, ReasonURL, ReasonMailAddress, ReasonPort, ReasonWildcard, ReasonHyphen,
		ReasonIDNA, ReasonIPLiteral, ReasonNumericTLD, ReasonSingleLabel, ReasonSpecialUse, ReasonZoneApex,
		ReasonPublicSuffix, ReasonExcluded,
	}
}

// Every octet in every place of a name is judged alike on the fast and the slow path.
func TestLastLabel(t *testing.T) {
	for _, base := range []string{"a.b", "ab.com", "abcd.com", "abcde.com", "abcdefg.example.com",
		strings.Repeat("a", 31) + "." + strings.Repeat("b", 32)} {
		for i := range base {
			for c := range 256 {
				name := []byte(base)
				name[i] = byte(c)
				out, reason := Rules{}.appendAny(nil, name)
				tld := lastLabel(name)
				if tld > 0 && tld != strings.LastIndexByte(string(name), '.')+1 {
					t.Fatalf("%q: last label at %d", name, tld)
				}
				// The fast path takes all normal forms, but for runs of hyphens.
				normal := reason == "" && string(out) == string(name) && !strings.Contains(base, "--")
				if late := reason == ReasonIPLiteral || reason == ReasonNumericTLD; tld > 0 != normal && !late {
					t.Fatalf("%q: %t, and the long way %q, %q", name, tld > 0, out, reason)
				}
			}
		}
	}
	for in, want := range map[string]int{
		"": 0, "a": 0, ".": 0, "a.b": 2, "-.a": 0, "a.-b": 0, "a-.b": 0, "a.b-": 0, "a-b.c-d": 4, "a--b.com": 0, "xn--bcher-kva.com": 0, "a..b": 0, ".a.b": 0, "a.b.": 0,
		label(60) + ".com": 61, label(61) + ".com": 0,
	} {
		if got := lastLabel([]byte(in)); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func TestAllowSpecialUse(t *testing.T) {
	rules := Rules{AllowSpecialUse: true}
	for _, s := range []string{"a.test", "a.example", "a.home.arpa"} {
		if got, err := rules.Normalize(s); got != s || err != nil {
			t.Errorf("Normalize(%q) = %q, %v", s, got, err)
		}
	}
	if _, err := rules.Normalize("localhost"); err == nil {
		t.Error("localhost is still a single label")
	}
}

func TestAllowUnderscore(t *testing.T) {
	rules := Rules{AllowUnderscore: true}
	for in, want := range map[string]string{
		"_dmarc.Example.com": "_dmarc.example.com", "a_b.com": "a_b.com", "a.b_": "a.b_", "A_b.XN--A.com": "a_b.xn--a.com",
		"b\u00fc_.com": "xn--b_-xka.com", "\uff3fa.com": "_a.com",
	} {
		if got, err := rules.Normalize(in); got != want || err != nil {
			t.Errorf("Normalize(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestRejectError(t *testing.T) {
	_, err := Normalize("192.0.2.1\x1b[2J")
	if want := `"192.0.2.1\\u001b[2J": a character that no domain name has`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestPrintable(t *testing.T) {
	tests := []struct{ in, want string }{
		{"example.com", "example.com"},
		{"bücher", "bücher"},
		{"a\x00b\xffc", `a\u0000b\xffc`},
		{"\u202emoc", `\u202emoc`},   // would turn the text around
		{"\U000e0041", `\U000e0041`}, // a tag character is nothing to see
		{`a\b`, `a\\b`},
		{strings.Repeat("a", 300), strings.Repeat("a", 256)},
		{strings.Repeat("a", 255) + "ü", strings.Repeat("a", 255)}, // never half a character
		{strings.Repeat("a", 254) + "\x00", strings.Repeat("a", 254)},
	}
	for _, tt := range tests {
		if got := Printable([]byte(tt.in)); got != tt.want {
			t.Errorf("Printable(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

// FuzzNormalize: a normal form is its own normal form, and ASCII changes in case only.
func FuzzNormalize(f *testing.F) {
	for _, tt := range normalizeTests() {
		f.Add(tt.in)
	}
	f.Fuzz(func(t *testing.T, s string) {
		// The fast and the slow path agree.
		if tld := lastLabel([]byte(s)); tld > 0 {
			out, reason := Rules{}.appendAny(nil, []byte(s))
			if want := (Rules{}).checkName([]byte(s), tld); reason != want || reason == "" && string(out) != s {
				t.Fatalf("%q: %q, %q the long way, %q the short way", s, out, reason, want)
			}
		}
		name, err := Normalize(s)
		if err != nil {
			r, ok := errors.AsType[*Reject](err)
			if !ok || !slices.Contains(reasons(), r.Reason) {
				t.Fatalf("%q: error %v of no known reason", s, err)
			}
			if !utf8.ValidString(r.Text) || len(r.Text) > maxPrintable {
				t.Fatalf("%q: text %q", s, r.Text)
			}
			return
		}
		text := s
		if _, err := (Rules{StrictNames: true}).Normalize(s); err != nil {
			host, _ := hostIn([]byte(s))
			text = string(host)
		}
		text = strings.TrimSuffix(strings.TrimSpace(text), ".")
		if onlyASCII(text) && name != strings.ToLower(text) {
			t.Fatalf("%q becomes %q", s, name)
		}
		if again, err := Normalize(name); again != name || err != nil {
			t.Fatalf("%q becomes %q, which becomes %q, %v", s, name, again, err)
		}
		if len(name) > maxName || strings.ToLower(name) != name || !strings.Contains(name, ".") {
			t.Fatalf("%q becomes %q", s, name)
		}
		for l := range strings.SplitSeq(name, ".") {
			if len(l) == 0 || len(l) > maxLabel {
				t.Fatalf("%q becomes %q with label %q", s, name, l)
			}
		}
	})
}

func onlyASCII(s string) bool {
	return strings.IndexFunc(s, func(c rune) bool { return c >= utf8.RuneSelf }) < 0
}

func BenchmarkNormalize(b *testing.B) {
	for _, s := range []string{"example.com", "Mail.Example.COM.", "xn--bcher-kva.example.org", "bücher.example.org",
		"not a name"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Normalize(s)
			}
		})
	}
}
