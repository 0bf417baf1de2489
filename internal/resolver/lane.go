package resolver

import (
	"math"
	"time"

	"stsscan/internal/window"
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
	sweep          *sweep
	resolver       *Resolver
	schedule       schedule // copies of what the Resolver has
	mixCase        bool
	limiter        *window.Limiter
	table          table
	routes         []*route
	stage          stage
	inFlight       int    // questions in flight
	wheel          *wheel // questions that wait
	unconfirmed    queue  // failures that wait to be believed, by the time they failed
	slowPath       queue  // errands that wait for a goroutine
	maxInFlight    int    // questions in flight
	maxQuestions   int    // questions in all, at most: each route has an id for every one
	stageRoom      int    // questions that wait to be sent
	waitingCounted int    // questions that wait, as the sweep knows
	routeSet       *routeSet
	byPort         []portPlace // by their numbers
	ids            ids
	rng            *rng
	rotation       int
	cases          *cases        // of letters
	number         int           // among the lanes
	windowsNoted   time.Duration // when it noted its windows last
	progress       laneProgress

	suspects suspects
	history  map[uint32]history // of items that brought more than silence

	now          time.Duration     // when the round began, or later
	readRoute    *route            // whose port is being read
	readPort     *lanePort         // the port that is being read
	lateQuery    [inlineQuery]byte // room for the question of a late reply
	validReplies int               // replies of that route in this round
	distrusted   bool              // its upstream has lied
	incoming     []Question        // room for the next questions
	more         bool              // there may be some
	answers      []Answer          // of this round
	parsed       int               // messages in answers
	onDatagrams  func([][]byte)    // receives datagrams
	sink         int               // see receivedAll
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
	shortNap    = 100 * time.Microsecond
	longNap     = time.Millisecond
	idleRounds  = 20        // empty rounds
	manyReplies = 4 * batch // fewer, over all ports, make small and dear calls
	maxParsed   = 64        // messages wait for the end of a round: parsed, each is large
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
	links, err := s.resolver.takeRoutes(limit)
	if err != nil {
		return nil, err
	}
	l.useRoutes(links)
	return l, nil
}

// newLane is a lane without a route.
func (s *sweep) newLane(limit int) (_ *lane, err error) {
	room := s.resolver.stageRoom(limit)
	l := &lane{
		sweep: s, resolver: s.resolver, schedule: s.resolver.schedule, mixCase: s.resolver.mixCase,
		limiter: s.resolver.limiter, table: newTable(limit + room), ids: newIDs(limit), stageRoom: room, stage: newStage(len(s.resolver.upstreams)),
		wheel: newWheel(s.resolver.schedule.timeout), unconfirmed: newQueue(), slowPath: newQueue(), maxInFlight: limit, maxQuestions: math.MaxInt,
		history: make(map[uint32]history), incoming: make([]Question, 4*batch), more: true,
	}
	l.onDatagrams = l.receiveDatagrams
	if l.rng, err = newRNG(); err != nil {
		return nil, err
	}
	l.cases, err = newCases()
	return l, err
}

// use gives a lane its routes.
func (l *lane) useRoutes(links *routeSet) {
	l.routeSet, l.routes = links, links.routes
	for _, rt := range l.routes {
		l.maxQuestions = min(l.maxQuestions, mostIDs*len(rt.ports))
		rt.sent = newQueue()
		for k := range rt.ports {
			l.byPort = append(l.byPort, portPlace{rt, &rt.ports[k]})
		}
	}
}

func (l *lane) close() { l.resolver.keepRoutes(l.routeSet) }

// run goes round until there is nothing left to do, or the sweep ends.
func (l *lane) run() {
	defer l.showProgress()()
	idle, nap := 0, shortNap
	l.now = l.resolver.now()
	for l.sweep.ctx.Err() == nil && l.resolver.ctx.Err() == nil {
		l.advanceClock(l.resolver.now())
		got := l.receive()
		l.expire()
		l.judgeWindows()
		if l.resolver.watch != nil {
			l.confirmFailures()
			l.restartWindows()
		}
		l.handOff()
		admitted, sent := 0, 0
		if l.resolver.watch != nil || !l.sweep.silent() {
			admitted = l.admit()
			sent = l.send()
		} else {
			l.setObstacle(obstaclePause)
		}
		l.noteWindows()
		l.showChanges()
		l.deliverAnswers()
		if !l.more && l.table.used() == 0 {
			l.countWaiting() // others may have its room
			return
		}
		switch {
		case got >= manyReplies:
			idle, nap = 0, shortNap
			continue
		case got >= manyReplies/4:
			idle = 0
		case got > 0:
			idle, nap = 0, min(2*nap, longNap) // few a round cost a round each
		case sent+admitted > 0:
			idle, nap = 0, shortNap
		default:
			if idle++; idle == idleRounds {
				nap = longNap
			}
		}
		time.Sleep(nap)
	}
	if l.sweep.ctx.Err() == nil { // the Resolver is closed
		l.abandon()
	}
}

// handAll yields the answers that are there.
func (l *lane) deliverAnswers() {
	l.sweep.deliver(l.answers)
	clear(l.answers)
	l.answers, l.parsed = l.answers[:0], 0
}

// admit takes questions from the source while there is room for them.
func (l *lane) admit() (admitted int) {
	for l.more {
		l.countWaiting()
		room := min(l.stageRoom-l.stage.n, len(l.table.freeSlots), len(l.incoming), l.maxQuestions-l.table.used(),
			int(MostWaiting-l.sweep.waiting.Load()))
		if room <= 0 {
			l.setObstacle(l.findObstacle())
			return admitted
		}
		into := l.incoming[:room]
		var n int
		n, l.more = l.sweep.take(into)
		l.countTaken(into[:n])
		for k := range into[:n] {
			i, ok := l.table.add(&into[k])
			it := &l.table.items[i]
			rt := l.routeToAvoid(into[k].Avoid)
			if rt != nil {
				it.flights[0].port = rt.ports[0].number
			}
			if ok {
				l.stage.push(rt, i, l.table.items, l.now)
			} else {
				it.began = l.now
				l.toSlowPath(i, stepUDP)
			}
			into[k] = Question{}
		}
		admitted += n
		if n < room {
			l.setObstacle(noObstacle)
			break
		}
	}
	return admitted
}
