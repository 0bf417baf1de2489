package changes

import (
	"strconv"
	"strings"
	"unicode"

	"stsscan/internal/terminal"
)

// A layout makes lines of text, or of Markdown. What comes from lists and from strangers is escaped: no control
// character reaches a terminal, and no mark of Markdown means anything.
type layout struct {
	markdown bool
	columns  int // of the terminal, for text; 0: no line is broken
}

func (l layout) title(text string) string {
	if l.markdown {
		return "**" + l.plain(text) + "**\n"
	}
	return l.lines("", text)
}

func (l layout) paragraph(text string) string {
	if l.markdown {
		return "\n" + l.plain(text) + "\n"
	}
	return l.lines("", text)
}

// last is a paragraph after the groups.
func (l layout) last(text string) string { return "\n" + l.lines("", text) }

func (l layout) heading(text string) string {
	if l.markdown {
		return "\n### " + l.plain(text) + "\n\n"
	}
	return "\n" + l.lines("", text)
}

// item is a change: the domain, whose it is, what happened, and what was before and is now.
func (l layout) item(domain, whose, kind, states string) string {
	if l.markdown {
		return "- `" + domain + "`" + l.plain(whose) + ": **" + kind + "**, " + l.plain(states) + "\n"
	}
	return l.lines("  ", domain+whose+"  "+kind+": "+states)
}

// below is a line that belongs to the item before it; none for no text.
func (l layout) below(text string) string {
	switch {
	case text == "":
		return ""
	case l.markdown:
		return "  - " + l.plain(text) + "\n"
	}
	return l.lines("      ", text)
}

func (l layout) more(text string) string {
	if l.markdown {
		return "- " + l.plain(text) + "\n"
	}
	return l.lines("  ", text)
}

// brief is a line with a label; none for no text.
func (l layout) brief(label, text string) string {
	if text == "" {
		return ""
	}
	return l.more(label + ": " + text)
}

// command is a command of a shell, in one line however long it is: a line feed would be part of what is copied.
func (l layout) command(text string) string {
	switch {
	case !l.markdown:
		return "      " + l.plain(text) + "\n"
	case strings.Contains(text, "`") || layout{}.plain(text) != text:
		return "  - " + l.plain(text) + "\n"
	}
	return "  - `" + text + "`\n"
}

// lines breaks text at blanks to the columns of the terminal. Lines after the first have two columns more of indent.
func (l layout) lines(indent, text string) string {
	line := indent
	var lines strings.Builder
	for i, word := range strings.Split(l.plain(text), " ") {
		switch {
		case i == 0:
			line += word
		case word == "" || l.columns == 0 || terminal.Width(line+" "+word) <= l.columns:
			line += " " + word
		default:
			lines.WriteString(strings.TrimRight(line, " ") + "\n")
			line = indent + "  " + word
		}
	}
	return lines.String() + line + "\n"
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
