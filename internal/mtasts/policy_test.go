package mtasts

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
)

// onePolicy is a policy's text, and its reading.
type onePolicy struct {
	body    string             // "\n" stands for itself; wholeLines is what LF lines always find
	reason  codes.PolicyReason // of the strict reading; empty where it takes the text
	lenient bool               // where the strict reading refuses it
	want    Policy             // the best understanding; checked where a reading takes the text, or mode or max_age is set
	finds   []codes.Finding    // without policy_line_feed_ends, which every text here but few has
}

// enforcing is the policy that most texts of the table mean.
func enforcing(mx ...MXPattern) Policy {
	return Policy{Mode: codes.ModeEnforce, MaxAge: 604800, MX: mx}
}

// with is a good policy with lines put at its end.
func with(lines string) string {
	return "version: STSv1\nmode: enforce\nmx: mx1.example.com\nmax_age: 604800\n" + lines
}

// swapped is a good policy with one line in another's place.
func swapped(old, replacement string) string {
	return strings.Replace(with(""), old+"\n", replacement, 1)
}

func mxLine(value string) string { return swapped("mx: mx1.example.com", "mx: "+value+"\n") }

// onePolicies are the branches of the grammar, and what people publish. They seed the fuzz targets too.
func onePolicies() []onePolicy {
	plain := enforcing("mx1.example.com")
	label63 := strings.Repeat("a", 63)
	name253 := strings.Repeat(label63+".", 3) + strings.Repeat("b", 61)
	ext := func(name, value string) Policy {
		p := enforcing("mx1.example.com")
		p.Extensions = []Pair{{name, value}}
		return p
	}
	aged := func(age int64) Policy { p := enforcing("mx1.example.com"); p.MaxAge = age; return p }
	return []onePolicy{
		// By the letter.
		{body: with(""), want: plain},
		{body: strings.TrimSuffix(with(""), "\n"), want: plain, finds: f(codes.FindNoFinalLineEnd)},
		{body: "version: STSv1\nmode: testing\nmax_age: 86400\nmx: a.example\nmx: *.b.example\n",
			want: Policy{Mode: codes.ModeTesting, MaxAge: 86400, MX: []MXPattern{"a.example", "*.b.example"}}},
		{body: "version: STSv1\nmode: none\nmax_age: 60\n", want: Policy{Mode: codes.ModeNone, MaxAge: 60}}, // section 8.3: no oddity
		{body: "version: STSv1\nmode: none\nmx: a.example\nmax_age: 86400\n", want: Policy{Mode: codes.ModeNone, MaxAge: 86400, MX: []MXPattern{"a.example"}}},
		{body: "mx: mx1.example.com\nversion: STSv1\nmode: enforce\nmax_age: 604800\n", want: plain, finds: f(codes.FindVersionNotFirst)},
		{body: "version:STSv1\nmode:\t enforce\nmx:mx1.example.com\nmax_age:  604800\n", want: plain}, // *WSP after the colon
		{body: "version: STSv1 \nmode: enforce\t\nmx: mx1.example.com\nmax_age: 604800 \t \n", want: plain, finds: f(codes.FindTrailingSpace)},
		{body: with("") + "\t\n", reason: codes.ReasonBlankLine, lenient: true, want: plain, finds: f(codes.FindBlankLine)},

		// CR beside the end of a line. It ends no line itself.
		{body: strings.ReplaceAll(with(""), "\n", "\r\r\n"), reason: codes.ReasonLineMalformed, lenient: true, want: plain, finds: f(codes.FindCarriageReturn)},
		{body: strings.ReplaceAll(with(""), "\n", "\n\r"), reason: codes.ReasonLineMalformed, lenient: true, want: plain, finds: f(codes.FindCarriageReturn, codes.FindBlankLine, codes.FindNoFinalLineEnd)},
		{body: swapped("mode: enforce", "\r\rmode: enforce \r\r\n"), reason: codes.ReasonLineMalformed, lenient: true, want: plain, finds: f(codes.FindMixedLineEnds, codes.FindCarriageReturn, codes.FindTrailingSpace)},
		{body: with("\r\r\n"), reason: codes.ReasonLineMalformed, lenient: true, want: plain, finds: f(codes.FindMixedLineEnds, codes.FindCarriageReturn, codes.FindBlankLine)},

		// Extensions.
		{body: with("a: b"), want: ext("a", "b"), finds: f(codes.FindExtension, codes.FindNoFinalLineEnd)},
		{body: with("9.a-b_C: x y  z\n"), want: ext("9.a-b_C", "x y  z"), finds: f(codes.FindExtension)},
		{body: with("a:b: c:\n"), want: ext("a", "b: c:"), finds: f(codes.FindExtension)},                                    // the first colon divides
		{body: with("a: \u00e9\U0001F600\u0085\n"), want: ext("a", "\u00e9\U0001F600\u0085"), finds: f(codes.FindExtension)}, // UTF8-2 to UTF8-4 take all of them
		{body: with("a: b \t\n"), want: ext("a", "b"), finds: f(codes.FindTrailingSpace, codes.FindExtension)},
		{body: with(strings.Repeat("n", 32) + ": b\n"), want: ext(strings.Repeat("n", 32), "b"), finds: f(codes.FindExtension)},
		{body: with(strings.Repeat("n", 33) + ": b\n"), reason: codes.ReasonExtensionInvalid, lenient: true, want: plain, finds: f(codes.FindExtensionInvalid)},
		{body: with("-a: b\n"), reason: codes.ReasonExtensionInvalid, lenient: true, want: plain, finds: f(codes.FindExtensionInvalid)},
		{body: with("a b: c\n"), reason: codes.ReasonExtensionInvalid, lenient: true, want: plain, finds: f(codes.FindExtensionInvalid)},
		{body: with(": b\n"), reason: codes.ReasonExtensionInvalid, lenient: true, want: plain, finds: f(codes.FindExtensionInvalid)},
		{body: with("a:\n"), reason: codes.ReasonExtensionInvalid, lenient: true, want: plain, finds: f(codes.FindExtensionInvalid)},
		{body: with("a: \t\n"), reason: codes.ReasonExtensionInvalid, lenient: true, want: plain, finds: f(codes.FindTrailingSpace, codes.FindExtensionInvalid)},
		{body: with("a: b\tc\n"), reason: codes.ReasonExtensionInvalid, lenient: true, want: plain, finds: f(codes.FindExtensionInvalid)}, // a tab is no %x20
		{body: with("a: b\x00\n"), reason: codes.ReasonExtensionInvalid, lenient: true, want: plain, finds: f(codes.FindExtensionInvalid)},
		{body: with("a: b\x7f\n"), reason: codes.ReasonExtensionInvalid, lenient: true, want: plain, finds: f(codes.FindExtensionInvalid)},
		{body: with("a: b\rc: d\n"), reason: codes.ReasonExtensionInvalid, lenient: true, want: plain, finds: f(codes.FindExtensionInvalid)},
		{body: with("a: \xc3\n"), reason: codes.ReasonNotText, lenient: true, want: plain, finds: f(codes.FindNotText, codes.FindExtensionInvalid)},
		{body: with("a: \xc0\xaf\n"), reason: codes.ReasonNotText, lenient: true, want: plain, finds: f(codes.FindNotText, codes.FindExtensionInvalid)}, // an overlong slash
		{body: with("# a comment\n"), reason: codes.ReasonLineMalformed, finds: f(codes.FindLineMalformed)},
		{body: with("a = b\n"), reason: codes.ReasonLineMalformed, finds: f(codes.FindLineMalformed)},
		{body: with("..\n"), reason: codes.ReasonLineMalformed, finds: f(codes.FindLineMalformed)},

		// Of a repeated field the first counts; the others need only be well-formed.
		{body: with("mode: none\n"), want: plain, finds: f(codes.FindDuplicateField)},
		{body: with("mode: whatever\nversion: STSv9\nmax_age: soon\n"), want: plain, finds: f(codes.FindDuplicateField)},
		{body: with("mode:\n"), reason: codes.ReasonExtensionInvalid, lenient: true, want: plain, finds: f(codes.FindExtensionInvalid)},
		{body: with("max_age: 1\t2\n"), reason: codes.ReasonExtensionInvalid, lenient: true, want: plain, finds: f(codes.FindExtensionInvalid)},
		{body: with("a: 1\na: 2\n"), want: ext("a", "1"), finds: f(codes.FindExtension, codes.FindDuplicateField)},
		{body: swapped("mode: enforce", "mode: no\nmode: enforce\n"), reason: codes.ReasonModeInvalid, finds: f(codes.FindModeInvalid, codes.FindDuplicateField)},
		{body: with("mx: mx1.example.com\n"), want: enforcing("mx1.example.com", "mx1.example.com"), finds: f(codes.FindMXDuplicate)},
		{body: with("mx: MX1.example.com\n"), want: enforcing("mx1.example.com", "MX1.example.com"), finds: f(codes.FindMXUpperCase, codes.FindMXDuplicate)},

		// Nothing to read.
		{body: "", reason: codes.ReasonEmpty, finds: f(codes.FindEmpty)},
		{body: " \t", reason: codes.ReasonEmpty, finds: f(codes.FindEmpty)},
		{body: "\n\r\n \n", reason: codes.ReasonEmpty, finds: f(codes.FindEmpty)},
		{body: "\uFEFF", reason: codes.ReasonByteOrderMark, finds: f(codes.FindByteOrderMark, codes.FindEmpty)},
		{body: "<!DOCTYPE html>\n<title>404</title>", reason: codes.ReasonHTML, finds: f(codes.FindHTML)},
		{body: "\n  <html lang=\"en\">" + with(""), reason: codes.ReasonHTML, finds: f(codes.FindHTML)},
		{body: "\uFEFF<?xml version=\"1.0\"?>", reason: codes.ReasonByteOrderMark, finds: f(codes.FindByteOrderMark, codes.FindHTML)},
		{body: "<mx1.example.com>\n", reason: codes.ReasonLineMalformed,
			finds: f(codes.FindLineMalformed, codes.FindVersionMissing, codes.FindModeMissing, codes.FindMaxAgeMissing, codes.FindMXMissing)},
		{body: "Not Found", reason: codes.ReasonLineMalformed,
			finds: f(codes.FindLineMalformed, codes.FindNoFinalLineEnd, codes.FindVersionMissing, codes.FindModeMissing, codes.FindMaxAgeMissing, codes.FindMXMissing)},
		{body: "\xff\xfev\x00\n", reason: codes.ReasonNotText,
			finds: f(codes.FindNotText, codes.FindLineMalformed, codes.FindVersionMissing, codes.FindModeMissing, codes.FindMaxAgeMissing, codes.FindMXMissing)},

		// What the two readings may differ about.
		{body: "\uFEFF" + with(""), reason: codes.ReasonByteOrderMark, want: plain, finds: f(codes.FindByteOrderMark)},
		{body: "\n" + with(""), reason: codes.ReasonBlankLine, lenient: true, want: plain, finds: f(codes.FindBlankLine)},
		{body: with("\n\n"), reason: codes.ReasonBlankLine, lenient: true, want: plain, finds: f(codes.FindBlankLine)},
		{body: with("  "), reason: codes.ReasonBlankLine, lenient: true, want: plain, finds: f(codes.FindBlankLine, codes.FindNoFinalLineEnd)},
		{body: " " + with(""), reason: codes.ReasonLeadingSpace, want: plain, finds: f(codes.FindLeadingSpace)},
		{body: swapped("mode: enforce", "\t mode: enforce\t\n"), reason: codes.ReasonLeadingSpace, want: plain,
			finds: f(codes.FindLeadingSpace, codes.FindTrailingSpace)},
		{body: swapped("mode: enforce", "mode: ENFORCE\n"), reason: codes.ReasonModeInvalid, want: plain, finds: f(codes.FindValueCase)},
		{body: swapped("mode: enforce", "Mode: enforce\n"), reason: codes.ReasonModeMissing, want: plain, finds: f(codes.FindFieldCase, codes.FindModeMissing)},
		{body: swapped("mode: enforce", "Mode: enforce\nMODE: none\n"), reason: codes.ReasonModeMissing, want: ext("MODE", "none"),
			finds: f(codes.FindFieldCase, codes.FindModeMissing)}, // the first counts here too
		{body: swapped("version: STSv1", "VERSION: STSv1\n"), reason: codes.ReasonVersionMissing, want: plain,
			finds: f(codes.FindFieldCase, codes.FindVersionMissing)},
		{body: swapped("mx: mx1.example.com", "MX: mx1.example.com\nMX: mx2.example.com\nMx: mx3.example.com\n"), reason: codes.ReasonMXMissing,
			want: enforcing("mx1.example.com", "mx2.example.com", "mx3.example.com"), finds: f(codes.FindFieldCase, codes.FindDuplicateField, codes.FindMXMissing)},
		{body: "Version: STSv1\nMode: Enforce\nMX: mx1.example.com.\nMax_Age: 99999999\n", reason: codes.ReasonVersionMissing,
			want: Policy{Mode: codes.ModeEnforce, MaxAge: 31557600, MX: []MXPattern{"mx1.example.com."}},
			finds: f(codes.FindFieldCase, codes.FindVersionMissing, codes.FindModeMissing, codes.FindValueCase,
				codes.FindMaxAgeMissing, codes.FindMaxAgeOver, codes.FindMXMissing, codes.FindMXTrailingDot)},
		{body: swapped("max_age: 604800", "max_age: 31557601\n"), reason: codes.ReasonMaxAgeOver, want: aged(31557600), finds: f(codes.FindMaxAgeOver)},
		{body: swapped("max_age: 604800", "max_age: 9999999999\n"), reason: codes.ReasonMaxAgeOver, want: aged(31557600), finds: f(codes.FindMaxAgeOver)},

		// A field in another case is an extension where the field itself is there.
		{body: with("Mode: none\n"), want: ext("Mode", "none"), finds: f(codes.FindFieldCase)},
		{body: with("Mode: none\n\n"), reason: codes.ReasonBlankLine, lenient: true, want: ext("Mode", "none"), finds: f(codes.FindFieldCase, codes.FindBlankLine)},
		{body: with("MODE:\n"), reason: codes.ReasonExtensionInvalid, lenient: true, want: plain, finds: f(codes.FindExtensionInvalid)},
		{body: "version: STSv1\nmode: none\nmax_age: 86400\nMX: a.example\n",
			want: Policy{Mode: codes.ModeNone, MaxAge: 86400, Extensions: []Pair{{"MX", "a.example"}}}, finds: f(codes.FindFieldCase)}, // no mx is needed
		{body: swapped("mode: enforce", "MODE: report\n"), reason: codes.ReasonModeMissing,
			want: Policy{MaxAge: 604800, MX: []MXPattern{"mx1.example.com"}}, finds: f(codes.FindFieldCase, codes.FindModeMissing, codes.FindModeInvalid)},

		// Version, mode, max_age.
		{body: swapped("version: STSv1", ""), reason: codes.ReasonVersionMissing, want: plain, finds: f(codes.FindVersionMissing)},
		{body: swapped("version: STSv1", "version:\n"), reason: codes.ReasonVersionInvalid, want: plain, finds: f(codes.FindVersionInvalid)},
		{body: swapped("version: STSv1", "version: stsv1\n"), reason: codes.ReasonVersionInvalid, want: plain, finds: f(codes.FindVersionInvalid)},
		{body: swapped("version: STSv1", "version: STSv1;\n"), reason: codes.ReasonVersionInvalid, want: plain, finds: f(codes.FindVersionInvalid)},
		{body: swapped("version: STSv1", "version: STSv12\n"), reason: codes.ReasonVersionInvalid, want: plain, finds: f(codes.FindVersionInvalid)},
		{body: swapped("version: STSv1", "version : STSv1\n"), reason: codes.ReasonExtensionInvalid, want: plain,
			finds: f(codes.FindExtensionInvalid, codes.FindVersionMissing)}, // no white space before the colon
		{body: swapped("mode: enforce", ""), reason: codes.ReasonModeMissing, finds: f(codes.FindModeMissing)},
		{body: swapped("mode: enforce", "mode: enforced\n"), reason: codes.ReasonModeInvalid, finds: f(codes.FindModeInvalid)},
		{body: swapped("mode: enforce", "mode: [testing]\n"), reason: codes.ReasonModeInvalid, finds: f(codes.FindModeInvalid)}, // seen in the wild
		{body: swapped("mode: enforce", "mode: enforce # all\n"), reason: codes.ReasonModeInvalid, finds: f(codes.FindModeInvalid)},
		{body: swapped("max_age: 604800", ""), reason: codes.ReasonMaxAgeMissing, want: aged(-1), finds: f(codes.FindMaxAgeMissing)},
		{body: swapped("max_age: 604800", "max_age:\n"), reason: codes.ReasonMaxAgeInvalid, want: aged(-1), finds: f(codes.FindMaxAgeInvalid)},
		{body: swapped("max_age: 604800", "max_age: -1\n"), reason: codes.ReasonMaxAgeInvalid, want: aged(-1), finds: f(codes.FindMaxAgeInvalid)},
		{body: swapped("max_age: 604800", "max_age: +1\n"), reason: codes.ReasonMaxAgeInvalid, want: aged(-1), finds: f(codes.FindMaxAgeInvalid)},
		{body: swapped("max_age: 604800", "max_age: 1_000\n"), reason: codes.ReasonMaxAgeInvalid, want: aged(-1), finds: f(codes.FindMaxAgeInvalid)},
		{body: swapped("max_age: 604800", "max_age: 0x10\n"), reason: codes.ReasonMaxAgeInvalid, want: aged(-1), finds: f(codes.FindMaxAgeInvalid)},
		{body: swapped("max_age: 604800", "max_age: 604800s\n"), reason: codes.ReasonMaxAgeInvalid, want: aged(-1), finds: f(codes.FindMaxAgeInvalid)},
		{body: swapped("max_age: 604800", "max_age: 1w\n"), reason: codes.ReasonMaxAgeInvalid, want: aged(-1), finds: f(codes.FindMaxAgeInvalid)},
		{body: swapped("max_age: 604800", "max_age: \u0661\n"), reason: codes.ReasonMaxAgeInvalid, want: aged(-1), finds: f(codes.FindMaxAgeInvalid)},
		{body: swapped("max_age: 604800", "max_age: 10000000000\n"), reason: codes.ReasonMaxAgeInvalid, want: aged(-1), finds: f(codes.FindMaxAgeInvalid)}, // 11 digits
		{body: swapped("max_age: 604800", "max_age: 00000604800\n"), reason: codes.ReasonMaxAgeInvalid, want: aged(-1), finds: f(codes.FindMaxAgeInvalid)},
		{body: swapped("max_age: 604800", "max_age: 0000604800\n"), want: plain},
		{body: swapped("max_age: 604800", "max_age: 31557600\n"), want: aged(31557600)},
		{body: swapped("max_age: 604800", "max_age: 604799\n"), want: aged(604799), finds: f(codes.FindMaxAgeShort)},
		{body: swapped("max_age: 604800", "max_age: 0\n"), want: aged(0), finds: f(codes.FindMaxAgeZero, codes.FindMaxAgeShort)},
		{body: swapped("max_age: 604800", "max_age: 604800\r"), reason: codes.ReasonMaxAgeInvalid, want: aged(-1),
			finds: f(codes.FindMaxAgeInvalid, codes.FindNoFinalLineEnd)}, // CR alone ends no line

		// mx.
		{body: swapped("mx: mx1.example.com", ""), reason: codes.ReasonMXMissing, finds: f(codes.FindMXMissing)},
		{body: mxLine(""), reason: codes.ReasonMXInvalid, finds: f(codes.FindTrailingSpace, codes.FindMXEmpty)},
		{body: mxLine("*.example.com"), want: enforcing("*.example.com")},
		{body: mxLine("Mail-1.EXAMPLE.com"), want: enforcing("Mail-1.EXAMPLE.com"), finds: f(codes.FindMXUpperCase)},
		{body: mxLine("localhost"), want: enforcing("localhost"), finds: f(codes.FindMXSingleLabel)},
		{body: mxLine("*.com"), want: enforcing("*.com"), finds: f(codes.FindMXSingleLabel)},
		{body: mxLine("1.2.3.4"), want: enforcing("1.2.3.4"), finds: f(codes.FindMXAddress)}, // a Domain by the letter
		{body: mxLine("1.2.3.4.5"), want: enforcing("1.2.3.4.5")},
		{body: mxLine("xn--bcher-kva.example"), want: enforcing("xn--bcher-kva.example")},
		{body: mxLine("xn--a"), want: enforcing("xn--a"), finds: f(codes.FindMXNotALabel, codes.FindMXSingleLabel)},
		{body: mxLine("*.XN--0.example"), want: enforcing("*.XN--0.example"), finds: f(codes.FindMXNotALabel, codes.FindMXUpperCase)},
		{body: mxLine("mx.xn--abc-.example"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("mx.xn--abc-.example"), finds: f(codes.FindMXSyntax)},
		{body: mxLine("xn--example-.com"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("xn--example-.com"), finds: f(codes.FindMXSyntax)},
		{body: mxLine("mx.xn--i-7iqv272g.com"), want: enforcing("mx.xn--i-7iqv272g.com")}, // an emoji, that a registry has taken
		{body: mxLine("a--b.example"), want: enforcing("a--b.example")},
		{body: mxLine(label63 + ".example"), want: enforcing(MXPattern(label63 + ".example"))},
		{body: mxLine(label63 + "a.example"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing(MXPattern(label63 + "a.example")), finds: f(codes.FindMXSyntax)},
		{body: mxLine(name253), want: enforcing(MXPattern(name253))},
		{body: mxLine(name253 + "b"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing(MXPattern(name253 + "b")), finds: f(codes.FindMXSyntax)},
		{body: mxLine("*." + name253), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing(MXPattern("*." + name253)), finds: f(codes.FindMXSyntax)}, // no host is under it
		{body: mxLine("*." + name253[2:]), want: enforcing(MXPattern("*." + name253[2:]))},
		{body: mxLine("mx1.example.com."), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("mx1.example.com."), finds: f(codes.FindMXTrailingDot)},
		{body: mxLine(name253 + "."), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing(MXPattern(name253 + ".")), finds: f(codes.FindMXTrailingDot)},
		{body: mxLine(name253 + "b."), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing(MXPattern(name253 + "b.")), finds: f(codes.FindMXTrailingDot, codes.FindMXSyntax)},
		{body: mxLine("_mx._tcp.example_.com"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("_mx._tcp.example_.com"), finds: f(codes.FindMXUnderscore)},
		{body: mxLine("*.MX_1.com."), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("*.MX_1.com."),
			finds: f(codes.FindMXTrailingDot, codes.FindMXUnderscore, codes.FindMXUpperCase)},
		{body: mxLine("mx1.example.com.."), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("mx1.example.com.."), finds: f(codes.FindMXTrailingDot, codes.FindMXSyntax)},
		{body: mxLine("."), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("."), finds: f(codes.FindMXTrailingDot, codes.FindMXSyntax)},
		{body: mxLine(".example.com"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing(".example.com"), finds: f(codes.FindMXSyntax)},
		{body: mxLine("mx1-.example.com"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("mx1-.example.com"), finds: f(codes.FindMXSyntax)},
		{body: mxLine("mx1.example.com:25"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("mx1.example.com:25"), finds: f(codes.FindMXSyntax)},
		{body: mxLine("mx1.example.com,"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("mx1.example.com,"), finds: f(codes.FindMXSyntax)},
		{body: mxLine("\"mx1.example.com\""), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("\"mx1.example.com\""), finds: f(codes.FindMXSyntax)},
		{body: mxLine("mx1.exam\x00ple.com"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("mx1.exam\x00ple.com"), finds: f(codes.FindMXSyntax)},
		{body: mxLine("*"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("*"), finds: f(codes.FindMXWildcard)},
		{body: mxLine("*."), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("*."), finds: f(codes.FindMXTrailingDot, codes.FindMXWildcard)},
		{body: mxLine("*example.com"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("*example.com"), finds: f(codes.FindMXWildcard)},
		{body: mxLine("mx*.example.com"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("mx*.example.com"), finds: f(codes.FindMXWildcard)},
		{body: mxLine("*.*.example.com"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("*.*.example.com"), finds: f(codes.FindMXWildcard)},
		{body: mxLine("mx.*.com"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("mx.*.com"), finds: f(codes.FindMXWildcard)},
		{body: mxLine("a.example b.example"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("a.example b.example"), finds: f(codes.FindMXSeveral)},
		{body: mxLine("a.example,b.example"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("a.example,b.example"), finds: f(codes.FindMXSeveral)},
		{body: mxLine("10 a.example"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("10 a.example"), finds: f(codes.FindMXSeveral)}, // a zone file's preference
		{body: mxLine("postmaster@example.com"), reason: codes.ReasonMXInvalid, finds: f(codes.FindMXEmail)},
		{body: mxLine("https://mx1.example.com/"), reason: codes.ReasonMXInvalid, finds: f(codes.FindMXURL)},
		{body: mxLine("smtp://u@mx1.example.com"), reason: codes.ReasonMXInvalid, finds: f(codes.FindMXURL)},
		{body: mxLine("mx1.example.com/"), reason: codes.ReasonMXInvalid, finds: f(codes.FindMXURL)},
		{body: mxLine("[IPv6:2001:db8::1]"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("[IPv6:2001:db8::1]"), finds: f(codes.FindMXAddress)},
		{body: mxLine("2001:db8::1"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("2001:db8::1"), finds: f(codes.FindMXAddress)},
		{body: mxLine("::ffff:192.0.2.1"), reason: codes.ReasonMXInvalid, lenient: true, want: enforcing("::ffff:192.0.2.1"), finds: f(codes.FindMXAddress)},
		{body: mxLine("b\u00fccher.example"), reason: codes.ReasonMXInvalid, finds: f(codes.FindMXUnicode)},
		{body: mxLine("mx1\u3002example"), reason: codes.ReasonMXInvalid, finds: f(codes.FindMXUnicode)}, // an ideographic full stop
		{body: mxLine("mx1.example.com\xff"), reason: codes.ReasonNotText, finds: f(codes.FindNotText, codes.FindMXUnicode)},

		// The first failure in text order is the reason, missing fields come last.
		{body: "mx: -\nmode: x\n", reason: codes.ReasonMXInvalid,
			finds: f(codes.FindMXSyntax, codes.FindModeInvalid, codes.FindVersionMissing, codes.FindMaxAgeMissing)},
		{body: "max_age: 1\n", reason: codes.ReasonVersionMissing, want: Policy{MaxAge: 1},
			finds: f(codes.FindMaxAgeShort, codes.FindVersionMissing, codes.FindModeMissing, codes.FindMXMissing)},
		{body: "mode: none\n", reason: codes.ReasonVersionMissing, want: Policy{Mode: codes.ModeNone, MaxAge: -1}, finds: f(codes.FindVersionMissing, codes.FindMaxAgeMissing)},
		{body: "mode: Enforce\nmx: a.example\nmx:\n mx: b\nversion: STSv1\nmax_age: 5\n", reason: codes.ReasonModeInvalid,
			finds: f(codes.FindValueCase, codes.FindMXEmpty, codes.FindLeadingSpace, codes.FindMXSingleLabel, codes.FindVersionNotFirst, codes.FindMaxAgeShort)},
	}
}

func f(findings ...codes.Finding) []codes.Finding { return findings }

func TestOnePolicy(t *testing.T) {
	for _, tt := range onePolicies() {
		r := ReadPolicy([]byte(tt.body))
		strict := tt.reason == ""
		if (wantOne(t, r.Err) == "") != strict || r.Reason != tt.reason {
			t.Errorf("%q: %v, %s; want %s", tt.body, r.Err, r.Reason, tt.reason)
		}
		if r.Strict != strict || r.Lenient != (strict || tt.lenient) {
			t.Errorf("%q: strict %v, lenient %v", tt.body, r.Strict, r.Lenient)
		}
		if (r.Lenient || tt.want.Mode != "" || tt.want.MaxAge != 0) && !reflect.DeepEqual(r.Policy, tt.want) {
			t.Errorf("%q: %+v, want %+v", tt.body, r.Policy, tt.want)
		}
		found := slices.DeleteFunc(slices.Clone(r.Findings),
			func(f codes.Finding) bool { return f == codes.FindLineFeedEnds })
		if !slices.Equal(found, tt.finds) {
			t.Errorf("%q: findings %q, want %q", tt.body, found, tt.finds)
		}
		p, err := ParsePolicy([]byte(tt.body))
		if (wantOne(t, err) == "") != strict {
			t.Errorf("ParsePolicy(%q): %v", tt.body, err)
		}
		if strict && !reflect.DeepEqual(p, tt.want) || !strict && !reflect.DeepEqual(p, Policy{}) {
			t.Errorf("ParsePolicy(%q) = %+v, want %+v", tt.body, p, tt.want)
		}
	}
}

// LF and CRLF end lines alike (erratum 6253), and nothing else does.
func TestLineEnds(t *testing.T) {
	plain := enforcing("mx1.example.com")
	for _, tt := range []struct {
		body  string
		ok    bool
		finds []codes.Finding
	}{
		{with(""), true, f(codes.FindLineFeedEnds)},
		{strings.ReplaceAll(with(""), "\n", "\r\n"), true, nil},
		{strings.Replace(with(""), "\n", "\r\n", 1), true, f(codes.FindMixedLineEnds)},
		{strings.TrimSuffix(strings.ReplaceAll(with(""), "\n", "\r\n"), "\r\n"), true, f(codes.FindNoFinalLineEnd)},
		{strings.ReplaceAll(with(""), "\n", " \r\n"), true, f(codes.FindTrailingSpace)},
		{strings.ReplaceAll(with(""), "\n", "\r"), false, nil},
		{strings.ReplaceAll(with(""), "\n", "\f"), false, nil},
		{strings.ReplaceAll(with(""), "\n", "\\n"), false, nil},
	} {
		r := ReadPolicy([]byte(tt.body))
		if r.Strict != tt.ok || r.Lenient != tt.ok {
			t.Errorf("%q: strict %v, lenient %v, %v", tt.body, r.Strict, r.Lenient, r.Err)
		}
		if tt.ok && (!reflect.DeepEqual(r.Policy, plain) || !slices.Equal(r.Findings, tt.finds)) {
			t.Errorf("%q: %+v, findings %q, want %q", tt.body, r.Policy, r.Findings, tt.finds)
		}
	}
}

func TestPolicyString(t *testing.T) {
	p, err := ParsePolicy([]byte("a: b c\nmax_age: 0086400 \nmx: *.example.com\nmode: testing\n" +
		"version: STSv1\nmx: MX.example.net"))
	if err != nil {
		t.Fatal(err)
	}
	want := "version: STSv1\r\nmode: testing\r\nmx: *.example.com\r\nmx: MX.example.net\r\nmax_age: 86400\r\na: b c\r\n"
	if got := p.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.MX = []MXPattern{"*.xn--bcher-kva.example"}
	if got := p.Unicode(); !strings.Contains(got, "\r\nmx: *.xn--bcher-kva.example (*.b\u00fccher.example)\r\n") {
		t.Errorf("for people: %q", got)
	}
}

// A hostile policy of full size costs little, whatever it repeats.
func TestLargePolicies(t *testing.T) {
	for _, line := range []string{"\n", "a: b\n", "mx: a\n", "mx:\n", " \n", "Mode: x\n", "mode: none\n", "x\n", ":\n",
		"mx: a,b\n"} {
		body := bytes.Repeat([]byte(line), maxBody/len(line))
		r := ReadPolicy(body)
		if len(r.Findings) > 10 {
			t.Errorf("%q: %d findings", line, len(r.Findings))
		}
	}
	padded := with("x: ") + strings.Repeat("y", maxBody)
	if _, err := ParsePolicy([]byte(padded[:maxBody])); err != nil {
		t.Errorf("a policy of 64 KiB: %v", err)
	}
	long := mxLine(strings.Repeat("z", 5000))
	if r := ReadPolicy([]byte(long)); len(r.Policy.MX) != 1 || len(r.Policy.MX[0]) != maxText {
		t.Errorf("a pattern of 5000 octets is kept as %d patterns", len(r.Policy.MX))
	}
}

// Of very many other fields the first 64 are kept.
func TestManyFields(t *testing.T) {
	var body strings.Builder
	body.WriteString(goodText())
	for i := range 5000 {
		fmt.Fprintf(&body, "x%d: y\n", i)
	}
	r := ReadPolicy([]byte(body.String()))
	if x := r.Policy.Extensions; r.Err != nil || len(x) != maxPairs || cap(x) > 2*maxPairs || x[63].Name != "x63" {
		t.Errorf("%d fields of room for %d, %v", len(x), cap(x), r.Err)
	}
}
