package verify

import (
	"math"
	"slices"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// checkPerformance checks that the figures of a manifest about the speed of the run agree with each other.
func (c *check) checkPerformance(m *output.Manifest) {
	p := m.Performance
	if p == nil {
		return // the program was an older one
	}
	stood := p.TailSeconds
	for why, seconds := range p.Standstill {
		if !slices.Contains(codes.Standstills(), why) {
			c.problem(m.Name(), "says that admission stood still for %q, which is no cause", why)
		}
		stood += seconds
	}
	const slack = 0.01 // times are rounded
	if stood > p.AskingSeconds*(1+slack)+slack {
		c.problem(m.Name(), "says that admission stood still or was over for %.3f s of %.3f s", stood, p.AskingSeconds)
	}
	if p.AskingSeconds > 0 && math.Abs(p.RowsPerSecond*p.AskingSeconds-float64(p.Rows)) > slack*float64(p.Rows)+slack {
		c.problem(m.Name(), "says that %d rows in %.3f s are %.3f rows a second",
			p.Rows, p.AskingSeconds, p.RowsPerSecond)
	}
}
