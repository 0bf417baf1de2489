package output

import (
	"fmt"

	"stsscan/internal/codes"
)

// mostUnknown is the share of unknown records, dead zones apart, beyond which a run is suspect: adoption itself is not
// much larger.
const mostUnknown = 0.01

// Doubts say why the figures of a finished run are suspect; nil: they are not.
func (c *Counts) Doubts() []string {
	unknown := c.Record[codes.RecordUnknown] - c.RecordReason[codes.RecordZoneUnreachable]
	if float64(unknown) <= mostUnknown*float64(c.Rows) {
		return nil
	}
	return []string{fmt.Sprintf("%s of %s records unknown, dead zones apart: more than %g %%",
		Grouped(unknown), Grouped(c.Rows), 100*mostUnknown)}
}

// Grouped writes n with a comma between thousands.
func Grouped(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
