package limiter

import "time"

// Connections says how many connections may be open at a time, to all addresses together, and how many were.
type Connections struct {
	Limit  int           // 0: no bound
	Most   int           // that were open at a time
	Waited time.Duration // how long connections waited for nothing but the end of another one
}

// connections are those to all addresses, and the networks that wait for one.
type connections struct {
	limit   int // 0: no bound
	open    int
	most    int
	ready   ready
	lacking time.Duration // how long a network was ready, before since
	since   time.Time     // when a network became ready; zero: none is
}

// available reports whether there may be one more.
func (c *connections) available() bool { return c.limit == 0 || c.open < c.limit }

func (c *connections) begin() {
	c.open++
	c.most = max(c.most, c.open)
}

// measure starts and stops the time in which a network is ready.
func (c *connections) measure(now time.Time) {
	switch {
	case len(c.ready) > 0 && c.since.IsZero():
		c.since = now
	case len(c.ready) == 0 && !c.since.IsZero():
		c.lacking, c.since = c.lackingBy(now), time.Time{}
	}
}

// lackingBy is how long connections were lacking, in sum.
func (c *connections) lackingBy(now time.Time) time.Duration {
	if c.since.IsZero() {
		return c.lacking
	}
	return c.lacking + now.Sub(c.since)
}
