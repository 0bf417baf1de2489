package resolver

import (
	"encoding/binary"
	"time"
)

// A stage holds the questions that are to be sent, by the length of their
// queries, since only equal ones can leave as one, and by the route that they
// failed on, since they are to take another.
type stage struct {
	rows   []stageRow // [0]: sent for the first time; [1+r]: sent over route r last
	n      int        // questions staged
	cursor int        // length at which the next round begins, so that none starves
	out    []byte     // the queries of one batch
}

type stageRow struct {
	buckets [inlineQuery + 1]bucket // by length
	n       int
}

// A bucket is questions of one length, in the order of their coming.
type bucket struct {
	slots []uint32
	since time.Duration // when the first of them came
}

// stageTime is how long questions wait for more of their length.
const stageTime = 5 * time.Millisecond

func newStage(routes int) stage {
	return stage{rows: make([]stageRow, 1+routes), out: make([]byte, 0, batch*inlineQuery)}
}

// push stages a question, which avoid did not answer; nil: it is new.
func (st *stage) push(avoid *route, i uint32, slots []slot, now time.Duration) {
	row := &st.rows[0]
	if avoid != nil {
		row = &st.rows[1+avoid.number]
	}
	b := &row.buckets[slots[i].size]
	if len(b.slots) == 0 {
		b.since = now
	}
	b.slots = append(b.slots, i)
	row.n++
	st.n++
}

// send sends what is staged, as far as windows and rate allow: whole batches,
// and what has waited long enough or can expect no company.
func (l *lane) send() (sent int) {
	st := &l.stage
	for k := range inlineQuery + 1 {
		if st.n == 0 {
			return sent
		}
		size := (st.cursor + k) % (inlineQuery + 1)
		for r := range st.rows {
			row := &st.rows[r]
			if row.n == 0 {
				continue
			}
			var avoid *route
			if r > 0 {
				avoid = l.routes[r-1]
			}
			b := &row.buckets[size]
			for len(b.slots) >= batch || len(b.slots) > 0 && (!l.more || l.now-b.since >= stageTime) {
				n := l.sendBatch(b, size, avoid)
				if n == 0 {
					st.cursor = size
					return sent
				}
				row.n -= n
				st.n -= n
				sent += n
			}
		}
	}
	return sent
}

// sendBatch sends the first questions of b over one port. It returns how many
// left the stage; 0 means that no more can be sent for now.
func (l *lane) sendBatch(b *bucket, size int, avoid *route) int {
	rt := l.pick(avoid)
	if rt == nil {
		return 0
	}
	k, room := rt.choose(l.dice)
	n := min(len(b.slots), batch, rt.window.room(rt.flying), room, l.limit-l.flying.n-int(l.lent.Load()))
	if n = l.tokens(n); n <= 0 {
		return 0
	}
	p := &rt.ports[k]
	l.stage.out = l.stage.out[:0]
	for _, i := range b.slots[:n] {
		s := &l.table.slots[i]
		s.id = l.takeID(p, i)
		binary.BigEndian.PutUint16(s.wire[:], s.id)
		if l.mixCase {
			mixCase(s.question(), !rt.folds.Load(), l.dice)
		}
		l.stage.out = append(l.stage.out, s.query()...)
	}
	sent, err := p.send(l.stage.out, size)
	fresh := 0
	for j, i := range b.slots[:n] {
		s := &l.table.slots[i]
		if j >= sent && err == nil {
			l.releaseID(p, s.id) // it stays
			continue
		}
		if s.tries == 0 {
			s.began = l.now
			if l.isFresh(i) {
				fresh++
			}
		}
		s.sent, s.route, s.port = l.now, rt.number, uint16(k)
		s.tries++
		l.flying.push(l.table.slots, i)
		p.n++
		rt.flying++
	}
	if err != nil {
		sent = n
	}
	if fresh > 0 {
		rt.window.sent(l.now, fresh)
		rt.guard.silence.begun(l.now, fresh)
	}
	rt.counts.asked.Add(int64(sent))
	b.slots = b.slots[:copy(b.slots, b.slots[sent:])]
	b.since = l.now
	if err != nil {
		l.portFailed(rt, p, err)
	}
	return sent
}

// tokens is how many of n questions the rate limit lets out now.
func (l *lane) tokens(n int) int {
	if l.limiter == nil || n <= 0 {
		return n
	}
	return l.limiter.take(n)
}

// mixCase sets the case of each letter of a question's name at random, or all
// to lower case: bits that a forger has to guess (draft-vixie-dnsext-dns0x20).
func mixCase(question []byte, mix bool, d *dice) {
	name := question[:len(question)-4]
	lower(name)
	if !mix {
		return
	}
	for i, c := range name {
		if 'a' <= c && c <= 'z' && d.take(1) == 1 {
			name[i] = c - 'a' + 'A'
		}
	}
}

// lower makes the letters of names on the wire lower case. The lengths of
// labels, below 64, are no letters.
func lower(b []byte) {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
}
