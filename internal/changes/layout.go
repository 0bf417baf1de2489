package changes

import (
	"strconv"
	"strings"
	"unicode"
)

// A layout makes lines of text, or of Markdown. What comes from lists and from strangers is escaped: no control
// character reaches a terminal, and no mark of Markdown means anything.
type layout struct{ markdown bool }

func (l layout) title(text string) string {
	if l.markdown {
		return "**" + l.plain(text) + "**\n"
	}
	return l.plain(text) + "\n"
}

func (l layout) paragraph(text string) string {
	if l.markdown {
		return "\n" + l.plain(text) + "\n"
	}
	return l.plain(text) + "\n"
}

// last is a paragraph after the groups.
func (l layout) last(text string) string { return "\n" + l.plain(text) + "\n" }

func (l layout) heading(text string) string {
	if l.markdown {
		return "\n### " + l.plain(text) + "\n\n"
	}
	return "\n" + l.plain(text) + "\n"
}

// item is a change: the domain, whose it is, what happened, and what was before and is now.
func (l layout) item(domain, whose, kind, states string) string {
	if l.markdown {
		return "- `" + domain + "`" + l.plain(whose) + ": **" + kind + "**, " + l.plain(states) + "\n"
	}
	return "  " + domain + l.plain(whose) + "  " + kind + ": " + l.plain(states) + "\n"
}

// below is a line that belongs to the item before it; none for no text.
func (l layout) below(text string) string {
	switch {
	case text == "":
		return ""
	case l.markdown:
		return "  - " + l.plain(text) + "\n"
	}
	return "      " + l.plain(text) + "\n"
}

func (l layout) more(text string) string {
	if l.markdown {
		return "- " + l.plain(text) + "\n"
	}
	return "  " + l.plain(text) + "\n"
}

// brief is a line with a label; none for no text.
func (l layout) brief(label, text string) string {
	if text == "" {
		return ""
	}
	return l.more(label + ": " + text)
}

// plain is text in which nothing is a command to who shows it.
func (l layout) plain(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case !unicode.IsPrint(r):
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
			continue
		case l.markdown && strings.ContainsRune("\\`*_[]<>#|~@&", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
