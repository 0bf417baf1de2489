package mtasts

import "testing"

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern MXPattern
		host    string
		want    bool
	}{
		{"mx1.example.com", "mx1.example.com", true},
		{"mx1.example.com", "MX1.Example.COM.", true}, // case and the final dot mean nothing
		{"MX1.EXAMPLE.com.", "mx1.example.com", true}, // on either side
		{"mx1.example.com", "mx2.example.com", false},
		{"mx1.example.com", "a.mx1.example.com", false},
		{"mx1.example.com", "mx1.example.com.example", false},
		{"example.com", "mx1.example.com", false},
		{"mx1.example.com", "mx1.example.com..", false},
		{"mx1.example.com", "", false},
		{"", "", false},
		{".", ".", false},
		{"mx_1.example.com", "mx_1.example.com", true},
		{"localhost", "localhost", true},

		// The star is exactly one label.
		{"*.example.com", "mx1.example.com", true},
		{"*.EXAMPLE.com", "mx1.example.COM.", true},
		{"*.example.com.", "mx1.example.com", true},
		{"*.example.com", "_x.example.com", true},
		{"*.example.com", "example.com", false},
		{"*.example.com", ".example.com", false},
		{"*.example.com", "a.b.example.com", false},
		{"*.example.com", "mx1example.com", false},
		{"*.example.com", "mx1.example.com.net", false},
		{"*.com", "example.com", true},

		// A dot may be part of a label.
		{"*.b.example.com", `a\.b.example.com`, false},
		{"*.b.example.com", `a\\.b.example.com`, true},

		// Nothing else is a wildcard.
		{"*", "localhost", false},
		{"*.", "localhost", false},
		{"*", "*", false},
		{"*.*.com", "a.b.com", false},
		{"*.*.com", "a.*.com", false},
		{"mx*.example.com", "mx1.example.com", false},
		{"mx*.example.com", "mx*.example.com", false},
		{"a.*.com", "a.b.com", false},

		// An address is no name, whatever an MX record may say.
		{"192.0.2.25", "192.0.2.25", false},
		{"2001:db8::1", "2001:db8::1", false},

		{"\u212A.example", "k.example", false}, // a Kelvin sign is no k
		{"xn--bcher-kva.example", "b\u00fccher.example", false},
	} {
		if got := tt.pattern.Match(tt.host); got != tt.want {
			t.Errorf("%q matches %q: %v", tt.pattern, tt.host, got)
		}
	}
}

func TestPolicyMatch(t *testing.T) {
	p := Policy{MX: []MXPattern{"a.example", "*.b.example"}}
	for host, want := range map[string]bool{"a.example.": true, "x.b.example": true, "b.example": false,
		"c.example": false} {
		if got := p.Match(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
	if (Policy{}).Match("a.example") {
		t.Error("a policy without patterns matches")
	}
}

func TestUnicode(t *testing.T) {
	for in, want := range map[MXPattern]string{
		"xn--bcher-kva.example":                    "xn--bcher-kva.example (b\u00fccher.example)",
		"*.xn--bcher-kva.example":                  "*.xn--bcher-kva.example (*.b\u00fccher.example)",
		"MX1.XN--BCHER-KVA.example":                "MX1.XN--BCHER-KVA.example (mx1.b\u00fccher.example)",
		"xn--bcher-kva.example.":                   "xn--bcher-kva.example. (b\u00fccher.example.)",
		"mx.xn--fiqs8s":                            "mx.xn--fiqs8s (mx.\u4e2d\u56fd)",
		"xn--4dbcagdahymbxekheh6e0a7fei0b.example": "xn--4dbcagdahymbxekheh6e0a7fei0b.example (\u05dc\u05de\u05d4\u05d4\u05dd\u05e4\u05e9\u05d5\u05d8\u05dc\u05d0\u05de\u05d3\u05d1\u05e8\u05d9\u05dd\u05e2\u05d1\u05e8\u05d9\u05ea.example)",

		// The name alone.
		"":                       "",
		"mx1.example.com":        "mx1.example.com",
		"b\u00fccher.example":    "b\u00fccher.example",
		"xn--.example":           "xn--.example",           // no punycode at all
		"xn--a-.example":         "xn--a-.example",         // punycode of nothing but ASCII
		"xn--7ba2c.com":          "xn--7ba2c.com",          // capital letters
		"xn--i-7iqv272g.com":     "xn--i-7iqv272g.com",     // an emoji
		"xn--bcher-kva!.example": "xn--bcher-kva!.example", // no host name
		"xn--mx1-hfa.example":    "xn--mx1-hfa.example",    // a soft hyphen
		"xn--mx1-6q0a.example":   "xn--mx1-6q0a.example",   // U+202E, which turns the line around
		"xn--ab-m1t.example":     "xn--ab-m1t.example",     // a joiner between Latin letters
		"xn--a-wbb.example":      "xn--a-wbb.example",      // begins with a combining mark
		"xn--cafe-yvc.example":   "xn--cafe-yvc.example",   // not in normal form
		"xn--62g.example":        "xn--62g.example",        // a Kelvin sign
		"xn--a-zhc.example":      "xn--a-zhc.example",      // against the Bidi Rule
		"xn--mgba3gch31f060k":    "xn--mgba3gch31f060k",    // allowed, but with an invisible joiner
		"xn--bcher-kva.e\x1b[2J": "xn--bcher-kva.e\x1b[2J", // no domain name
		"*.*.xn--bcher-kva.com":  "*.*.xn--bcher-kva.com",
	} {
		if got := in.Unicode(); got != want {
			t.Errorf("%q for people: %q, want %q", in, got, want)
		}
	}
}
