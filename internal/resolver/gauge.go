package resolver

import "time"

// A gauge learns what always fails from questions that are sent while few are in
// flight: their names are to blame.
type gauge struct {
	from, to time.Duration // when the first and the last of them were sent; 0: not yet
	sent     int
	replies  int // to others too
	seen     cohort
	done     bool
}

const (
	// gaugeWindow is the size at which a window stays meanwhile, gaugeAttempts
	// and gaugeTime what it takes at least.
	gaugeWindow   = 256
	gaugeAttempts = 1024
	gaugeTime     = 100 * time.Millisecond
	// gaugeMost is the largest share that is believed: where more fails, even so
	// few may be too many, which a trial shows.
	gaugeMost = 0.15
)

// note notes n first attempts, sent by a window that has the size for it.
func (g *gauge) note(now time.Duration, n int) {
	if g.to > 0 {
		return
	}
	if g.from == 0 {
		g.from = now
	}
	if g.sent += n; g.sent >= gaugeAttempts && now-g.from >= gaugeTime {
		g.to = now
	}
}

// replied notes n replies. Where only questions are asked that failed before, there
// is nothing to learn.
func (g *gauge) replied(now time.Duration, n int) {
	if g.replies += n; g.to == 0 && g.sent == 0 && g.replies >= gaugeAttempts {
		g.to = now
	}
}

// learned takes from c what became of the attempts. It reports true when that is
// known, and the share that failed, if it can be believed.
func (g *gauge) learned(now time.Duration, c *cohorts) (share float64, believed, known bool) {
	ripe, _ := c.ripe(now, g.from)
	g.seen.add(ripe)
	if g.to == 0 || now < g.to+c.patience+c.span {
		return 0, false, false
	}
	g.done = true
	share = g.seen.failed()
	return share, g.seen.sent >= enoughAttempts && share <= gaugeMost, true
}
