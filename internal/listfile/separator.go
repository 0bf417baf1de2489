package listfile

import (
	"bytes"
	"cmp"
	"slices"
)

// AllSeparators are what may separate the fields of a CSV record, the most usual first.
const AllSeparators = ",;\t|"

// sampledRecords is how many records are looked at to tell the separator.
const sampledRecords = 20

// Separators are those of AllSeparators that the first record of text has, the likeliest first: the one that most of
// the next records have as often as the first, and of these the one that it has most often. Blank lines, lines that
// begin with #, and what is in quotes do not count. Text is the beginning of a list.
func Separators(text []byte) []byte {
	var first, alike [len(AllSeparators)]int
	for records := 0; len(text) > 0 && records < sampledRecords; {
		count, size := countSeparators(text)
		record := bytes.TrimSpace(text[:size])
		text = text[size:]
		if len(record) == 0 || record[0] == '#' {
			continue
		}
		if records == 0 {
			first = count
		}
		for i := range count {
			if count[i] == first[i] {
				alike[i]++
			}
		}
		records++
	}
	found := []byte(AllSeparators)
	index := func(separator byte) int { return bytes.IndexByte([]byte(AllSeparators), separator) }
	found = slices.DeleteFunc(found, func(separator byte) bool { return first[index(separator)] == 0 })
	slices.SortStableFunc(found, func(a, b byte) int {
		i, j := index(a), index(b)
		return cmp.Or(cmp.Compare(alike[j], alike[i]), cmp.Compare(first[j], first[i]))
	})
	return found
}

// countSeparators counts each of AllSeparators in the first record of text, which may have several lines. size is that
// of the record with its line end. A record whose quotes do not match is one line, whose quotes do not matter.
func countSeparators(text []byte) (count [len(AllSeparators)]int, size int) {
	count, size, ok := countUnquoted(text[:min(len(text), MaxLine+1)])
	if ok && size <= MaxLine {
		return count, size
	}
	if size = LineEnd(text); size < 0 {
		size = len(text)
	} else {
		size += endLength(text[size:])
	}
	for i := range count {
		count[i] = bytes.Count(text[:size], []byte{AllSeparators[i]})
	}
	return count, size
}

// countUnquoted is not ok if text ends within quotes.
func countUnquoted(text []byte) (count [len(AllSeparators)]int, size int, ok bool) {
	quoted, opens := false, true // a quote opens quotes at the beginning of a field, and behind one that closed them
	for i, c := range text {
		switch separator := bytes.IndexByte([]byte(AllSeparators), c); {
		case c == '"' && (quoted || opens):
			quoted, opens = !quoted, true
		case quoted:
		case c == '\n' || c == '\r':
			return count, i + endLength(text[i:]), true
		case separator >= 0:
			count[separator]++
			opens = true
		case c != ' ':
			opens = false
		}
	}
	return count, len(text), !quoted
}

// DeclaredSeparator is the one that the first line of a list declares to Excel, as in "sep=;".
func DeclaredSeparator(line []byte) (separator byte, ok bool) {
	const key = "sep="
	line = bytes.TrimPrefix(line, []byte(`"`))
	if len(line) <= len(key) || !bytes.EqualFold(line[:len(key)], []byte(key)) {
		return 0, false
	}
	separator, rest := line[len(key)], bytes.Trim(line[len(key)+1:], "\" ")
	return separator, len(rest) == 0 && bytes.IndexByte([]byte(AllSeparators), separator) >= 0
}
