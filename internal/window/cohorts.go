package window

import "time"

// Cohorts count first attempts by when they were sent, so that each answer is held against the questions of its own
// time. Answers come at once and silence is noticed late: counted as they come, every change of the rate would change
// the share of failures.
type cohorts struct {
	timeout   time.Duration // an attempt without an answer for so long has failed
	span      time.Duration // of one cohort
	ring      [cohortRing]cohort
	newest    int64
	oldest    int64         // whose outcome is not known
	suspended time.Duration // how long this process was stopped, in all
}

// A cohort is the first attempts that were sent within one span.
type cohort struct{ sent, answered int }

func (c *cohort) add(o cohort) {
	c.sent += o.sent
	c.answered += o.answered
}

// failed is the share of attempts without an answer; 0 where there were none.
func (c cohort) failed() float64 { return float64(c.sent-c.answered) / float64(max(c.sent, 1)) }

const (
	cohortsWait = 64 // spans of one time-out
	cohortRing  = 2 * cohortsWait
)

func newCohorts(timeout time.Duration) cohorts {
	return cohorts{timeout: timeout, span: max(timeout/cohortsWait, 1)}
}

func (c *cohorts) number(at time.Duration) int64 { return int64((at - c.suspended) / c.span) }

// sent notes n first attempts.
func (c *cohorts) sent(now time.Duration, n int) {
	k := c.number(now)
	if k > c.newest {
		for i := max(c.newest+1, k-cohortRing+1); i <= k; i++ {
			c.ring[i%cohortRing] = cohort{}
		}
		c.newest = k
	}
	c.ring[c.newest%cohortRing].sent += n
}

// answered notes an answer to a first attempt by when that was sent, unless it comes too late.
func (c *cohorts) answered(sent time.Duration) {
	if k := c.number(sent); k >= c.oldest && k <= c.newest {
		c.ring[k%cohortRing].answered++
	}
}

// before is the sum of the last whole cohorts before a time.
func (c *cohorts) before(at time.Duration) (sum cohort) {
	const few = 4
	last := c.number(at) - 1
	for k := max(last-few+1, c.newest-cohortRing+1, 0); k <= min(last, c.newest); k++ {
		sum.add(c.ring[k%cohortRing])
	}
	return sum
}

// ripe takes the cohorts whose outcome has become known since the last call. It returns the sum of those that began
// after since, and how many of them are not empty.
func (c *cohorts) ripe(now, since time.Duration) (sum cohort, spans int) {
	end := min(c.number(now-c.timeout), c.newest+1) // numbers below it
	for k := max(c.oldest, c.newest-cohortRing+1); k < end; k++ {
		if k > c.number(since) {
			sum.add(c.ring[k%cohortRing])
			if c.ring[k%cohortRing].sent > 0 {
				spans++
			}
		}
	}
	c.oldest = max(c.oldest, end)
	return sum, spans
}
