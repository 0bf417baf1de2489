package resolver

import "time"

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
	room   int    // questions that wait to be sent
	waits  int    // questions that wait, as the sweep knows
	links  *uplinks
	byPort []portPlace // by their numbers
	ids    ids
	dice   *dice
	turn   int
	number int           // among the lanes
	noted  time.Duration // when it noted its windows last
	cases  *cases        // of letters

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
		room = min(room, max(1, int(r.limiter.perSecond()/10)))
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
		wheel: newWheel(s.timeout), held: newQueue(), queue: newQueue(), limit: limit,
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
		rt.sent = newQueue()
		for k := range rt.ports {
			l.byPort = append(l.byPort, portPlace{rt, &rt.ports[k]})
		}
	}
}

func (l *lane) close() { l.leave(l.links) }

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
		l.lendAll()
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
		l.tellWaiting()
		room := min(l.room-l.stage.n, len(l.table.freeSlots), len(l.admits), int(MostWaiting-l.waiting.Load()))
		if room <= 0 {
			return admitted
		}
		into := l.admits[:room]
		var n int
		n, l.more = l.take(into)
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
			break
		}
	}
	return admitted
}

// tellWaiting tells the sweep how many questions of this lane wait.
func (l *lane) tellWaiting() {
	if n := l.table.waiting(); n != l.waits {
		l.waiting.Add(int64(n - l.waits))
		l.waits = n
	}
}

// whileInFlight is which part of a time-out a question may be in flight before it
// waits.
const whileInFlight = 10

// expire lets questions wait that have been in flight for a while, and ends the
// attempts whose time is up. A question over an upstream that has said nothing since
// stays in flight: it may be the upstream that is silent, which is to get no more.
func (l *lane) expire() {
	l.tellWaiting()
	room := MostWaiting - l.waiting.Load()
	for _, rt := range l.routes {
		for rt.sent.n > 0 {
			i := rt.sent.oldest
			it := &l.table.items[i]
			age := l.now - it.sent()
			if age < l.timeout/whileInFlight {
				break
			}
			if room > 0 && time.Duration(rt.replied.Load()) > it.sent() {
				room--
				l.land(i)
				l.wait(i, it.sent()+l.patience(i, true))
				continue
			}
			if age < l.patience(i, l.isPrompt(rt.upstream, l.now)) {
				break
			}
			l.land(i)
			l.unanswered(i)
		}
	}
	for i := l.wheel.pop(l.table.items, l.now); i != nowhere; i = l.wheel.pop(l.table.items, l.now) {
		it := &l.table.items[i]
		it.where = inHand
		if it.is(toStage) {
			l.restage(i)
			continue
		}
		patience := l.patience(i, l.isPrompt(l.last(it).upstream, l.now))
		if l.now-it.sent() < patience {
			l.wait(i, it.sent()+patience)
			continue
		}
		l.unanswered(i)
	}
}

// patience is how long the last attempt of an item waits for a reply.
func (l *lane) patience(i uint32, prompt bool) time.Duration {
	it := &l.table.items[i]
	return l.schedule.wait(int(it.tries)-l.history[i].forgiven, it.is(isPatient), prompt && l.watch != nil)
}

// unanswered ends an attempt that got no reply in its time.
func (l *lane) unanswered(i uint32) {
	it := &l.table.items[i]
	rt := l.last(it)
	rt.counts.timeouts.Add(1)
	rt.loss.count(true)
	l.failed(i, failure(timedOut, errNoAnswer), rt)
}

// wait puts an item that has landed into the wheel, without a slot.
func (l *lane) wait(i uint32, due time.Duration) {
	it := &l.table.items[i]
	l.table.dropSlot(it)
	it.where = inWheel
	l.wheel.push(l.table.items, i, l.now, due)
}

// last is the route that an item was sent over last, or is to avoid; nil: none.
func (l *lane) last(it *item) *route {
	if it.flights[0].port == noPort {
		return nil
	}
	return l.byPort[it.flights[0].port].route
}

// land takes an item out of the air. Its reply is expected still.
func (l *lane) land(i uint32) {
	it := &l.table.items[i]
	at := l.byPort[it.flights[0].port]
	at.port.n--
	at.route.flying--
	at.route.sent.remove(l.table.items, i)
	l.flying--
	it.where = inHand
}

// forgo expects no reply to an attempt any more.
func (l *lane) forgo(it *item, first bool) {
	f, mark := it.flights[0], liveFirst
	if !first {
		f, mark = it.flights[1], liveSecond
	}
	if it.is(mark) {
		l.releaseID(l.byPort[f.port].port, f.id)
		it.marks &^= mark
	}
}

// pluck takes an item from where it is.
func (l *lane) pluck(i uint32) {
	it := &l.table.items[i]
	switch it.where {
	case inFlight:
		l.land(i)
	case inStage:
		l.stage.pluck(i, l.table.items)
	case inWheel:
		l.wheel.remove(l.table.items, i)
	case inHold:
		l.held.remove(l.table.items, i)
	case inQueue:
		l.queue.remove(l.table.items, i)
	}
	it.where = inHand
	it.marks &^= toStage
}

// forget ends an item that has been plucked.
func (l *lane) forget(i uint32) {
	it := &l.table.items[i]
	l.forgo(it, true)
	l.forgo(it, false)
	if it.tries > 1 || len(l.history) > 0 {
		delete(l.history, i)
	}
	l.table.release(i)
}
