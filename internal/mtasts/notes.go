package mtasts

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"stsscan/internal/codes"
)

// A note is one thing that a reader noticed.
type note[R ~string] struct {
	pos     int           // where in the text: lines or fields, from 0
	finding codes.Finding // may be empty
	reason  R             // why the strict reading fails here; empty for a warning
	detail  string        // of a failure, for people
}

// notes are what one reading of a text noticed. R are the words for why a strict reading fails.
type notes[R ~string] []note[R]

// warn notes something odd that the letter of the RFC allows.
func (n *notes[R]) warn(pos int, f codes.Finding) {
	*n = append(*n, note[R]{pos: pos, finding: f})
}

// fail notes a failure of the strict reading. The lenient reading fails too, unless f is tolerated.
func (n *notes[R]) fail(pos int, f codes.Finding, reason R, detail string) {
	*n = append(*n, note[R]{pos: pos, finding: f, reason: reason, detail: detail})
}

// sort puts the notes into text order, and keeps the order of those about one place.
func (n notes[R]) sort() {
	slices.SortStableFunc(n, func(a, b note[R]) int { return cmp.Compare(a.pos, b.pos) })
}

// failed returns the first failure of the strict reading.
func (n notes[R]) failed() (first note[R], ok bool) {
	i := slices.IndexFunc(n, func(x note[R]) bool { return x.reason != "" })
	if i < 0 {
		return note[R]{}, false
	}
	return n[i], true
}

// lenient reports whether every failure is tolerated.
func (n notes[R]) lenient() bool {
	return !slices.ContainsFunc(n, func(x note[R]) bool { return x.reason != "" && !tolerated(x.finding) })
}

// findings lists each finding once, in the order of first appearance.
func (n notes[R]) findings() []codes.Finding {
	var fs []codes.Finding
	for _, x := range n {
		fs = addFinding(fs, x.finding)
	}
	return fs
}

// addFinding appends the findings that fs does not have yet.
func addFinding(fs []codes.Finding, more ...codes.Finding) []codes.Finding {
	for _, f := range more {
		if f != "" && !slices.Contains(fs, f) {
			fs = append(fs, f)
		}
	}
	return fs
}

// maxText bounds what is kept of a text that is meant to be short, in octets.
const maxText = 512

// clean makes valid UTF-8 of at most maxText octets from a text of others.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxText {
		return s
	}
	return strings.Clone(strings.ToValidUTF8(s[:maxText], "")) // the cut may have split a character
}

// quote quotes a text of others in an error: printable and short.
func quote(s string) string {
	const most = 80
	if len(s) > most {
		return strconv.QuoteToASCII(s[:most]) + "..."
	}
	return strconv.QuoteToASCII(s)
}
