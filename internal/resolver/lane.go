package resolver

import (
	"sync/atomic"
	"time"
)

// A lane is one loop on one goroutine that asks questions and reads answers: it
// needs no goroutine, no timer and no allocation for a question. Lanes share
// nothing but the source of questions.
//
// Each round takes the replies that are there, gives up on what is overdue,
// admits new questions, and sends what is staged. What cannot be done without
// waiting (TCP, queries that do not fit a slot, a doubt whether anybody is
// there at all) is an errand, which another goroutine runs.
type lane struct {
	*sweep
	table  table
	routes []*route
	stage  stage
	flying queue        // by the time they were sent
	parked queue        // by the time they are to be staged again
	held   queue        // failures that wait to be believed, by the time they failed
	limit  int          // questions in flight, errands included
	room   int          // questions that wait to be sent
	lent   atomic.Int64 // errands
	ports  *batches
	opened uint16 // ports
	ids    ids
	dice   *dice
	turn   int
	number int           // among the lanes
	noted  time.Duration // when it noted its windows last

	suspects suspects
	history  map[uint32]history // of slots whose questions failed before

	now     time.Duration  // when the round began, or later
	from    *route         // whose port is being read
	waits   *lanePort      // the port that is being read
	valid   int            // replies of that route in this round
	barred  bool           // its upstream has lied
	admits  []Question     // room for the next questions
	more    bool           // there may be some
	answers []Answer       // of this round
	parsed  int            // messages in answers
	deliver func([][]byte) // receives datagrams
	touched int            // see receivedAll
}

// A lane sleeps for pollTime after a round that brought little: long enough for
// replies to come in batches, short beside any round trip. Where few come, or
// none for a while, it sleeps longer; where many do it goes on at once.
const (
	pollTime    = 100 * time.Microsecond
	lazyTime    = time.Millisecond
	lazyness    = 20        // empty rounds
	manyReplies = 4 * batch // fewer, over all ports, make small and dear calls
	mostParsed  = 64        // messages wait for the end of a round: parsed, each is large
)

// stageRoom is how many questions may wait in a lane to be sent: a batch for
// each of the lengths that are common, but no more than can soon be sent.
func (r *Resolver) stageRoom(limit int) int {
	room := min(32*batch, max(batch, 2*limit))
	if r.limiter != nil {
		room = min(room, max(1, int(r.limiter.perSecond()/10)))
	}
	return room
}

// openLane opens the ports of a lane, for so many questions in flight.
func (s *sweep) openLane(number, limit int) (_ *lane, err error) {
	room := s.stageRoom(limit)
	l := &lane{
		sweep: s, number: number, table: newTable(limit + room), ids: newIDs(limit), room: room,
		stage:  newStage(len(s.upstreams)),
		flying: newQueue(), parked: newQueue(), held: newQueue(), limit: limit, ports: newBatches(),
		history: make(map[uint32]history), admits: make([]Question, 4*batch), more: true,
	}
	l.deliver = l.receivedAll
	if l.dice, err = newDice(); err != nil {
		return nil, err
	}
	for i := range s.upstreams {
		rt, err := l.openRoute(i, limit)
		if err != nil {
			l.close()
			return nil, err
		}
		rt.window = rt.windows.kept(number, rt.window)
		l.routes = append(l.routes, rt)
	}
	return l, nil
}

func (l *lane) close() {
	for _, rt := range l.routes {
		rt.windows.keep(l.number, rt.window)
		rt.close()
	}
}

// run goes round until there is nothing left to do, or the sweep ends.
func (l *lane) run() {
	idle, nap := 0, pollTime
	l.now = l.Resolver.now()
	for l.ctx.Err() == nil && l.life.Err() == nil {
		l.tell(l.Resolver.now())
		got := l.receive()
		l.expire()
		l.judge()
		if l.watch != nil {
			l.believe()
			l.restart()
		}
		admitted, sent := 0, 0
		if l.watch != nil || !l.silent() {
			admitted = l.admit()
			sent = l.send()
		}
		l.noteWindows()
		l.handAll()
		if !l.more && l.table.used() == 0 {
			return
		}
		switch {
		case got >= manyReplies:
			idle, nap = 0, pollTime
			continue
		case got >= manyReplies/4:
			idle = 0
		case got > 0:
			idle, nap = 0, min(2*nap, lazyTime) // few a round cost a round each
		case sent+admitted > 0:
			idle, nap = 0, pollTime
		default:
			if idle++; idle == lazyness {
				nap = lazyTime
			}
		}
		time.Sleep(nap)
	}
	if l.ctx.Err() == nil { // the Resolver is closed
		l.abandon()
	}
}

// handAll yields the answers that are there.
func (l *lane) handAll() {
	l.hand(l.answers)
	clear(l.answers)
	l.answers, l.parsed = l.answers[:0], 0
}

// admit takes questions from the source while there is room for them.
func (l *lane) admit() (admitted int) {
	for l.more {
		room := min(l.room-l.stage.n, len(l.table.free), len(l.admits), l.limit-int(l.lent.Load()))
		if room <= 0 {
			return admitted
		}
		into := l.admits[:room]
		var n int
		n, l.more = l.take(into)
		for i := range into[:n] {
			if slot, ok := l.table.fill(&into[i]); ok {
				l.stage.push(l.avoided(into[i].Avoid), slot, l.table.slots, l.now)
			} else {
				l.lend(errand{question: into[i], effort: effort{began: l.now, last: l.numbered(into[i].Avoid)}})
			}
			into[i] = Question{}
		}
		admitted += n
		if n < room {
			return admitted
		}
	}
	return admitted
}

// expire ends the attempts whose time is up, and stages again what was parked.
func (l *lane) expire() {
	for l.flying.n > 0 {
		i := l.flying.oldest
		s := &l.table.slots[i]
		if l.now-s.sent < l.timeout {
			break
		}
		rt := l.routes[s.route]
		l.land(i)
		rt.counts.timeouts.Add(1)
		rt.loss.count(true)
		l.failed(i, failure(timedOut, errNoAnswer))
	}
	for l.parked.n > 0 {
		i := l.parked.oldest
		s := &l.table.slots[i]
		if l.now-s.sent < l.timeout/10 {
			break
		}
		l.parked.remove(l.table.slots, i)
		l.stage.push(l.routes[s.route], i, l.table.slots, l.now)
	}
}

// land takes a question out of the air.
func (l *lane) land(i uint32) {
	s := &l.table.slots[i]
	rt := l.routes[s.route]
	p := &rt.ports[s.port]
	l.releaseID(p, s.id)
	p.n--
	rt.flying--
	l.flying.remove(l.table.slots, i)
}
