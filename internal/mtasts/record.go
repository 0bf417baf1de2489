package mtasts

import (
	"fmt"
	"slices"
	"strings"

	"stsscan/internal/codes"
)

const (
	recordVersion = "v=STSv1"
	wsp           = " \t" // WSP of RFC 5234: no other white space is white space here
)

// A Record is what a Policy Domain publishes at _mta-sts.<domain> ([RFC 8461, section 3.1]).
//
// [RFC 8461, section 3.1]: https://www.rfc-editor.org/rfc/rfc8461#section-3.1
type Record struct {
	ID         string // 1 to 32 letters and digits
	Extensions []Pair // fields that the RFC does not know, in order, each name once; at most 64 and 16 KiB
}

// String returns the canonical form of the record, as it is published.
func (r Record) String() string {
	var b strings.Builder
	b.WriteString(recordVersion + "; id=" + r.ID + ";")
	for _, x := range r.Extensions {
		b.WriteString(" " + x.Name + "=" + x.Value + ";")
	}
	return b.String()
}

// apart is r in memory of its own: the texts of r are pieces of the TXT record.
func (r Record) apart() Record {
	r.ID = strings.Clone(r.ID)
	r.Extensions = slices.Clone(r.Extensions)
	for i, x := range r.Extensions {
		r.Extensions[i] = Pair{Name: strings.Clone(x.Name), Value: strings.Clone(x.Value)}
	}
	return r
}

// isRecord reports whether txt is an MTA-STS record when it is the only TXT record: sts-version and
// sts-field-delim, which may have white space before its semicolon.
func isRecord(txt string) bool {
	rest, ok := strings.CutPrefix(txt, recordVersion)
	return ok && strings.HasPrefix(strings.TrimLeft(rest, wsp), ";")
}

// recordSyntax is the error for a record whose strict reading failed first at the given note.
func recordSyntax(first note[codes.RecordReason]) error {
	return fmt.Errorf("%w: %s: %s", ErrRecordSyntax, first.reason, first.detail)
}

// readRecord reads a text that isRecord accepts. The record has all that could be understood; its ID is empty
// unless it is by the grammar.
//
//	sts-text-record = sts-version 1*(sts-field-delim sts-field) [sts-field-delim]
//	sts-field-delim = *WSP ";" *WSP
//	sts-id          = %s"id=" 1*32(ALPHA / DIGIT)
func readRecord(txt string) (Record, notes[codes.RecordReason]) {
	var n notes[codes.RecordReason]
	version, rest, _ := strings.Cut(txt, ";")
	if version != recordVersion {
		n.warn(0, codes.FindRecordSpaceBeforeDelimiter)
	}
	if !isASCII(rest) {
		n.warn(0, codes.FindRecordNotASCII)
	}
	r := recordReader{notes: n, seen: map[string]bool{"v": true}}
	for more := true; more; {
		var field string
		field, rest, more = strings.Cut(rest, ";")
		r.pos++
		r.field(field, !more)
	}
	if !r.seen["id"] {
		r.notes.fail(r.pos+1, "", codes.RecordIDMissing, "there is no id")
	}
	r.record.Extensions = firstPairs(r.record.Extensions, maxTXTBytes)
	return r.record, r.notes
}

// A recordReader is the state of reading one record.
type recordReader struct {
	record Record
	notes  notes[codes.RecordReason]
	seen   map[string]bool // names of fields
	pos    int             // of the field being read; the version is 0
}

// field reads what is between two semicolons, or after the final one if it is the last.
func (r *recordReader) field(text string, last bool) {
	text = strings.TrimLeft(text, wsp)
	field := strings.TrimRight(text, wsp)
	if field == "" {
		if !last {
			r.notes.fail(r.pos, codes.FindRecordExtraDelimiter, codes.RecordFieldMalformed, "a field is empty")
		}
		return
	}
	name, value, pair := strings.Cut(field, "=")
	var reason codes.RecordReason
	var detail string
	switch {
	case !pair:
		reason, detail = codes.RecordFieldMalformed, quote(field)+" is not name=value"
	case name == "id" && !r.seen[name]:
		reason, detail = r.id(value)
	case strings.TrimRight(name, wsp) == "id" && !r.seen["id"]:
		r.seen["id"] = true
		reason, detail = codes.RecordIDInvalid, "white space between id and ="
	default:
		reason, detail = r.extension(name, value)
	}
	if last && field != text {
		r.notes.fail(r.pos, codes.FindRecordTrailingSpace, trailingReason(name, pair), "white space after "+quote(field))
	}
	if reason != "" {
		r.notes.fail(r.pos, "", reason, detail)
	}
}

// trailingReason is why white space after the last field breaks the grammar: it would belong to the value of
// the field.
func trailingReason(name string, pair bool) codes.RecordReason {
	switch {
	case !pair:
		return codes.RecordFieldMalformed
	case strings.TrimRight(name, wsp) == "id":
		return codes.RecordIDInvalid
	}
	return codes.RecordExtensionInvalid
}

// id reads the value of the first id field.
func (r *recordReader) id(value string) (codes.RecordReason, string) {
	r.seen["id"] = true
	switch {
	case value == "":
		return codes.RecordIDInvalid, "the id is empty"
	case strings.ContainsFunc(value, func(c rune) bool { return !isAlnum(c) }):
		return codes.RecordIDInvalid, "the id " + quote(value) + " is not of letters and digits"
	case len(value) > 32:
		return codes.RecordIDTooLong, fmt.Sprintf("the id has %d characters, more than 32", len(value))
	}
	r.record.ID = value
	return "", ""
}

// extension reads any field but the first id. Of a repeated field, the version and the id included, the first
// counts, and the others need only be well-formed.
func (r *recordReader) extension(name, value string) (codes.RecordReason, string) {
	if !isExtensionName(name) {
		return codes.RecordExtensionInvalid, quote(name) + " is not the name of a field"
	}
	if value == "" || strings.ContainsFunc(value, func(c rune) bool { return !isRecordValue(c) }) {
		return codes.RecordExtensionInvalid, quote(value) + " is not the value of a field"
	}
	if r.seen[name] {
		r.notes.warn(r.pos, codes.FindRecordDuplicateField)
		return "", ""
	}
	r.seen[name] = true
	r.notes.warn(r.pos, codes.FindRecordExtension)
	r.record.Extensions = append(r.record.Extensions, Pair{Name: name, Value: value})
	return "", ""
}

// isExtensionName is the grammar that record and policy share:
//
//	(ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")
func isExtensionName(s string) bool {
	if s == "" || len(s) > 32 || !isAlnum(rune(s[0])) {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return !isAlnum(c) && !strings.ContainsRune("_-.", c) })
}

// isRecordValue is sts-ext-value: %x21-3A / %x3C / %x3E-7E, which leaves out white space, controls, the
// semicolon and the equals sign.
func isRecordValue(c rune) bool {
	return c > ' ' && c < 0x7F && c != ';' && c != '='
}

func isAlnum(c rune) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > 0x7F })
}
