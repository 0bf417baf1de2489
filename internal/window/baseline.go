package window

import "time"

// A baseline learns what always fails from questions that are sent while few are in flight: their names are to blame.
type baseline struct {
	from, to time.Duration // when the first and the last of them were sent; 0: not yet
	sent     int
	replies  int // to others too
	seen     cohort
	done     bool
}

const (
	// baselineSize is the size of the window meanwhile, baselineAttempts and baselineTime are what it takes at least.
	baselineSize     = 256
	baselineAttempts = 1024
	baselineTime     = 100 * time.Millisecond
	// baselineMost is the largest share that is believed: where more fails, even so few questions may be too many,
	// which a trial shows.
	baselineMost = 0.15
	// enoughAttempts is how many a share is of, at least.
	enoughAttempts = 256
)

// note notes n first attempts, sent by a window that has the size for it.
func (b *baseline) note(now time.Duration, n int) {
	if b.to > 0 {
		return
	}
	if b.from == 0 {
		b.from = now
	}
	if b.sent += n; b.sent >= baselineAttempts && now-b.from >= baselineTime {
		b.to = now
	}
}

// replied notes n replies. There is nothing to learn where all questions have failed before.
func (b *baseline) replied(now time.Duration, n int) {
	if b.replies += n; b.to == 0 && b.sent == 0 && b.replies >= baselineAttempts {
		b.to = now
	}
}

// learned takes from c what became of the attempts. Once all is known, it returns the share that failed, and whether
// that is to be believed.
func (b *baseline) learned(now time.Duration, c *cohorts) (share float64, believed, known bool) {
	ripe, _ := c.ripe(now, b.from)
	b.seen.add(ripe)
	if b.to == 0 || now < b.to+c.timeout+c.span {
		return 0, false, false
	}
	b.done = true
	share = b.seen.failed()
	return share, b.seen.sent >= enoughAttempts && share <= baselineMost, true
}
