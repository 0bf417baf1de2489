package domains

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
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

// rejects writes the file of rejected entries. It appears when it is whole.
type rejects struct {
	file *durable.File
	sum  hash.Hash
	buf  *bufio.Writer
	json *json.Encoder
}

func createRejects(disk durable.Disk, dir string) (*rejects, error) {
	f, err := disk.Create(filepath.Join(dir, RejectsFile))
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	buf := bufio.NewWriterSize(io.MultiWriter(f, sum), 64<<10)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	return &rejects{file: f, sum: sum, buf: buf, json: enc}, nil
}

func (r *rejects) write(list string, e *Entry, rank int64, reason Reason) error {
	line := RejectLine{File: Printable([]byte(list)), Line: e.Line, Rank: rank, Reason: reason}
	if reason != ReasonLineTooLong { // an at sign may be beyond what was read
		line.Text = shown(e.Text)
	}
	return r.json.Encode(line)
}

// commit completes the file and returns its SHA-256, in hexadecimal.
func (r *rejects) commit() (sum string, err error) {
	if err := r.buf.Flush(); err != nil {
		return "", err
	}
	return hex.EncodeToString(r.sum.Sum(nil)), r.file.Commit(nil)
}
