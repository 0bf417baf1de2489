package changes

import (
	"regexp"
	"strings"

	"stsscan/internal/codes"
)

// listCommand is the command of a shell that lists the broken domains of a group in the new run.
func (d *Diff) listCommand(g *Group) string {
	verdicts := string(codes.VerdictEnforceRefused) + "," + string(codes.VerdictBroken)
	words := []string{"stsscan", "list", shellWord(d.New.Dir), "--verdict", verdicts}
	if d.Tag != "" && g != &d.Total {
		words = append(words, "--tag", shellWord(d.Tag+"="+g.Value))
	}
	return strings.Join(words, " ")
}

// plainWord matches what a shell takes as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// shellWord quotes a text so that a shell takes it for one word.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
