package mtasts

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stsscan/internal/codes"
)

// TestConformance reads the folder of JSON lines that STSSCAN_CONFORMANCE names: records.jsonl, policies.jsonl,
// mxmatch.jsonl and senders.jsonl. Every row must hold; of undisputed records, neither reading may accept what
// the row calls an error. About policies the lenient reading says what most senders do.
func TestConformance(t *testing.T) {
	dir := os.Getenv("STSSCAN_CONFORMANCE")
	if dir == "" {
		t.Skip("STSSCAN_CONFORMANCE names no folder")
	}
	t.Run("records", func(t *testing.T) { eachRow(t, filepath.Join(dir, "records.jsonl"), checkRecordRow) })
	t.Run("policies", func(t *testing.T) { eachRow(t, filepath.Join(dir, "policies.jsonl"), checkPolicyRow) })
	t.Run("senders", func(t *testing.T) {
		eachRow(t, filepath.Join(dir, "senders.jsonl"), checkSendersRow(countedLines(t)))
	})
	t.Run("mxmatch", func(t *testing.T) { eachRow(t, filepath.Join(dir, "mxmatch.jsonl"), checkMatchRow) })
}

func eachRow[T any](t *testing.T, path string, check func(*testing.T, T)) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var row T
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		rows++
		check(t, row)
	}
	if err := lines.Err(); err != nil || rows == 0 {
		t.Fatalf("%s: %d rows, %v", path, rows, err)
	}
	t.Logf("%d rows", rows)
}

type recordRow struct {
	Name         string
	Input        []string
	InputStrings json.RawMessage `json:"input_strings"`
	Expected     string
	ID           string
	Disputed     bool
	Note         string
}

// texts joins the character-strings where the row has them, as one list for a single record or as a list of
// lists.
func (row recordRow) texts(t *testing.T) []string {
	if len(row.InputStrings) == 0 || string(row.InputStrings) == "null" {
		return row.Input
	}
	var one []string
	if json.Unmarshal(row.InputStrings, &one) == nil {
		return []string{string(slices.Concat(bytesOf(one)...))}
	}
	var many [][]string
	if err := json.Unmarshal(row.InputStrings, &many); err != nil {
		t.Fatalf("%s: input_strings: %v", row.Name, err)
	}
	var txts []string
	for _, strings := range many {
		txts = append(txts, string(slices.Concat(bytesOf(strings)...)))
	}
	return txts
}

func bytesOf(strings []string) [][]byte {
	var bs [][]byte
	for _, s := range strings {
		bs = append(bs, []byte(s))
	}
	return bs
}

func checkRecordRow(t *testing.T, row recordRow) {
	txts := row.texts(t)
	want, known := map[string]codes.Sentinel{
		"ok": "", "not-sts": codes.ErrNoRecord, "syntax-error": codes.ErrRecordSyntax, "multiple": codes.ErrMultipleRecords,
	}[row.Expected]
	if !known {
		t.Fatalf("%s: expected %q", row.Name, row.Expected)
	}
	got := ReadRecords(txts)
	if Sentinel(got.Err) != want || row.Expected == "ok" && got.Record.ID != row.ID {
		t.Errorf("%s %q (%s): %q, id %q, want %s, id %q", row.Name, txts, row.Note, got.Err, got.Record.ID, row.Expected,
			row.ID)
	}
	if !row.Disputed && got.Lenient != (row.Expected == "ok") {
		t.Errorf("%s %q (%s): lenient is %v, want %s", row.Name, txts, row.Note, got.Lenient, row.Expected)
	}
	if len(txts) == 1 {
		if _, err := ParseRecord(txts[0]); Sentinel(err) != want {
			t.Errorf("%s: ParseRecord(%q): %v, want %s", row.Name, txts[0], err, row.Expected)
		}
	}
}

type policyRow struct {
	Name     string
	Body     *string
	BodyB64  []byte `json:"body_b64"`
	Expected string
	Parsed   struct {
		Mode   codes.Mode
		MaxAge int64 `json:"max_age"`
		MX     []MXPattern
	}
	Disputed bool
	Note     string
}

func (row policyRow) body() []byte {
	if row.Body != nil {
		return []byte(*row.Body)
	}
	return row.BodyB64
}

func checkPolicyRow(t *testing.T, row policyRow) {
	body := row.body()
	got := ReadPolicy(body)
	want, known := map[string]codes.Sentinel{"ok": "", "syntax-error": codes.ErrPolicySyntax}[row.Expected]
	if !known {
		t.Fatalf("%s: expected %q", row.Name, row.Expected)
	}
	if Sentinel(got.Err) != want {
		t.Errorf("%s %q (%s): %v, want %s", row.Name, body, row.Note, got.Err, row.Expected)
	}
	if row.Expected == "ok" && !got.Lenient {
		t.Errorf("%s %q (%s): not even lenient", row.Name, body, row.Note)
	}
	p, err := ParsePolicy(body)
	if Sentinel(err) != want {
		t.Errorf("%s: ParsePolicy: %v, want %s", row.Name, err, row.Expected)
	}
	if row.Expected == "ok" && (p.Mode != row.Parsed.Mode || p.MaxAge != row.Parsed.MaxAge ||
		!slices.Equal(p.MX, row.Parsed.MX)) {
		t.Errorf("%s %q (%s): %+v, want %+v", row.Name, body, row.Note, p, row.Parsed)
	}
}

type sendersRow struct {
	policyRow
	AcceptedBy []string `json:"accepted_by"`
}

// checkSendersRow holds a row against both readings, and against the line of the same body among those of
// testdata/senders.txt.
func checkSendersRow(lines []countedLine) func(*testing.T, sendersRow) {
	return func(t *testing.T, row sendersRow) {
		body := row.body()
		got := ReadPolicy(body)
		strict, lenient := row.Expected == "ok", len(row.AcceptedBy) > countedSenders/2
		if got.Strict != strict || got.Lenient != (strict || lenient) {
			t.Errorf("%q (%s): strict %v, lenient %v; accepted by %q", body, row.Note, got.Strict, got.Lenient, row.AcceptedBy)
		}
		same := func(l countedLine) bool { return l.response == "" && l.body == string(body) }
		i := slices.IndexFunc(lines, same)
		if i < 0 || lines[i].names() != strings.Join(row.AcceptedBy, " ") {
			t.Errorf("%q (%s): accepted by %q; testdata has another line, or none", body, row.Note, row.AcceptedBy)
		}
	}
}

type matchRow struct {
	Patterns []MXPattern
	Host     string
	Expected bool
	Note     string
}

func checkMatchRow(t *testing.T, row matchRow) {
	if got := (Policy{MX: row.Patterns}).Match(row.Host); got != row.Expected {
		t.Errorf("%q %q (%s): %v", row.Patterns, row.Host, row.Note, got)
	}
}
