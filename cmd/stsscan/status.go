package main

import (
	"fmt"
	"strings"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// mostUnknown is the share of unknown records, dead zones apart, from which on
// the figures of a run are in doubt: adoption itself is not much larger.
const mostUnknown = 0.01

// suspectReasons are reasons not to trust the figures of a finished run, in words.
func suspectReasons(c *output.Counts) []string {
	unknown := c.Record[codes.RecordUnknown] - c.RecordReason[codes.RecordZoneUnreachable]
	if float64(unknown) <= mostUnknown*float64(c.Rows) {
		return nil
	}
	return []string{fmt.Sprintf("%d of %d records are unknown, dead zones apart: more than %g %%", unknown, c.Rows, 100*mostUnknown)}
}

// pendingList is how many domains wait, by reason.
func pendingList(pending map[codes.Pending]int64) string {
	var texts []string
	for _, why := range codes.Pendings() {
		if n := pending[why]; n > 0 {
			texts = append(texts, fmt.Sprintf("%s %d", why, n))
		}
	}
	return strings.Join(texts, ", ")
}
