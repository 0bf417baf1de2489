package domains

import (
	"path/filepath"

	"stsscan/internal/durable"
)

// RejectsFile is the file in the run directory that lists the rejected entries, excluded ones too, as JSON lines.
const RejectsFile = "rejects.jsonl"

// A RejectLine is one line of [RejectsFile].
type RejectLine struct {
	File   string `json:"file"`   // the list, as the user named it
	Line   int64  `json:"line"`   // 1-based
	Rank   int64  `json:"rank"`   // 1-based position among the entries of all lists
	Reason Reason `json:"reason"` // ReasonExcluded where the domain opted out
	Text   string `json:"text"`   // the entry by [Printable], from its last at sign on; "": its line was too long
}

// rejects writes the file of rejected entries.
type rejects struct{ *jsonLines }

func createRejects(disk durable.Disk, dir string) (*rejects, error) {
	lines, err := createJSONLines(disk, filepath.Join(dir, RejectsFile))
	if err != nil {
		return nil, err
	}
	return &rejects{lines}, nil
}

func (r *rejects) write(list string, e *Entry, rank int64, reason Reason) error {
	line := RejectLine{File: Printable([]byte(list)), Line: e.Line, Rank: rank, Reason: reason}
	if reason != ReasonLineTooLong { // an at sign may be beyond what was read
		line.Text = shown(e.Text)
	}
	return r.json.Encode(line)
}
