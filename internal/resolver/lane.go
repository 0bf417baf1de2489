package resolver

import (
	crand "crypto/rand"
	"math"
	"time"

	"stsscan/internal/dnswire"
	"stsscan/internal/forgery"
	"stsscan/internal/udpbatch"
	"stsscan/internal/window"
)

// A lane is one loop on one goroutine that asks questions and reads answers. A question costs it no goroutine, no
// timer and no allocation. Lanes share nothing but the source of questions.
//
// Each round takes the replies that are there, lets what is overdue wait or gives it up, admits new questions, and
// sends what is staged. What would block (TCP, a query that does not fit a slot, a probe of silent upstreams) goes
// the slow path, on another goroutine.
//
// A question that has been in flight for a while leaves its slot and the window. It waits for a late reply as well as
// for its next attempt, and holds up no other.
//
// All fields belong to the goroutine of the lane, but for what they point to: the sweep, which lanes share, the
// Resolver, and the upstreams of routes.
type lane struct {
	sweep    *sweep
	resolver *Resolver

	// Set when the lane is made.
	schedule     schedule // of the Resolver, as are the next two: a lane needs them for each packet
	mixCase      bool
	limiter      *window.Limiter // shared
	number       int             // among the lanes
	maxInFlight  int             // questions
	maxQuestions int             // in all: each route has an id for every one
	stageRoom    int             // questions that may wait to be sent
	routeSet     *routeSet       // lent by the Resolver
	routes       []*route        // of it
	byPort       []portPlace     // by the numbers of ports
	onDatagrams  func([][]byte)  // receiveDatagrams: set by run, once, since a method value is allocated

	// Questions, and where they are.
	table       table
	stage       stage              // those that wait to be sent
	inFlight    int                // how many are; routes have them in the order of sending
	wheel       *wheel             // those that wait for a time
	unconfirmed queue              // those that failed, until a canary confirms it, in the order of failing
	slowPath    queue              // those that wait for a goroutine
	ids         forgery.IDs        // of the replies that are expected
	history     map[uint32]history // of items that met more than silence

	random   *forgery.Random
	rotation int // of routes
	cases    *dnswire.CaseMixer

	nearMisses forgery.NearMisses // of questions in flight

	waitingCounted int           // questions that wait, as the sweep counts them
	windowsNoted   time.Duration // when the sizes of windows were noted last
	progress       laneProgress

	// Of the present round.
	now          time.Duration     // when it began, or later
	readRoute    *route            // whose port is being read
	readPort     *lanePort         // the port that is being read
	lateQuery    [inlineQuery]byte // room for the question of a late reply
	validReplies int               // of that route
	distrusted   bool              // its upstream is
	incoming     []Question        // room for the next questions
	more         bool              // there may be some
	answers      []Answer
	parsed       int // messages in answers
	sink         int // see receiveDatagrams
}

// A portPlace is a port and the route that it belongs to.
type portPlace struct {
	route *route
	port  *lanePort
}

// stageRoom is how many questions may wait in a lane to be sent: a batch for each of the lengths that are common, but
// no more than can soon be sent.
func (r *Resolver) stageRoom(inFlight int) int {
	room := min(32*udpbatch.MaxBatch, max(udpbatch.MaxBatch, 2*inFlight))
	if r.limiter != nil {
		room = min(room, max(1, int(r.limiter.PerSecond()/10)))
	}
	return room
}

// openLane opens the ports of a lane, for so many questions in flight.
func (s *sweep) openLane(inFlight int) (*lane, error) {
	set, err := s.resolver.takeRoutes(inFlight)
	if err != nil {
		return nil, err
	}
	l := s.newLane(inFlight)
	l.useRoutes(set)
	return l, nil
}

// newLane makes a lane without routes.
func (s *sweep) newLane(inFlight int) *lane {
	var key [16]byte
	_, _ = crand.Read(key[:]) // it never fails
	r := s.resolver
	room := r.stageRoom(inFlight)
	return &lane{
		sweep: s, resolver: r, schedule: r.schedule, mixCase: r.mixCase, limiter: r.limiter,
		maxInFlight: inFlight, maxQuestions: math.MaxInt, stageRoom: room,
		table: newTable(inFlight + room), stage: newStage(len(r.upstreams)), wheel: newWheel(r.schedule.timeout),
		unconfirmed: newQueue(), slowPath: newQueue(), history: make(map[uint32]history),
		ids: forgery.NewIDs(inFlight), nearMisses: forgery.NewNearMisses(dnswire.LowerCase),
		random: forgery.NewRandom(), cases: dnswire.NewCaseMixer(key),
		incoming: make([]Question, 4*udpbatch.MaxBatch), more: true,
	}
}

// useRoutes gives a lane its routes.
func (l *lane) useRoutes(set *routeSet) {
	l.routeSet, l.routes = set, set.routes
	for _, rt := range l.routes {
		l.maxQuestions = min(l.maxQuestions, forgery.MostIDs*len(rt.ports))
		rt.sent = newQueue()
		for k := range rt.ports {
			l.byPort = append(l.byPort, portPlace{rt, &rt.ports[k]})
		}
	}
}

func (l *lane) close() { l.resolver.keepRoutes(l.routeSet) }

// windowOpens is how long a Sweep makes no notes.
const windowOpens = time.Second

// noteWindows notes the sizes of the windows of a lane that has more to ask.
func (l *lane) noteWindows() {
	if !l.more || l.now < l.windowsNoted+window.NoteEvery || l.now < l.sweep.began+windowOpens {
		return
	}
	l.windowsNoted = l.now
	for _, rt := range l.routes {
		rt.upstream.windowLog.Note(l.now, l.number, l.resolver.shares.lanes, rt.window.Size())
	}
}

// resumeWindows gives a lane its number among the lanes, and the windows that the lane of that number had when the
// Sweep before ended.
func (l *lane) resumeWindows(number int) {
	l.number = number
	for _, rt := range l.routes {
		rt.upstream.windowLog.Resume(number, &rt.window)
	}
}

// keepWindows keeps the windows of a lane that has ended.
func (l *lane) keepWindows() {
	for _, rt := range l.routes {
		rt.upstream.windowLog.Keep(l.number, &rt.window)
	}
}

// judgeWindows lets the windows take what has become known.
func (l *lane) judgeWindows() {
	for _, rt := range l.routes {
		rt.window.Judge(l.now, l.resolver.isPrompt(rt.upstream, l.now))
	}
}
