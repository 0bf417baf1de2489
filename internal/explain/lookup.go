package explain

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/jsontext"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

// A Lookup is what was found about one domain.
type Lookup struct {
	Row       *output.Row
	Elsewhere []mtasts.Elsewhere // misplaced records, where there was a search
	UserAgent string             // of requests
	Now       time.Time          // for the id of a corrected record
}

// sentAgent is the User-Agent that the Policy Host was sent; "" if it was sent no request.
func (l Lookup) sentAgent() string {
	if stage := codes.Stage(l.Row.PolicyStage); l.Row.HTTPStatus != nil || stage == codes.StageHTTP {
		return l.UserAgent
	}
	return ""
}

// WriteJSON writes the row as one JSON object. The User-Agent, and what a search elsewhere found, are its last members.
func (l Lookup) WriteJSON(w io.Writer) error {
	var line bytes.Buffer
	if err := output.WriteJSON(&line, l.Row); err != nil {
		return err
	}
	more, err := json.Marshal(struct {
		UserAgent string             `json:"user_agent,omitempty"`
		Elsewhere []mtasts.Elsewhere `json:"elsewhere,omitempty"`
	}{l.sentAgent(), l.Elsewhere})
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	object := line.String()
	if string(more) != "{}" {
		object = strings.TrimSuffix(object, "}\n") + "," + string(jsontext.Escaped(more[1:])) + "\n"
	}
	if _, err := io.WriteString(w, object); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

// sections matches a reference to sections of an RFC at the end of a text.
var sections = regexp.MustCompile(` \([^()]*(section|RFC|erratum)[^()]*\)`)

// WriteShort writes one line: the domain, the verdict, why, and what to do, if anything.
func (l Lookup) WriteShort(w io.Writer) error {
	reason, _, _ := strings.Cut(why(l.Row), ";")
	line := fmt.Sprintf("%s %s: %s", l.Row.Domain, l.Row.Verdict, reason)
	if list := advice(l.Row, l.Elsewhere); len(list) > 0 {
		line += ". " + strings.TrimSuffix(list[0], ".")
	}
	_, err := fmt.Fprintln(w, printable(sections.ReplaceAllString(line, "")))
	return err
}

// why says in words what the verdict of a row rests on.
func why(row *output.Row) string {
	_, verdict := verdictMeaning(row)
	match := codes.MXMatch(row.MXMatch)
	switch {
	case row.Record == string(codes.RecordMultiple):
		return "more than one record counts as none"
	case row.Record != string(codes.RecordValid):
		return cmp.Or(recordMeaning(codes.RecordReason(row.RecordReason)), verdict)
	case row.Policy != string(codes.PolicyValid):
		return policyMeaning(codes.Stage(row.PolicyStage), codes.PolicyReason(row.PolicyReason))
	case match == codes.MatchSome || match == codes.MatchNone:
		return matchMeaning(match)
	}
	return verdict
}
