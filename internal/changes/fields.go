package changes

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// shownHash is how many digits of a hash are shown.
const shownHash = 12

// textBefore and textNow say what a policy said, and says, where the two differ: of lists how many, and what the other
// lacks. They name hashes where no field differs.
func (p *pair) textBefore() string {
	if text := fieldsUnlike(&p.old, &p.new, "removed"); text != "" {
		return text
	}
	return "text: SHA-256 " + p.old.sha256[:min(shownHash, len(p.old.sha256))]
}

func (p *pair) textNow() string {
	if text := fieldsUnlike(&p.new, &p.old, "added"); text != "" {
		return text
	}
	return "text only (white space, order): SHA-256 " + p.new.sha256[:min(shownHash, len(p.new.sha256))]
}

// fieldsUnlike are the fields of a policy that another has otherwise.
func fieldsUnlike(k, other *known, verb string) string {
	var fields []string
	if k.mode != other.mode && k.mode != "" && other.mode != "" {
		fields = append(fields, "mode: "+string(k.mode))
	}
	if k.maxAge != nil && other.maxAge != nil && *k.maxAge != *other.maxAge {
		fields = append(fields, "max_age: "+strconv.FormatInt(*k.maxAge, 10))
	}
	for _, list := range []struct {
		name          string
		words, others []string
	}{{"mx", k.patterns, other.patterns}, {"extensions", k.extensions, other.extensions}} {
		words := distinct(list.words)
		if slices.Equal(words, distinct(list.others)) {
			continue
		}
		field := fmt.Sprintf("%s: %d", list.name, len(words))
		if more := lacking(words, list.others); len(more) > 0 {
			field += ", " + verb + " " + firstOf(more)
		}
		fields = append(fields, field)
	}
	return strings.Join(fields, "; ")
}

// firstOf names the first five.
func firstOf(words []string) string {
	const shown = 5
	text := strings.Join(words[:min(shown, len(words))], " ")
	if len(words) > shown {
		text += fmt.Sprintf(" and %d more", len(words)-shown)
	}
	return text
}
