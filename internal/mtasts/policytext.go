package mtasts

import (
	"math"
	"net/http"
	"strings"
	"unicode/utf8"

	"stsscan/internal/codes"
)

// Places in a policy's text, beside its lines, which count from 1.
const (
	wholeText = 0
	endOfText = math.MaxInt
)

// A policyField is one line of the form name: value.
type policyField struct {
	line        int
	name, value string
}

// extensionFault says what is wrong with the field by the grammar of extensions, which is the widest: every
// other field is a special case of it.
//
//	sts-policy-ext-value = sts-policy-vchar [*(%x20 / sts-policy-vchar) sts-policy-vchar]
//	sts-policy-vchar     = %x21-7E / UTF8-2 / UTF8-3 / UTF8-4
func (f policyField) extensionFault() string {
	switch {
	case !isExtensionName(f.name):
		return quote(f.name) + " is not the name of a field"
	case f.value == "":
		return "the field " + f.name + " has no value"
	case !utf8.ValidString(f.value), strings.ContainsFunc(f.value, func(c rune) bool { return c < ' ' || c == 0x7F }):
		return quote(f.value) + " is not the value of a field"
	}
	return ""
}

// readPolicy reads a policy in both readings at once; the notes tell them apart. They are in text order.
func readPolicy(text string) (Policy, notes[codes.PolicyReason]) {
	r := policyReader{policy: Policy{MaxAge: -1}}
	text, ok := r.preamble(text)
	if ok {
		for _, f := range r.lines(text) {
			r.field(f)
		}
		r.finish()
	}
	r.notes.sort()
	return r.policy, r.notes
}

// preamble notes what concerns the whole text, and returns it without byte order mark; ok is false where its
// lines would tell nothing.
func (r *policyReader) preamble(text string) (rest string, ok bool) {
	rest, marked := strings.CutPrefix(text, "\uFEFF")
	if marked {
		r.notes.fail(wholeText, codes.FindByteOrderMark, codes.ReasonByteOrderMark, "the text begins with a byte order mark")
	}
	switch {
	case strings.Trim(rest, wsp+"\r\n") == "":
		r.notes.fail(wholeText, codes.FindEmpty, codes.ReasonEmpty, "there is nothing but white space")
		return "", false
	case isMarkup(rest):
		r.notes.fail(wholeText, codes.FindHTML, codes.ReasonHTML, "this is a web page")
		return "", false
	}
	crlf := strings.Count(rest, "\r\n")
	switch lf := strings.Count(rest, "\n") - crlf; {
	case lf > 0 && crlf > 0:
		r.notes.warn(wholeText, codes.FindMixedLineEnds)
	case lf > 0:
		r.notes.warn(wholeText, codes.FindLineFeedEnds)
	}
	return rest, true
}

// isMarkup reports whether a browser would take the text for a page. A policy begins with the name of a field.
func isMarkup(text string) bool {
	if !strings.HasPrefix(strings.TrimLeft(text, wsp+"\f\r\n"), "<") {
		return false
	}
	sniffed := http.DetectContentType([]byte(text[:min(len(text), maxText)]))
	return strings.HasPrefix(sniffed, "text/html") || strings.HasPrefix(sniffed, "text/xml")
}

// lines splits the text into fields and notes what is odd about lines as such.
//
//	sts-policy-record = sts-policy-field *WSP
//	                    *(sts-policy-term sts-policy-field *WSP)
//	                    [sts-policy-term]
//	sts-policy-term   = LF / CRLF
func (r *policyReader) lines(text string) []policyField {
	var fields []policyField
	for number := 1; text != ""; number++ {
		line, rest, ended := strings.Cut(text, "\n")
		text = rest
		if ended {
			line = strings.TrimSuffix(line, "\r")
		}
		trimmed := strings.TrimLeft(line, "\r") // of LF CR
		if ended {
			trimmed = strings.TrimRight(trimmed, "\r") // of CR CR LF
		}
		if trimmed != line {
			r.notes.fail(number, codes.FindCarriageReturn, codes.ReasonLineMalformed, "CR beside the end of a line")
		}
		if f, ok := r.line(number, trimmed); ok {
			fields = append(fields, f)
		}
		if !ended {
			r.notes.warn(number+1, codes.FindNoFinalLineEnd) // after all of the line
		}
	}
	return fields
}

// line reads one line, without its end.
func (r *policyReader) line(number int, line string) (f policyField, ok bool) {
	text := strings.TrimLeft(line, wsp)
	if text == "" {
		r.notes.fail(number, codes.FindBlankLine, codes.ReasonBlankLine, "the line is blank")
		return f, false
	}
	if text != line {
		r.notes.fail(number, codes.FindLeadingSpace, codes.ReasonLeadingSpace, "white space before the field")
	}
	if !utf8.ValidString(text) {
		r.notes.fail(number, codes.FindNotText, codes.ReasonNotText, "the line is not UTF-8")
	}
	trimmed := strings.TrimRight(text, wsp)
	if trimmed != text {
		r.notes.warn(number, codes.FindTrailingSpace)
	}
	name, value, pair := strings.Cut(trimmed, ":")
	if !pair {
		r.notes.fail(number, codes.FindLineMalformed, codes.ReasonLineMalformed, quote(trimmed)+" is not name: value")
		return f, false
	}
	return policyField{line: number, name: name, value: strings.TrimLeft(value, wsp)}, true
}
