package mtasts

import (
	"strings"

	"stsscan/internal/codes"
)

// otherText is why a TXT record is no MTA-STS record: it is something else, or its version is wrong or not
// where it belongs.
func otherText(txt string) codes.RecordReason {
	if likeRecord(txt) {
		return codes.RecordBadVersion
	}
	return codes.RecordOtherTXT
}

// likeRecord reports whether txt begins as MTA-STS records do, or was meant to be one.
func likeRecord(txt string) bool {
	const begin = "v=STSv"
	text := strings.TrimSpace(txt)
	return len(text) >= len(begin) && strings.EqualFold(text[:len(begin)], begin) || nearMiss(txt)
}

// maxMeant bounds how much of a text is looked at for what it was meant to be, in octets.
const maxMeant = 1024

// Meant is the record that a TXT record was meant to be, if it is a near miss with an id; ok is false for any
// other text. Extensions are left out.
func Meant(txt string) (r Record, ok bool) {
	rest, near := missed(txt)
	if !near {
		return Record{}, false
	}
	r.ID = idIn(rest)
	return r, r.ID != ""
}

// nearMiss reports whether a text was meant to be an MTA-STS record, and a slip keeps it from beginning with
// the version and a delimiter. A version other than the first is no slip.
func nearMiss(txt string) bool {
	_, near := missed(txt)
	return near && !isRecord(txt)
}

// missed undoes what happens to records on their way into a zone, and returns what is behind the version. ok is
// false where the text has no version that might be the right one.
func missed(txt string) (rest string, ok bool) {
	text := unwrapped(txt[:min(len(txt), maxMeant)])
	for _, text := range []string{text, lineData(text)} {
		if rest, ok := afterVersion(text); ok {
			return rest, true
		}
		if id, rest, _ := strings.Cut(text, ";"); idIn(id) != "" && strings.EqualFold(id[:2], "id") {
			if _, ok := afterVersion(strings.TrimSpace(rest)); ok { // the fields in another order
				return text, true
			}
		}
	}
	return "", false
}

// unwrapped is a text without wrappings.
func unwrapped(txt string) string { return strings.TrimSpace(wrappings.Replace(txt)) }

// wrappings are quotes and escapes that became part of a text, and invisible characters. They are removed;
// semicolons, colons and equals signs of other alphabets become those of ASCII. It is made once, because there
// may be very many texts.
var wrappings = strings.NewReplacer(
	`\059`, ";", `\034`, "", "&#59;", ";", "&semi;", ";", "&#34;", "", "&quot;", "", `\`, "",
	`"`, "", "'", "", "`", "", "\u201c", "", "\u201d", "", "\u201e", "", "\u201f", "", "\u2018", "", "\u2019", "", "\u201a", "",
	"\u00ab", "", "\u00bb", "", "\u2033", "", "\x93", "", "\x94", "", // the last two are quotes of Windows-1252
	"(", "", ")", "", "<", "", ">", "", "\ufeff", "", "\u200b", "", "\u00a0", " ", "\uff1b", ";", "\uff1d", "=", "\uff1a", ":",
)

// lineData is the data of a text that is a line of a master file (RFC 1035, section 5.1), or begins with the
// name of the record; any other text is returned unchanged.
func lineData(text string) string {
	rest := text
	for range 4 { // owner, TTL, class and type
		word, after := cutWord(rest)
		if strings.EqualFold(word, "TXT") {
			return after
		}
		if strings.ContainsAny(word, "=;") {
			break // a field of another text
		}
		rest = after
	}
	if owner, after := cutWord(text); strings.HasPrefix(lowerASCII(owner), "_mta-sts") {
		return after
	}
	return text
}

// cutWord returns the first word of a text, and what follows the white space after it.
func cutWord(text string) (word, after string) {
	end := strings.IndexAny(text, " \t\r\n")
	if end < 0 {
		return text, ""
	}
	return text[:end], strings.TrimSpace(text[end:])
}

// afterVersion returns what follows the version that text begins with, if that might be the right one.
func afterVersion(text string) (rest string, ok bool) {
	value, named := versionValue(text)
	end := strings.IndexFunc(value, func(c rune) bool { return !isAlnum(c) && !strings.ContainsRune("._-", c) })
	if end < 0 {
		end = len(value)
	}
	version, rest := lowerASCII(value[:end]), value[end:]
	switch {
	case !named:
		return rest, version == "stsv1"
	case version == "sts":
		return rest, idIn(rest) != ""
	}
	return rest, likeVersion(version)
}

// versionValue is what follows "v=", in whatever spelling. named is false, and value the text, where there is
// none.
func versionValue(text string) (value string, named bool) {
	for _, name := range []string{"version", "v"} {
		if len(text) < len(name) || !strings.EqualFold(text[:len(name)], name) {
			continue
		}
		if value := strings.TrimLeft(text[len(name):], wsp); value != "" && (value[0] == '=' || value[0] == ':') {
			return strings.TrimLeft(value[1:], wsp), true
		}
	}
	return text, false
}

// likeVersion reports whether a version in lower case is "stsv1" with one slip at most. With another number it
// is another version.
func likeVersion(version string) bool {
	version = strings.TrimPrefix(strings.TrimPrefix(version, "mta"), "-")
	if strings.ContainsAny(version, "023456789") || strings.Count(version, "1") > 1 {
		return false
	}
	return edits(version, "stsv1") <= 1
}

// idIn is the first id by the grammar in a text; "": there is none.
func idIn(text string) string {
	for i := 0; i+2 < len(text); i++ {
		if !strings.EqualFold(text[i:i+2], "id") || i > 0 && isAlnum(rune(text[i-1])) {
			continue
		}
		value := strings.TrimLeft(text[i+2:], wsp)
		if value == "" || value[0] != '=' && value[0] != ':' {
			continue
		}
		value = strings.TrimLeft(value[1:], wsp)
		end := strings.IndexFunc(value, func(c rune) bool { return !isAlnum(c) })
		if end < 0 {
			end = len(value)
		}
		if whole := end == len(value) || strings.IndexByte(";,| \t\r\n", value[end]) >= 0; whole && 0 < end && end <= 32 {
			return value[:end]
		}
	}
	return ""
}
