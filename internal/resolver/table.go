package resolver

import "time"

// inlineQuery is the room for a query in a slot, in octets: enough for a name
// of about 80, which hardly any domain exceeds. Longer ones are errands.
const inlineQuery = 112

// nowhere is the index of no slot.
const nowhere = ^uint32(0)

// A slot is a question that is staged, in flight, or parked. Slots hold no
// pointers, so that the collector never looks into the table.
type slot struct {
	began time.Duration // when it was sent first
	sent  time.Duration // when it was sent last
	newer uint32        // neighbours in its list
	older uint32
	id    uint16
	route uint16 // that it was sent over last
	port  uint16 // of that route
	size  uint8  // of the query
	end   uint8  // of the question section
	tries uint8  // messages sent
	wire  [inlineQuery]byte
}

func (s *slot) query() []byte    { return s.wire[:s.size] }
func (s *slot) question() []byte { return s.wire[headerSize:s.end] }

// A table is the slots of a lane, and beside each its question as it was given,
// which is looked at once more when the answer is there.
type table struct {
	slots     []slot
	questions []Question
	free      []uint32
}

func newTable(n int) table {
	t := table{slots: make([]slot, n), questions: make([]Question, n), free: make([]uint32, n)}
	for i := range t.free {
		t.free[i] = uint32(n - 1 - i)
	}
	return t
}

func (t *table) size() int { return len(t.slots) }
func (t *table) used() int { return len(t.slots) - len(t.free) }

// fill packs a question into a free slot. It reports false when the query does
// not fit or cannot be asked at all.
func (t *table) fill(q *Question) (uint32, bool) {
	i := t.free[len(t.free)-1]
	s := &t.slots[i]
	end, size, ok := packPlain(s.wire[:], q)
	if !ok {
		return nowhere, false
	}
	t.free = t.free[:len(t.free)-1]
	s.end, s.size, s.tries = uint8(end), uint8(size), 0
	t.questions[i] = *q
	return i, true
}

func (t *table) release(i uint32) {
	t.questions[i] = Question{}
	t.free = append(t.free, i)
}

// packPlain writes what query.ask writes, where it fits into wire, and returns
// the lengths of header and question, and of it all.
func packPlain(wire []byte, q *Question) (end, size int, ok bool) {
	const header = "\x00\x00" + // id
		"\x01\x20" + // RD, AD
		"\x00\x01\x00\x00\x00\x00\x00\x01"
	const opt = "\x00\x00\x29" + // root, OPT
		"\x04\xd0" + // udpSize
		"\x00\x00\x00\x00\x00\x00"
	off := copy(wire, header)
	if q.Label != "" {
		if off = appendPlain(wire, off, q.Label); off < 0 {
			return 0, 0, false
		}
	}
	off = appendPlain(wire, off, q.Name)
	if off < 0 || off+1+4+len(opt) > len(wire) {
		return 0, 0, false
	}
	off += copy(wire[off:], []byte{0, byte(q.Type >> 8), byte(q.Type), 0, 1})
	return off, off + copy(wire[off:], opt), true
}

// appendPlain writes the labels of name at off and returns the offset behind
// them, or -1: they do not fit, or are none.
func appendPlain(wire []byte, off int, name string) int {
	if off+len(name)+1 > len(wire) {
		return -1
	}
	length := off // where the length of the label goes
	off++
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch c {
		case '.':
			if off-length-1 == 0 || off-length-1 > maxLabel {
				return -1
			}
			wire[length] = byte(off - length - 1)
			length = off
		case '\\':
			return -1
		default:
			wire[off] = c
		}
		off++
	}
	if off-length-1 == 0 || off-length-1 > maxLabel {
		return -1
	}
	wire[length] = byte(off - length - 1)
	return off
}

// A queue is a list of slots in the order of their coming. Time-outs are equal,
// so the oldest of those in flight is always the first that is due; a slot that
// leaves early costs two writes, and one that stays costs nothing.
type queue struct {
	oldest, newest uint32
	n              int
}

func newQueue() queue { return queue{nowhere, nowhere, 0} }

func (q *queue) push(slots []slot, i uint32) {
	slots[i].older, slots[i].newer = q.newest, nowhere
	if q.newest == nowhere {
		q.oldest = i
	} else {
		slots[q.newest].newer = i
	}
	q.newest = i
	q.n++
}

func (q *queue) remove(slots []slot, i uint32) {
	s := &slots[i]
	if s.older == nowhere {
		q.oldest = s.newer
	} else {
		slots[s.older].newer = s.newer
	}
	if s.newer == nowhere {
		q.newest = s.older
	} else {
		slots[s.newer].older = s.older
	}
	q.n--
}
