package changes

import (
	"fmt"
	"io"
	"iter"
	"strings"
)

// WriteText writes the diff for a terminal of so many columns, without colour; 0: lines are as long as they are.
func (d *Diff) WriteText(w io.Writer, columns int) error { return d.write(w, layout{columns: columns}) }

// WriteMarkdown writes the diff for mail and chat.
func (d *Diff) WriteMarkdown(w io.Writer) error { return d.write(w, layout{markdown: true}) }

// Most domains at the top of a group, and names in a line: the rest is counted, and the JSON has it.
const (
	mostDomains = 50
	mostNames   = 5
)

func (d *Diff) write(w io.Writer, l layout) error {
	var text strings.Builder
	text.WriteString(l.title(fmt.Sprintf("%s (%s) to %s (%s), times in UTC",
		d.Old.Dir, timeText(d.Old.Started), d.New.Dir, timeText(d.New.Started))))
	for _, note := range d.Notes {
		text.WriteString(l.paragraph("Note: " + note + "."))
	}
	if d.Changed == 0 && len(d.Total.Unclear) == 0 {
		d.writeQuiet(&text, l)
	} else {
		for i := range d.Groups {
			d.writeGroup(&text, l, &d.Groups[i])
		}
	}
	if d.Arrived+d.Left > 0 {
		left := fmt.Sprintf("%d that %s gone from them", d.Left, isOrAre(d.Left))
		if d.Missing > 0 {
			left = fmt.Sprintf("%d that %s no row yet, or %s gone from them", d.Left, hasOrHave(d.Left), isOrAre(d.Left))
		}
		text.WriteString(l.last(fmt.Sprintf("Not compared: %s with a record that %s new in the lists, %s.",
			counted(d.Arrived, "domain"), isOrAre(d.Arrived), left)))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// writeQuiet says that nothing changed, and what is broken all the same.
func (d *Diff) writeQuiet(text *strings.Builder, l layout) {
	line := "Nothing changed since " + timeText(d.Old.Started)
	if d.Missing > 0 {
		line += ", as far as there are rows"
	}
	if n := d.Total.Broken; n > 0 {
		line += fmt.Sprintf("; %s %s broken, as before", counted(n, "domain"), isOrAre(n))
	}
	text.WriteString(l.paragraph(line + "."))
	for i := range d.Groups {
		if g := &d.Groups[i]; d.Tag != "" {
			text.WriteString(l.more(fmt.Sprintf("%s: %d broken, %d new", d.name(g), g.Broken, g.New)))
		}
	}
	if d.Total.Broken > 0 {
		text.WriteString(l.command(d.listCommand(&d.Total)))
	}
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func hasOrHave(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

// writeGroup writes the heading, what is newly broken and other regressions with what to do, then in brief what else
// changed and what stays broken.
func (d *Diff) writeGroup(text *strings.Builder, l layout, g *Group) {
	text.WriteString(l.heading(d.headline(g)))
	shown := 0
	for changes := range g.urgent() {
		if shown++; shown <= mostDomains {
			d.writeDomain(text, l, changes)
		}
	}
	if shown > mostDomains {
		text.WriteString(l.more(fmt.Sprintf("%d more: --format json has them all", shown-mostDomains)))
	}
	text.WriteString(l.brief("Better", g.inBrief(func(c *Change) bool { return c.Gain && !c.urgent() })))
	text.WriteString(l.brief("Other changes", g.inBrief(func(c *Change) bool { return !c.Gain && !c.urgent() })))
	text.WriteString(l.brief("Still broken", g.Stays.inBrief()))
	text.WriteString(l.brief("Broken, and not known or not listed before", g.Unclear.inBrief()))
	if g.Broken > g.New {
		text.WriteString(l.command(d.listCommand(g)))
	}
}

// urgent yields the changes of each domain that stands at the top.
func (g *Group) urgent() iter.Seq[[]Change] {
	return func(yield func([]Change) bool) {
		for rest := g.Changes; len(rest) > 0 && rest[0].urgent(); {
			n := 1
			for n < len(rest) && rest[n].urgent() && rest[n].Domain == rest[0].Domain {
				n++
			}
			if !yield(rest[:n]) {
				return
			}
			rest = rest[n:]
		}
	}
}

// writeDomain writes the regressions of a domain, or else its first change, what is wrong, and what to do; then which
// other changes it has.
func (d *Diff) writeDomain(text *strings.Builder, l layout, changes []Change) {
	var last Change
	var also []string
	for i, c := range changes {
		if i > 0 && !c.Regression {
			also = append(also, c.Kind)
			continue
		}
		whose := ""
		if i == 0 {
			whose = d.otherTags(c.Tags)
		}
		text.WriteString(l.item(c.Domain, whose, c.Kind, orNothing(c.Before)+" → "+orNothing(c.After)))
		if i == 0 && c.NewBroken {
			text.WriteString(l.below("Broken: " + c.Reason + "."))
		}
		if c.Remedy != last.Remedy {
			text.WriteString(l.below(firstSentence(c.Remedy)))
		}
		if c.Cached != last.Cached {
			text.WriteString(l.below(c.Cached))
		}
		last = c
	}
	if also != nil {
		text.WriteString(l.below("Also: " + strings.Join(also, ", ") + "."))
	}
}

// otherTags are those of a domain but for the one that the groups are by: " (owner: Jane Doe)", or nothing.
func (d *Diff) otherTags(tags map[string]string) string {
	var texts []string
	for _, name := range d.New.Tags {
		if value := tags[name]; value != "" && name != d.Tag && d.Tag != "" {
			texts = append(texts, name+": "+value)
		}
	}
	if texts == nil {
		return ""
	}
	return " (" + strings.Join(texts, ", ") + ")"
}

// headline is as "team retail: 4 broken, 1 new since 2026-11-29 02:10".
func (d *Diff) headline(g *Group) string {
	line := fmt.Sprintf("%s: %d broken, %d new since %s", d.name(g), g.Broken, g.New, timeText(d.Old.Started))
	if n := g.Regressions(); n > 0 {
		line += fmt.Sprintf("; %s", counted(n, "regression"))
	}
	return line
}

// name is that of the group: the tag and its value.
func (d *Diff) name(g *Group) string {
	switch {
	case d.Tag == "":
		return "All domains"
	case g.Value == "":
		return "No " + d.Tag
	}
	return d.Tag + " " + g.Value
}

// inBrief counts the changes that are wanted, by kind, and names the first domains of each.
func (g *Group) inBrief(wanted func(*Change) bool) string {
	var parts []string
	for _, kind := range Kinds() {
		var names []string
		n := 0
		for i := range g.Changes {
			c := &g.Changes[i]
			if c.Kind != kind.Word || !wanted(c) {
				continue
			}
			if n++; n <= mostNames {
				names = append(names, c.Domain)
			}
		}
		if n > mostNames {
			names = append(names, fmt.Sprintf("%d more", n-mostNames))
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d (%s)", kind.Word, n, strings.Join(names, ", ")))
		}
	}
	return strings.Join(parts, "; ")
}

// inBrief counts the domains, and names the first reasons; empty: there are none.
func (r Reasons) inBrief() string {
	rest := 0
	var parts []string
	for i, why := range r.sorted() {
		if i >= mostNames {
			rest += r[why]
			continue
		}
		parts = append(parts, fmt.Sprintf("%s %d", why, r[why]))
	}
	if parts == nil {
		return ""
	}
	if rest > 0 {
		parts = append(parts, fmt.Sprintf("other reasons %d", rest))
	}
	return fmt.Sprintf("%d (%s)", r.total(), strings.Join(parts, ", "))
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// counted is a number with its noun.
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// firstSentence is the first one of a text.
func firstSentence(text string) string {
	if first, _, ok := strings.Cut(text, ". "); ok {
		return first + "."
	}
	return text
}
