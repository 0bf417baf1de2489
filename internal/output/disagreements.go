package output

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/jsontext"
)

// CrossCheckName is the name of the file of disagreements of a shard; nil is a run without shards.
func CrossCheckName(s *Shard) string {
	if s == nil {
		return "crosscheck.jsonl"
	}
	return fmt.Sprintf("crosscheck-%d-of-%d.jsonl", s.Index, s.Of)
}

// A Disagreement is a line of that file: a row, and what the resolvers of the cross-check say.
type Disagreement struct {
	Domain string          `json:"domain"`
	Rank   int64           `json:"rank"`
	Kind   CrossDifference `json:"kind"`

	Record     codes.Record `json:"record"` // as in the row, like the others
	TXT        []RawText    `json:"txt"`
	Resolver   string       `json:"resolver"`
	ObservedAt time.Time    `json:"observed_at"`

	CrossRecord   codes.Record       `json:"cross_record"`
	CrossReason   codes.RecordReason `json:"cross_reason"`
	CrossTXT      []RawText          `json:"cross_txt"`
	CrossTXTCount int                `json:"cross_txt_count"` // TXT records in the answer, kept or not
	CrossResolver string             `json:"cross_resolver"`
	CrossAt       time.Time          `json:"cross_at"`
}

// RawText is text from strangers. In JSON it is as a [JSONWriter] writes it.
type RawText []byte

// MarshalJSON makes a string, or {"base64": "..."} where it is not valid UTF-8.
func (t RawText) MarshalJSON() ([]byte, error) { return jsontext.AppendBytes(nil, t), nil }

// UnmarshalJSON reads what MarshalJSON makes.
func (t *RawText) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err == nil {
		*t = RawText(text)
		return nil
	}
	var raw struct{ Base64 string }
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	var err error
	*t, err = base64.StdEncoding.DecodeString(raw.Base64)
	return err
}

// WriteDisagreements writes the file of disagreements, by rank, whole or not at all, and its name and hash to c.
func (d *Dataset) WriteDisagreements(c *CrossCheck, shard *Shard, list []Disagreement) error {
	slices.SortFunc(list, func(a, b Disagreement) int { return cmp.Compare(a.Rank, b.Rank) })
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	for i := range list {
		if err := lines.Encode(&list[i]); err != nil {
			return fmt.Errorf("%s: %w", CrossCheckName(shard), err)
		}
	}
	sum := sha256.Sum256(text.Bytes())
	c.File, c.Listed, c.SHA256 = CrossCheckName(shard), int64(len(list)), hex.EncodeToString(sum[:])
	return d.Disk.WriteFile(filepath.Join(d.dir, c.File), text.Bytes())
}

// CheckDisagreements is an error where the file of disagreements is not the one that c names.
func (d *Dataset) CheckDisagreements(c *CrossCheck) error {
	path := filepath.Join(d.dir, c.File)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != c.SHA256 {
		return fmt.Errorf("%s: it is not the file that the manifest names", path)
	}
	return nil
}

// ReadDisagreements reads the text of a file of disagreements.
func ReadDisagreements(text []byte) ([]Disagreement, error) {
	var list []Disagreement
	n := 0
	for line := range bytes.Lines(text) {
		n++
		var one Disagreement
		if err := json.Unmarshal(line, &one); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		list = append(list, one)
	}
	return list, nil
}
