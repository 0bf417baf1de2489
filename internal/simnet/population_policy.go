package simnet

import (
	"slices"
	"strconv"
	"strings"

	"stsscan/internal/codes"
)

// A policyText is a policy in the making: what it means, and its lines. An edit of a story changes both.
type policyText struct {
	draw   draw
	domain string

	mode   codes.Mode
	maxAge int64 // seconds
	mx     []string

	mark        string   // before the first line
	lines       []string // without their ends
	lineEnd     string
	mixed       bool // the first line ends otherwise
	noFinalEnd  bool
	replacement []byte // the whole body, where it is no list of lines
}

// maxAges are the values of max_age and their weights: 79 policies in public repositories, 2026. The longest is
// the RFC's maximum.
func maxAges() ([]int64, wheel) {
	return []int64{604800, 86400, 86401, 1209600, 1296000, 2419200, 2592000, 600, 60480, 704800, 10368000, 31557600},
		newWheel(41, 30, 3, 12, 3, 2.5, 2.5, 1.25, 1.25, 1.3, 1.3, 1.4)
}

// modeWeights are the weights of enforce, testing and none: an observation of November 2024 and a survey of
// January 2026. Domains that list the wrong hosts and enforce lose mail, and are rarer.
func modeWeights() (matching, mismatching wheel) {
	return newWheel(52, 45, 3), newWheel(22, 75, 3)
}

// modeOf is the mode of a domain's policy tonight, and the night since which it is so: 0 for the base mode.
func (p *population) modeOf(f *fate, c coverage) (mode codes.Mode, since int) {
	weights := p.mismatchModes
	if c.matches() {
		weights = p.modes
	}
	mode = []codes.Mode{codes.ModeEnforce, codes.ModeTesting, codes.ModeNone}[weights.at(f.draw.unit(forMode))]
	if mode == codes.ModeNone && f.story.edit != nil {
		mode = codes.ModeTesting // an edit may need the fields that a mode without meaning leaves out
	}
	if since = enforcing(f.draw); mode == codes.ModeTesting && p.night >= since {
		return codes.ModeEnforce, since
	}
	return mode, 0
}

// policyOf writes the policy of a domain as it is served tonight. Shares of the spellings are those of 80
// policies in public repositories.
func (p *population) policyOf(f *fate) policyText {
	d := f.draw
	r := p.revisionOf(d)
	m := p.mailOf(f)
	cover := p.coverageOf(f, m)
	mode, _ := p.modeOf(f, cover)
	t := policyText{
		draw:       d,
		domain:     f.domain,
		mode:       mode,
		maxAge:     p.maxAges[p.maxAgeShares.at(d.sub(forMaxAge, r.text).unit(forMaxAge))],
		mx:         p.patternsOf(f, m, cover),
		lineEnd:    "\n",
		noFinalEnd: d.chance(forFinalLineEnd, 0.16),
	}
	if d.chance(forLineEnd, 0.09) {
		t.lineEnd = "\r\n"
	}
	if t.mode == codes.ModeNone && d.chance(forPatterns, 0.5) {
		t.mx = nil
	}
	if d.chance(forCase, 0.025) {
		for i := range t.mx {
			t.mx[i] = strings.ToUpper(t.mx[i])
		}
	}
	t.write()
	if d.chance(forSpace, 0.025) {
		i := d.sub(forSpace, 1).below(forSpace, len(t.lines))
		t.lines[i] += " "
	}
	if f.story.edit != nil {
		f.story.edit(&t)
	}
	return t
}

// write makes the lines from what the policy means, in one of the two usual orders.
func (t *policyText) write() {
	maxAge := "max_age: " + strconv.FormatInt(t.maxAge, 10)
	t.lines = append(t.lines[:0], "version: STSv1", "mode: "+string(t.mode))
	early := t.draw.chance(forFieldOrder, 0.2)
	if early {
		t.lines = append(t.lines, maxAge)
	}
	for _, mx := range t.mx {
		t.lines = append(t.lines, "mx: "+mx)
	}
	if !early {
		t.lines = append(t.lines, maxAge)
	}
}

// body is the text as octets.
func (t *policyText) body() []byte {
	if t.replacement != nil {
		return t.replacement
	}
	var b strings.Builder
	b.WriteString(t.mark)
	for i, line := range t.lines {
		b.WriteString(line)
		switch {
		case t.noFinalEnd && i == len(t.lines)-1:
		case t.mixed && i == 0 && t.lineEnd == "\n":
			b.WriteString("\r\n")
		case t.mixed && i == 0:
			b.WriteString("\n")
		default:
			b.WriteString(t.lineEnd)
		}
	}
	return []byte(b.String())
}

// field is the index of the first line of a field, or -1.
func (t *policyText) field(name string) int {
	return slices.IndexFunc(t.lines, func(line string) bool { return strings.HasPrefix(line, name+":") })
}

// set gives the first line of a field another value.
func (t *policyText) set(name, value string) {
	if i := t.field(name); i >= 0 {
		t.lines[i] = strings.TrimRight(name+": "+value, " ")
	}
}

// drop leaves out every line of a field.
func (t *policyText) drop(name string) {
	t.lines = slices.DeleteFunc(t.lines, func(line string) bool { return strings.HasPrefix(line, name+":") })
}

// rename gives another name to every line of a field.
func (t *policyText) rename(name, to string) {
	for i, line := range t.lines {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			t.lines[i] = to + ":" + value
		}
	}
}

// add puts a line anywhere but first, or at the end.
func (t *policyText) add(line string) {
	at := 1 + t.draw.below(forText, len(t.lines))
	t.lines = slices.Insert(t.lines, at, line)
}

// pick is one of the values, drawn for the domain.
func (t *policyText) pick(values ...string) string { return pick(t.draw, forVariant, values...) }
