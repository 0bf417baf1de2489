package window

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// A model is an upstream, the names behind it, and how much of a sweep a window sees. Time passes in steps of a
// millisecond, and nothing in it is random but what the seed decides.
type model struct {
	places  int           // questions that the upstream works on at a time; it drops what finds none
	service time.Duration // of a question, when it has a place
	rate    int           // questions a second that it works on at most; 0: no limit
	queue   int           // questions that may wait for that
	dead    func(i int) bool
	hold    time.Duration // how long the question for a dead name keeps its place
	outage  [2]time.Duration

	names   int
	ceiling int
}

const (
	modelTimeout = 1667 * time.Millisecond
	modelFlight  = modelTimeout / 3 // then a question waits, without a place in the window
	modelTries   = 3
	modelStep    = time.Millisecond
)

// An event is a reply, or the end of the patience with an attempt, or a place that becomes free.
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
	closings  int
	questions float64 // for each live name
}

func (o outcome) String() string {
	return fmt.Sprintf("%v, %.3f questions a live name, %d unknown, window %.0f at least and %.0f at last",
		o.took, o.questions, o.unknown, o.least, o.last)
}

// run plays a model with a window.
func (m model) run(w *Window) (o outcome) {
	var (
		now      time.Duration
		waiting  events
		retries  []event // attempts that are due
		inFlight int
		repeated int
		busy     int
		free     time.Duration // when the upstream is done with what waits for its rate
		next     int
		open     int // names that are not settled
		rnd      = rand.New(rand.NewPCG(1, 2))
	)
	if m.dead == nil {
		m.dead = func(int) bool { return false }
	}
	send := func(name, tries int) {
		if tries == 1 {
			inFlight++
		} else {
			repeated++
		}
		if !m.dead(name) {
			o.asked++
		}
		e := event{name: name, tries: tries, sent: now, at: now + modelTimeout, what: eventLost}
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
		if e.what == eventReply && e.at > now+modelTimeout {
			e.at, e.what = now+modelTimeout, eventLost
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
				if e.tries == 1 {
					inFlight--
				} else {
					repeated--
				}
			case eventReply:
				if now-e.sent < modelFlight {
					if e.tries == 1 {
						inFlight--
					} else {
						repeated--
					}
				}
				open--
				if e.tries == 1 {
					w.Answered(now, e.sent)
				}
				w.Replied(now, 1)
				if !m.dead(e.name) {
					o.took = now
				}
			case eventLost:
				if e.tries < modelTries {
					e.at, e.what = now+time.Duration(rnd.Int64N(int64(modelTimeout)/2)), eventDue
					heap.Push(&waiting, e)
					break
				}
				open--
				if !m.dead(e.name) {
					o.unknown++
				}
			}
		}
		w.Judge(now, now < m.outage[0] || now >= m.outage[1])
		for len(retries) > 0 && w.RoomRepeated(inFlight, repeated) > 0 {
			send(retries[0].name, retries[0].tries+1)
			retries = retries[1:]
		}
		for next < m.names && w.Room(inFlight) > 0 && inFlight < m.ceiling {
			w.Sent(now, 1)
			open++
			if !m.dead(next) {
				o.live++
			}
			send(next, 1)
			next++
		}
		if w.size < size {
			o.closings++
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

// What fails because of its name closes no window, and what fails because too much is asked does, at little cost.
func TestWindowModels(t *testing.T) {
	const ms, seconds = time.Millisecond, time.Second
	quick := model{service: 20 * ms, ceiling: 10_000}
	with := func(m model, names int, change func(*model)) model {
		m.names = names
		if change != nil {
			change(&m)
		}
		return m
	}
	places := func(n int, service time.Duration, dead int, hold time.Duration) model {
		return model{places: n, service: service, ceiling: 10_000, dead: evenly(dead), hold: hold}
	}
	for _, c := range []struct {
		title     string
		model     model
		took      time.Duration // at most
		questions float64       // for each live name, at most
		unknown   int           // live names, at most
		least     float64       // size after a second, at least
		last      float64       // size at the end, at least
	}{
		{"nothing fails", with(quick, 400_000, nil), 3 * seconds, 1, 0, 2500, 5000},
		{"losses of a network", with(quick, 400_000, func(m *model) { m.dead = evenly(10) }), 3 * seconds, 1, 0, 2500, 5000},
		{"dead domains", with(quick, 400_000, func(m *model) { m.dead = evenly(50) }), 6 * seconds, 1, 0, 2000, 5000},
		{"many dead domains", with(quick, 400_000, func(m *model) { m.dead = evenly(100) }), 9 * seconds, 1, 0, 1500, 5000},
		{"a fifth of it dead", with(quick, 400_000, func(m *model) { m.dead = evenly(200) }), 25 * seconds, 1, 0, 250, 5000},
		{"half of it dead", with(quick, 200_000, func(m *model) { m.dead = evenly(500) }), 50 * seconds, 1, 0, 64, 3000},
		{"dead domains in blocks", with(quick, 400_000, func(m *model) {
			m.dead = func(i int) bool { return i/1000%20 == 10 }
		}), 15 * seconds, 1, 0, 256, 2000},
		{"an outage of three seconds", with(model{rate: 20_000, queue: 1000, service: 20 * ms, ceiling: 10_000}, 400_000,
			func(m *model) { m.outage = [2]time.Duration{2 * seconds, 5 * seconds} }), 35 * seconds, 1.1, 200, 64, 1000},
		// At best they take 31 s, 31 s, 14 s, 62 s, 62 s, 100 s and 20 s.
		{"64 places", with(places(64, 20*ms, 0, 0), 100_000, nil), 50 * seconds, 1.2, 500, 16, 64},
		{"64 places, dead domains", with(places(64, 20*ms, 50, 0), 100_000, nil), 60 * seconds, 1.2, 500, 16, 64},
		{"64 places, dead domains hold them", with(places(64, 20*ms, 50, 200*ms), 30_000, nil), 60 * seconds, 1.2, 150,
			16, 32},
		{"32 places", with(places(32, 100*ms, 0, 0), 20_000, nil), 90 * seconds, 1.25, 400, 16, 16},
		{"8 places, fewer than the floor", with(places(8, 100*ms, 0, 0), 5000, nil), 90 * seconds, 2.2, 1000, 16, 16},
		{"500 a second", with(model{rate: 500, queue: 100, service: 20 * ms, ceiling: 10_000}, 50_000, nil),
			110 * seconds, 1.2, 500, 16, 32},
		{"a long queue", with(model{rate: 5000, queue: 20_000, service: 20 * ms, ceiling: 10_000}, 100_000, nil),
			25 * seconds, 1.05, 0, 500, 500},
	} {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			w := New(16, c.model.ceiling, modelTimeout)
			o := c.model.run(&w)
			if o.took > c.took || o.questions > c.questions || o.unknown > c.unknown || o.least < c.least || o.last < c.last {
				t.Errorf("%v\nwant %v, %.2f, %d, %.0f, %.0f", o, c.took, c.questions, c.unknown, c.least, c.last)
			}
		})
	}
}

// ask sends first attempts, evenly over a time, of which a share is not answered, and lets what becomes of them be
// known.
func ask(w *Window, now *time.Duration, over time.Duration, n, failed int) {
	for i := range n {
		*now += over / time.Duration(n)
		w.Room(int(w.size))
		w.Sent(*now, 1)
		if i*617%1000 >= failed {
			w.Answered(*now, *now)
			w.Replied(*now, 1)
		}
		w.Judge(*now, true)
	}
}

func TestNewWindow(t *testing.T) {
	for _, c := range []struct{ floor, ceiling, size int }{
		{16, 1000, firstSize},
		{100, 1000, 100}, // a floor above the first size
		{16, 20, 20},     // a ceiling below it
		{500, 20, 20},    // and below the floor
		{0, 0, 1},        // never shut
	} {
		w := New(c.floor, c.ceiling, time.Second)
		if w.size != float64(c.size) || w.Room(0) != c.size || w.Room(c.size+3) != -3 {
			t.Errorf("%+v: the window is %.0f", c, w.size)
		}
		floor := float64(max(1, min(c.floor, c.ceiling)))
		for range 100 {
			w.change(0, w.size/4)
		}
		if w.size != floor {
			t.Errorf("%+v: it closes to %.0f", c, w.size)
		}
		if w.change(0, 1e9); w.size != float64(max(c.ceiling, 1)) {
			t.Errorf("%+v: it opens to %.0f", c, w.size)
		}
	}
}

// Each reply opens a window by one, up to the threshold, but for a moment in between.
func TestWindowOpens(t *testing.T) {
	w := New(16, 2560, time.Second)
	now := time.Second
	for range 10 {
		w.Replied(now, 10)
	}
	if w.size != firstSize+100 {
		t.Errorf("after 100 replies the window is %.0f", w.size)
	}
	if w.Replied(now, 500); w.size != baselineSize {
		t.Errorf("it opens to %.0f before it is known what always fails", w.size)
	}
	ask(&w, &now, 2*baselineTime, baselineAttempts+20, 0)
	if w.Replied(now, firstThreshold-int(w.size)); w.size != firstThreshold {
		t.Errorf("it opens to %.0f", w.size)
	}
	for range firstThreshold {
		w.Replied(now, 1)
	}
	if w.size < firstThreshold+2560/openings-1 || w.size > firstThreshold+2560/openings {
		t.Errorf("a window of replies later it is %.1f", w.size)
	}
}

// Replies to questions that failed before open a window too, of which nothing else is known.
func TestWindowOpensByProgress(t *testing.T) {
	w := New(16, 10_000, time.Second)
	for now := range 2000 * time.Millisecond / modelStep {
		w.Replied(now*modelStep, 1)
		w.Judge(now*modelStep, true)
	}
	if w.size < firstThreshold-baselineAttempts/2 {
		t.Errorf("2000 replies later the window is %.0f", w.size)
	}
	w.overload.limit = 1000
	w.change(2*time.Second, 100)
	now := 2 * time.Second
	for range 20_000 {
		now += modelStep
		w.Room(int(w.size))
		w.Replied(now, 1)
		w.Judge(now, true)
	}
	if w.size < 700 || w.size > 1000 {
		t.Errorf("below a limit of 1000 it opens to %.0f", w.size)
	}
}

// What is learned stays for the next Sweep, without what was in flight.
func TestWindowRests(t *testing.T) {
	w := New(16, 10_000, time.Second)
	now := time.Second
	ask(&w, &now, 20*time.Second, 100_000, 100)
	size, base := w.size, w.overload.base
	if size < 2000 || base < 0.08 || base > 0.12 {
		t.Fatalf("the window is %.0f, its base %.3f", size, base)
	}
	w.Sent(now, 1000)
	w.try(now, 0.3)
	w = w.Rested()
	if w.size != size || w.overload.base != base || w.cohorts.oldest != 0 || w.overload.trial.size != 0 {
		t.Errorf("it rests with %.0f, base %.3f", w.size, w.overload.base)
	}
	now += time.Hour
	ask(&w, &now, 20*time.Second, 100_000, 100)
	if w.size < size || w.overload.limit != 0 {
		t.Errorf("an hour later it is %.0f, its limit %.0f", w.size, w.overload.limit)
	}
}

// A process that was stopped has lost nothing, and an answer counts for as long as it may come.
func TestCohorts(t *testing.T) {
	c := newCohorts(time.Second)
	c.sent(10*time.Second, 100)
	c.suspended += 5 * time.Second
	for range 60 {
		c.answered(15 * time.Second) // it was given as much more time
	}
	if got, _ := c.ripe(15*time.Second+900*time.Millisecond, 0); got != (cohort{}) {
		t.Errorf("too early, %+v", got)
	}
	if got, spans := c.ripe(17*time.Second, 0); got != (cohort{100, 60}) || spans != 1 {
		t.Errorf("%+v in %d spans", got, spans)
	}
	c.answered(15 * time.Second) // too late
	c.sent(40*time.Second, 10)
	if got, _ := c.ripe(60*time.Second, 45*time.Second); got != (cohort{}) {
		t.Errorf("of what was sent before, %+v", got)
	}
	c.sent(70*time.Second, 1)
	c.answered(70 * time.Second)
	if got, _ := c.ripe(80*time.Second, 0); got != (cohort{1, 1}) {
		t.Errorf("after a rest, %+v", got)
	}
}
