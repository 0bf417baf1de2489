package resolver

import (
	"math"
	"time"
)

// A lane is one loop on one goroutine that asks questions and reads answers: it
// needs no goroutine, no timer and no allocation for a question. Lanes share
// nothing but the source of questions.
//
// Each round takes the replies that are there, lets what is overdue wait or gives
// it up, admits new questions, and sends what is staged. What cannot be done
// without blocking (TCP, queries that do not fit a slot, a doubt whether anybody is
// there at all) is an errand, which another goroutine runs.
//
// A question that has been in flight for a while leaves its slot and the window: it
// waits, for a late reply as well as for its next attempt, and stops nothing.
type lane struct {
	*sweep
	table  table
	routes []*route
	stage  stage
	flying int    // questions in flight
	wheel  *wheel // questions that wait
	held   queue  // failures that wait to be believed, by the time they failed
	queue  queue  // errands that wait for a goroutine
	limit  int    // questions in flight
	holds  int    // questions in all, at most: each route has an id for every one
	room   int    // questions that wait to be sent
	waits  int    // questions that wait, as the sweep knows
	links  *uplinks
	byPort []portPlace // by their numbers
	ids    ids
	dice   *dice
	turn   int
	cases  *cases        // of letters
	number int           // among the lanes
	noted  time.Duration // when it noted its windows last
	shows  laneProgress

	suspects suspects
	history  map[uint32]history // of items that brought more than silence

	now     time.Duration     // when the round began, or later
	from    *route            // whose port is being read
	reads   *lanePort         // the port that is being read
	late    [inlineQuery]byte // room for the question of a late reply
	valid   int               // replies of that route in this round
	barred  bool              // its upstream has lied
	admits  []Question        // room for the next questions
	more    bool              // there may be some
	answers []Answer          // of this round
	parsed  int               // messages in answers
	deliver func([][]byte)    // receives datagrams
	touched int               // see receivedAll
}

// A portPlace is a port and the route that it belongs to.
type portPlace struct {
	route *route
	port  *lanePort
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
		room = min(room, max(1, int(r.limiter.PerSecond()/10)))
	}
	return room
}

// openLane opens the ports of a lane, for so many questions in flight.
func (s *sweep) openLane(limit int) (*lane, error) {
	l, err := s.newLane(limit)
	if err != nil {
		return nil, err
	}
	links, err := s.openUplinks(limit)
	if err != nil {
		return nil, err
	}
	l.use(links)
	return l, nil
}

// newLane is a lane without a route.
func (s *sweep) newLane(limit int) (_ *lane, err error) {
	room := s.stageRoom(limit)
	l := &lane{
		sweep: s, table: newTable(limit + room), ids: newIDs(limit), room: room, stage: newStage(len(s.upstreams)),
		wheel: newWheel(s.timeout), held: newQueue(), queue: newQueue(), limit: limit, holds: math.MaxInt,
		history: make(map[uint32]history), admits: make([]Question, 4*batch), more: true,
	}
	l.deliver = l.receivedAll
	if l.dice, err = newDice(); err != nil {
		return nil, err
	}
	l.cases, err = newCases()
	return l, err
}

// use gives a lane its routes.
func (l *lane) use(links *uplinks) {
	l.links, l.routes = links, links.routes
	for _, rt := range l.routes {
		l.holds = min(l.holds, mostIDs*len(rt.ports))
		rt.sent = newQueue()
		for k := range rt.ports {
			l.byPort = append(l.byPort, portPlace{rt, &rt.ports[k]})
		}
	}
}

func (l *lane) close() { l.leave(l.links) }

// run goes round until there is nothing left to do, or the sweep ends.
func (l *lane) run() {
	defer l.showProgress()()
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
		l.lendAll()
		admitted, sent := 0, 0
		if l.watch != nil || !l.silent() {
			admitted = l.admit()
			sent = l.send()
		} else {
			l.wants(allStopped)
		}
		l.noteWindows()
		l.tellProgress()
		l.handAll()
		if !l.more && l.table.used() == 0 {
			l.tellWaiting() // others may have its room
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
		l.tellWaiting()
		room := min(l.room-l.stage.n, len(l.table.freeSlots), len(l.admits), l.holds-l.table.used(),
			int(MostWaiting-l.waiting.Load()))
		if room <= 0 {
			l.wants(l.obstacle())
			return admitted
		}
		into := l.admits[:room]
		var n int
		n, l.more = l.take(into)
		l.took(into[:n])
		for k := range into[:n] {
			i, ok := l.table.add(&into[k])
			it := &l.table.items[i]
			rt := l.avoided(into[k].Avoid)
			if rt != nil {
				it.flights[0].port = rt.ports[0].number
			}
			if ok {
				l.stage.push(rt, i, l.table.items, l.now)
			} else {
				it.began = l.now
				l.handOver(i, stepUDP)
			}
			into[k] = Question{}
		}
		admitted += n
		if n < room {
			l.wants(noObstacle)
			break
		}
	}
	return admitted
}
