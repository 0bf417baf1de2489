package egress

import (
	"container/heap"
	"time"
)

// Connections says how many connections may be open at a time, to all addresses
// together, and how many were.
type Connections struct {
	Limit  int           // 0: no bound
	Most   int           // that were open at a time
	Waited time.Duration // in which connections waited for nothing but the end of another one
}

// Connections counts those of the Transport and of its mail doors together. A
// connection is open from dialling to its end.
func (t *Transport) Connections() Connections { return t.dialer.turns.connectionsNow() }

// connections are those to all addresses, and the networks that wait for one.
type connections struct {
	limit  int // 0: no bound
	open   int
	most   int
	line   line
	waited time.Duration // in which the line was not empty, before since
	since  time.Time     // when the line came to be; zero: there is none
}

// spare reports whether there may be one more.
func (c *connections) spare() bool { return c.limit == 0 || c.open < c.limit }

func (c *connections) begin() {
	c.open++
	c.most = max(c.most, c.open)
}

// clock starts and stops the time in which the line is not empty.
func (c *connections) clock(now time.Time) {
	switch {
	case len(c.line) > 0 && c.since.IsZero():
		c.since = now
	case len(c.line) == 0 && !c.since.IsZero():
		c.waited, c.since = c.waitedBy(now), time.Time{}
	}
}

// waitedBy is for how long the line was not empty, in sum.
func (c *connections) waitedBy(now time.Time) time.Duration {
	if c.since.IsZero() {
		return c.waited
	}
	return c.waited + now.Sub(c.since)
}

// A line has the networks with a turn that lacks nothing but a connection: a heap,
// by the arrival of those turns.
type line []*network

func (l line) Len() int           { return len(l) }
func (l line) Less(i, j int) bool { return l[i].next.arrival < l[j].next.arrival }

func (l line) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].inLine, l[j].inLine = i+1, j+1
}

func (l *line) Push(x any) {
	n := x.(*network)
	*l = append(*l, n)
	n.inLine = len(*l)
}

func (l *line) Pop() any {
	last := len(*l) - 1
	n := (*l)[last]
	(*l)[last] = nil
	*l = (*l)[:last]
	n.inLine = 0
	return n
}

// put gives a network the place in the line that its next turn is due.
func (l *line) put(n *network) {
	switch {
	case n.next == nil && n.inLine > 0:
		heap.Remove(l, n.inLine-1)
	case n.next != nil && n.inLine > 0:
		heap.Fix(l, n.inLine-1)
	case n.next != nil:
		heap.Push(l, n)
	}
}

func (t *turns) connectionsNow() Connections {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := &t.connections
	return Connections{Limit: c.limit, Most: c.most, Waited: c.waitedBy(time.Now())}
}
