package resolver

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// A model is an upstream, the names behind it, and how much of a sweep a window
// sees. Time passes in steps of a millisecond, and nothing in it is random but
// what the seed decides.
type model struct {
	places  int           // questions that the upstream works on at a time; it drops what finds none
	service time.Duration // of a question, when it has a place
	rate    int           // questions a second that it works on at most; 0: no limit
	queue   int           // questions that may wait for that
	dead    func(i int) bool
	hold    time.Duration // for which the question for a dead name keeps its place
	outage  [2]time.Duration

	names   int
	ceiling int
}

const (
	modelPatience = 1667 * time.Millisecond
	modelFlight   = modelPatience / 3 // then a question waits, without a place in the window
	modelTries    = 3
	modelStep     = time.Millisecond
)

// An event is a reply, or the end of the patience with an attempt, or a place
// that becomes free.
type event struct {
	at    time.Duration
	what  int
	name  int
	tries int
	sent  time.Duration
}

const (
	eventReply  = iota
	eventLeaves // it waits
	eventLost
	eventDue
	eventFree
)

type events []event

func (e events) Len() int           { return len(e) }
func (e events) Less(i, j int) bool { return e[i].at < e[j].at }
func (e events) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)        { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}

// An outcome is what became of a model.
type outcome struct {
	took      time.Duration // until the last live name was answered
	asked     int           // questions for live names
	live      int
	unknown   int     // live names that no attempt got an answer for
	least     float64 // window after the first second, while there were new names
	last      float64 // window when there were no more
	strains   int
	questions float64 // for each live name
}

func (o outcome) String() string {
	return fmt.Sprintf("%v, %.3f questions a live name, %d unknown, window %.0f at least and %.0f at last", o.took, o.questions, o.unknown, o.least, o.last)
}

// run plays a model with a window.
func (m model) run(w *window) (o outcome) {
	const staged = 4096
	var (
		now     time.Duration
		waiting events
		retries []event // attempts that are due
		flying  int
		busy    int
		free    time.Duration // when the upstream is done with what waits for its rate
		next    int
		open    int // names that are not settled
		rnd     = rand.New(rand.NewPCG(1, 2))
	)
	if m.dead == nil {
		m.dead = func(int) bool { return false }
	}
	send := func(name, tries int) {
		flying++
		if !m.dead(name) {
			o.asked++
		}
		e := event{name: name, tries: tries, sent: now, at: now + modelPatience, what: eventLost}
		out := now >= m.outage[0] && now < m.outage[1]
		switch {
		case out:
		case m.places > 0 && busy >= m.places:
		case m.dead(name):
			if m.places > 0 && m.hold > 0 {
				busy++
				heap.Push(&waiting, event{at: now + m.hold, what: eventFree, sent: now})
			}
		case m.rate > 0:
			free = max(free, now)
			if free-now < time.Duration(m.queue)*time.Second/time.Duration(m.rate) {
				free += time.Second / time.Duration(m.rate)
				e.at, e.what = free+m.service, eventReply
			}
		default:
			busy++
			took := m.service/2 + time.Duration(rnd.Int64N(int64(m.service)))
			e.at, e.what = now+took, eventReply
			heap.Push(&waiting, event{at: e.at, what: eventFree})
		}
		if e.what == eventReply && e.at > now+modelPatience {
			e.at, e.what = now+modelPatience, eventLost
		}
		heap.Push(&waiting, e)
		if e.at >= now+modelFlight {
			e.at, e.what = now+modelFlight, eventLeaves
			heap.Push(&waiting, e)
		}
	}
	size := w.size
	for next < m.names || open > 0 {
		now += modelStep
		for len(waiting) > 0 && waiting[0].at <= now {
			e := heap.Pop(&waiting).(event)
			switch e.what {
			case eventFree:
				busy--
			case eventDue:
				retries = append(retries, e)
			case eventLeaves:
				flying--
			case eventReply:
				if now-e.sent < modelFlight {
					flying--
				}
				open--
				if e.tries == 1 {
					w.answered(now, e.sent)
				}
				w.replied(now, 1)
				if !m.dead(e.name) {
					o.took = now
				}
			case eventLost:
				if e.tries < modelTries {
					e.at, e.what = now+time.Duration(rnd.Int64N(int64(modelPatience)/2)), eventDue
					heap.Push(&waiting, e)
					break
				}
				open--
				if !m.dead(e.name) {
					o.unknown++
				}
			}
		}
		w.judge(now, now < m.outage[0] || now >= m.outage[1])
		for (len(retries) > 0 || next < m.names) && w.room(flying) > 0 && flying < m.ceiling {
			if len(retries) > 0 && (next == m.names || rnd.IntN(2) == 0) {
				send(retries[0].name, retries[0].tries+1)
				retries = retries[1:]
				continue
			}
			w.sent(now, 1)
			open++
			if !m.dead(next) {
				o.live++
			}
			send(next, 1)
			next++
		}
		if w.size < size {
			o.strains++
		}
		size = w.size
		if next < m.names {
			o.last = w.size
			if now > time.Second && (o.least == 0 || w.size < o.least) {
				o.least = w.size
			}
		}
		if now > time.Hour {
			break
		}
	}
	o.questions = float64(o.asked) / float64(max(o.live, 1))
	return o
}

// evenly says that so many of a thousand names are dead.
func evenly(share int) func(int) bool { return func(i int) bool { return i*617%1000 < share } }

func TestModels(t *testing.T) {
	for _, c := range []struct {
		title string
		model model
	}{
		{"nothing fails", model{service: 20 * time.Millisecond, names: 400_000, ceiling: 10_000}},
		{"dead 1", model{service: 20 * time.Millisecond, names: 400_000, ceiling: 10_000, dead: evenly(10)}},
		{"dead 5", model{service: 20 * time.Millisecond, names: 400_000, ceiling: 10_000, dead: evenly(50)}},
		{"dead 10", model{service: 20 * time.Millisecond, names: 400_000, ceiling: 10_000, dead: evenly(100)}},
		{"dead 20", model{service: 20 * time.Millisecond, names: 400_000, ceiling: 10_000, dead: evenly(200)}},
		{"dead 50", model{service: 20 * time.Millisecond, names: 200_000, ceiling: 10_000, dead: evenly(500)}},
		{"block", model{service: 20 * time.Millisecond, names: 400_000, ceiling: 10_000, dead: func(i int) bool { return i/1000%20 == 10 }}},
		{"64 places", model{places: 64, service: 20 * time.Millisecond, names: 100_000, ceiling: 10_000}},
		{"64 places, dead 5", model{places: 64, service: 20 * time.Millisecond, names: 100_000, ceiling: 10_000, dead: evenly(50)}},
		{"64 places, dead 5 hold", model{places: 64, service: 20 * time.Millisecond, names: 30_000, ceiling: 10_000, dead: evenly(50), hold: 200 * time.Millisecond}},
		{"32 places, slow", model{places: 32, service: 100 * time.Millisecond, names: 20_000, ceiling: 10_000}},
		{"500/s", model{rate: 500, queue: 100, service: 20 * time.Millisecond, names: 50_000, ceiling: 10_000}},
		{"5000/s, long queue", model{rate: 5000, queue: 20000, service: 20 * time.Millisecond, names: 100_000, ceiling: 10_000}},
		{"outage", model{rate: 20000, queue: 1000, service: 20 * time.Millisecond, names: 400_000, ceiling: 10_000, outage: [2]time.Duration{2 * time.Second, 5 * time.Second}}},
	} {
		w := newWindow(16, c.model.ceiling, modelPatience)
		fmt.Printf("%-24s %v base %.3f limit %.0f\n", c.title, c.model.run(&w), w.base, w.limit)
	}
}
