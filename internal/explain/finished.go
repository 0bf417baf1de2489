package explain

import (
	"fmt"
	"time"

	"stsscan/internal/output"
)

// FinishedBefore says of a finished run that it was not scanned now: how old it is, and what to do for a new one.
func FinishedBefore(m *output.Manifest, now time.Time) string {
	age := "before"
	if m.EndedAt != nil {
		seconds := max(int64(now.Sub(*m.EndedAt).Seconds()), 0)
		if age = fmt.Sprintf("%d seconds ago", seconds); seconds >= 120 {
			age = days(seconds) + " ago"
		}
	}
	return "run finished " + age + "; nothing was scanned now: use another -o for a new scan"
}
