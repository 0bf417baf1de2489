package simnet

import (
	"slices"
	"strings"
	"unicode/utf16"
)

// The edits of the stories: what is unusual about a policy, or wrong with it. Each is applied to a good policy
// and does one thing, to the text and to what can be understood of it.

// Edits that the letter of the RFC allows.

func editExtension(t *policyText) {
	t.add(t.pick("note: two words", "contact: https://mail.example.net/?a=b", "x-Serial.no_1: 7", "mxs: 3", "remark: caf\u00e9"))
}

func editDuplicateField(t *policyText) {
	t.lines = append(t.lines, t.pick("mode: none", "mode: report", "max_age: 1", "max_age: soon", "version: STSv2"))
}

func editDuplicateMX(t *policyText) {
	t.mx = append(t.mx, t.mx[0])
	t.write()
}

func editFieldCaseBeside(t *policyText) {
	t.lines = append(t.lines, t.pick("Mode: none", "MAX_AGE: 1", "MX: mail.example.net"))
}

func editUpperCaseMX(t *policyText) {
	for i := range t.mx {
		t.mx[i] = strings.ToUpper(t.mx[i])
	}
	t.write()
}

func editAddressMX(t *policyText) {
	t.mx = append(t.mx, "192.0.2.25")
	t.write()
}

func editSingleLabelMX(t *policyText) {
	t.mx = append(t.mx, "mail")
	t.write()
}

// notALabel is a name with a label that is no A-label (RFC 5890).
const notALabel = "mx.xn--a.example"

func editNotALabelMX(t *policyText) {
	t.mx = append(t.mx, notALabel)
	t.write()
}

func editTrailingSpace(t *policyText) {
	for i := range t.lines {
		t.lines[i] += t.pick(" ", "\t", "  \t ")
	}
}

func editCRLF(t *policyText)           { t.lineEnd = "\r\n" }
func editMixedLineEnds(t *policyText)  { t.mixed = true }
func editNoFinalLineEnd(t *policyText) { t.noFinalEnd = true }

func editVersionLast(t *policyText) {
	t.lines = append(t.lines[1:], t.lines[0])
}

func editMaxAgeZero(t *policyText)  { t.maxAge = 0; t.write() }
func editMaxAgeShort(t *policyText) { t.maxAge = 1 + int64(t.draw.below(forVariant, 86399)); t.write() }

// Edits that the letter forbids. Some of them most senders tolerate: docs/lenient.md.

func editByteOrderMark(t *policyText) { t.mark = "\uFEFF" }

func editBlankLine(t *policyText) {
	at := t.draw.below(forText, len(t.lines)+1)
	t.lines = slices.Insert(t.lines, at, t.pick("", "", "  "))
	t.noFinalEnd = false // the last line may be the blank one
}

func editCarriageReturn(t *policyText) { t.lineEnd = t.pick("\r\r\n", "\n\r") }

func editLeadingSpace(t *policyText) {
	at := t.draw.below(forText, len(t.lines))
	t.lines[at] = t.pick(" ", "    ", "\t") + t.lines[at]
}

func editFieldCase(t *policyText) {
	switch t.draw.below(forVariant, 3) {
	case 0:
		t.rename("mode", "Mode")
	case 1:
		t.rename("mode", "MODE")
	case 2:
		t.rename("mode", "modE")
	}
}

func editMaxAgeCase(t *policyText)  { t.rename("max_age", t.pick("Max_Age", "MAX_AGE")) }
func editVersionCase(t *policyText) { t.rename("version", t.pick("Version", "VERSION")) }
func editMXCase(t *policyText)      { t.rename("mx", t.pick("MX", "Mx")) }

func editModeCase(t *policyText) {
	mode := string(t.mode)
	t.set("mode", t.pick(strings.ToUpper(mode), strings.ToUpper(mode[:1])+mode[1:]))
}

func editMaxAgeOver(t *policyText) {
	t.set("max_age", t.pick("31557601", "31622400", "63072000", "99999999"))
	t.maxAge = 31557600
}

func editMXTrailingDot(t *policyText) {
	for i := range t.mx {
		t.mx[i] += "."
	}
	t.write()
}

func editMXUnderscore(t *policyText) {
	t.mx = append(t.mx, "mx_1."+t.domain)
	t.write()
}

// More edits that the letter forbids.

// forget makes a text that cannot be understood.
func (t *policyText) forget() { t.mode, t.maxAge, t.mx = "", -1, nil }

func editEmpty(t *policyText) {
	t.forget()
	t.replacement = []byte(t.pick("", "", "", "\n", "   "))
}

func editHTML(t *policyText) {
	t.forget()
	t.replacement = []byte("<!DOCTYPE html>\n<html><head><title>" + t.domain + "</title></head>\n<body><h1>" +
		t.pick("It works!", "Welcome", "This domain is parked") + "</h1></body></html>\n")
}

func editExtensionNotText(t *policyText) { t.add("note: caf\xe9") }

func editNotText(t *policyText) {
	t.forget()
	t.replacement = []byte{0xFF, 0xFE}
	for _, unit := range utf16.Encode([]rune(strings.Join(t.lines, "\r\n"))) {
		t.replacement = append(t.replacement, byte(unit), byte(unit>>8))
	}
}

func editLineMalformed(t *policyText) {
	t.add(t.pick("# managed by the mail team", "mode enforce", "note = x", "v=STSv1; id=1"))
}

func editRecordAsPolicy(t *policyText) {
	t.forget()
	t.replacement = []byte("v=STSv1; id=20240101\n")
}

func editVersionMissing(t *policyText) { t.drop("version") }
func editVersionInvalid(t *policyText) {
	t.set("version", t.pick("STSv2", "STSv1.0", "STS1", "stsv1", "TLSRPTv1"))
}

func editModeMissing(t *policyText) {
	t.mode = ""
	t.drop("mode")
}

func editModeInvalid(t *policyText) {
	t.mode = ""
	t.set("mode", t.pick("report", "[testing]", "enforced", "enforce,testing", ""))
}

func editMaxAgeMissing(t *policyText) {
	t.maxAge = -1
	if t.draw.chance(forText, 0.5) {
		t.rename("max_age", "max-age")
		return
	}
	t.drop("max_age")
}

func editMaxAgeInvalid(t *policyText) {
	t.maxAge = -1
	t.set("max_age", t.pick("604 800", "6e5", "604800s", "one week", "-1", "604800;", ""))
}

func editMXMissing(t *policyText) {
	t.mx = nil
	t.drop("mx")
}

func editExtensionInvalid(t *policyText) {
	t.add(t.pick("_note: x", "note:", strings.Repeat("x", 33)+": x", "-n: 1"))
}

// The ways in which an mx is no pattern: the first one of the policy, so that others may be good.

func (t *policyText) setMX(value string) {
	t.set("mx", value)
	t.mx[0] = value
}

func editMXEmail(t *policyText) { t.setMX("postmaster@" + t.domain) }
func editMXURL(t *policyText)   { t.setMX("https://" + t.domain + "/") }
func editMXEmpty(t *policyText) {
	t.set("mx", "")
	t.mx = t.mx[1:]
}
func editMXLiteral(t *policyText) {
	t.setMX(t.pick("[192.0.2.25]", "2001:db8::25"))
}

func editMXSeveral(t *policyText) {
	t.setMX("mail." + t.domain + t.pick(" ", ", ", ",") + "mail2." + t.domain)
}

func editMXUnicode(t *policyText) { t.setMX("m\u00e4il." + t.domain) }
func editMXWildcard(t *policyText) {
	t.setMX(t.pick("mail.*."+t.domain, "mail*."+t.domain, "*", "*.*."+t.domain))
}

func editMXSyntax(t *policyText) {
	t.setMX(t.pick("mail.."+t.domain, "-mail."+t.domain, "<mail."+t.domain+">", "mail."+t.domain+";"))
}
