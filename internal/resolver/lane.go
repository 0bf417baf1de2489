package resolver

import (
	"math"
	"time"

	"stsscan/internal/udpbatch"
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

// stageRoom is how many questions may wait in a lane to be sent: a batch for
// each of the lengths that are common, but no more than can soon be sent.
func (r *Resolver) stageRoom(limit int) int {
	room := min(32*udpbatch.MaxBatch, max(udpbatch.MaxBatch, 2*limit))
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
		history: make(map[uint32]history), incoming: make([]Question, 4*udpbatch.MaxBatch), more: true,
	}
	l.onDatagrams = l.receiveDatagrams
	if l.rng, err = newRNG(); err != nil {
		return nil, err
	}
	l.cases, err = newCases()
	return l, err
}

// useRoutes gives a lane its routes.
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
