package resolver

import "time"

// inlineQuery is the room for a query in a slot, in octets: enough for a name of about 80, which hardly any domain
// exceeds. Longer ones take the slow path.
const inlineQuery = 112

// nowhere is the index of no item and of no slot, and the number of no port.
const (
	nowhere = ^uint32(0)
	noPort  = ^uint16(0)
)

// An item is a question of a lane from its admission to its answer, in 64 octets. While it is staged or in flight it
// also has a slot, with its query.
type item struct {
	name      string
	tag       int64
	began     time.Duration // when it was sent first
	sentAfter uint32        // from then until it was sent last, or failed, in ms, rounded up
	newer     uint32        // neighbours in its list
	older     uint32
	slot      uint32    // nowhere: it waits
	flights   [2]portID // of the last attempt, and of the last over another upstream
	qtype     uint16
	label     uint8 // of the labels of the table
	size      uint8 // of the query
	tries     uint8 // messages sent
	bucket    uint8 // of the wheel; on the slow path: its step
	where     place
	marks     marks
}

// A portID is where the reply to an attempt is expected (RFC 5452, section 9.2).
type portID struct {
	port uint16 // of the ports of the lane; noPort: there was no attempt
	id   uint16
}

// A place is where an item is.
type place uint8

const (
	inNoList      place = iota // free, or between two lists
	inStage                    // waits to be sent: in a bucket, or in the list of repeats
	inFlight                   // counts for the window
	inWheel                    // waits for a reply, or for its time
	inUnconfirmed              // failed, until a canary confirms it
	inSlowPath                 // waits for a goroutine
)

// marks are what else there is to know about an item.
type marks uint8

const (
	liveFirst    marks = 1 << iota // a reply to flights[0] is expected
	liveSecond                     // and to flights[1]
	failedBefore                   // see Question
	isPatient
	toStage // in the wheel: it waits for no reply
)

func (it *item) is(m marks) bool { return it.marks&m != 0 }

// awaitsReply reports whether a reply to any flight is expected.
func (it *item) awaitsReply() bool { return it.marks&(liveFirst|liveSecond) != 0 }

// sent is when the item was sent last, or failed.
func (it *item) sent() time.Duration { return it.began + time.Duration(it.sentAfter)*time.Millisecond }

// stamp notes that the item was sent, or failed.
func (it *item) stamp(now time.Duration) {
	it.sentAfter = uint32((now - it.began + time.Millisecond - 1) / time.Millisecond)
}

// isFirstAttempt reports whether a failure says something about the upstream: names that failed before, and attempts
// that follow others, fail by themselves.
func (it *item) isFirstAttempt() bool { return it.tries == 1 && !it.is(failedBefore) }

// A queue is a list of items, the oldest first. In flight all have the same time-out, so the oldest is due first. An
// item that leaves early costs two writes, and one that stays costs nothing.
type queue struct {
	oldest, newest uint32
	n              int
}

func newQueue() queue { return queue{nowhere, nowhere, 0} }

func (q *queue) push(items []item, i uint32) {
	items[i].older, items[i].newer = q.newest, nowhere
	if q.newest == nowhere {
		q.oldest = i
	} else {
		items[q.newest].newer = i
	}
	q.newest = i
	q.n++
}

func (q *queue) remove(items []item, i uint32) {
	s := &items[i]
	if s.older == nowhere {
		q.oldest = s.newer
	} else {
		items[s.older].newer = s.newer
	}
	if s.newer == nowhere {
		q.newest = s.older
	} else {
		items[s.newer].older = s.older
	}
	q.n--
}
