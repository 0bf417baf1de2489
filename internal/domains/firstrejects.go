package domains

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
)

// mostExamined bounds how many lines FirstRejects reads: a long list may have millions.
const mostExamined = 100_000

// FirstRejects returns the first entry of each reason in the first lines of the [RejectsFile] of the directory dir,
// apart from entries that opted out. They are only examples: a file that is gone or damaged has fewer.
func FirstRejects(dir string) (first []RejectLine) {
	file, err := os.Open(filepath.Join(dir, RejectsFile))
	if err != nil {
		return nil
	}
	defer file.Close()
	seen := []Reason{ReasonExcluded}
	lines := bufio.NewScanner(file)
	for n := 0; n < mostExamined && lines.Scan(); n++ {
		var line RejectLine
		if json.Unmarshal(lines.Bytes(), &line) != nil || slices.Contains(seen, line.Reason) {
			continue
		}
		seen, first = append(seen, line.Reason), append(first, line)
	}
	return first
}
