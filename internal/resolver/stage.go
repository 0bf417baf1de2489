package resolver

import (
	"time"

	"stsscan/internal/udpbatch"
)

// A stage holds the questions that wait to be sent: by the length of their queries, since only equal ones can leave
// as one, and by the route that they failed on, since they take another. Those that still expect replies go one by
// one, each as its first query went.
type stage struct {
	rows    []stageRow // [0]: sent for the first time; [1+r]: sent over route r last
	repeats queue      // those that still expect replies
	n       int        // questions staged
	cursor  int        // length at which the next round begins, so that none starves
	out     []byte     // the queries of one batch
}

type stageRow struct {
	buckets [inlineQuery + 1]bucket // by length
	n       int
}

// A bucket is questions of one length, in the order of their coming.
type bucket struct {
	items []uint32
	since time.Duration // when the first of them came
}

func newStage(routes int) stage {
	return stage{
		rows: make([]stageRow, 1+routes), repeats: newQueue(), out: make([]byte, 0, udpbatch.MaxBatch*inlineQuery),
	}
}

// push stages a question without a live flight, which avoid did not answer; nil: it is new.
func (st *stage) push(avoid *route, i uint32, items []item, now time.Duration) {
	row := &st.rows[0]
	if avoid != nil {
		row = &st.rows[1+avoid.number]
	}
	items[i].where = inStage
	b := &row.buckets[items[i].size]
	if len(b.items) == 0 {
		b.since = now
	}
	b.items = append(b.items, i)
	row.n++
	st.n++
}

// repeat stages a question with a live flight.
func (st *stage) repeat(i uint32, items []item) {
	items[i].where = inStage
	st.repeats.push(items, i)
	st.n++
}

// removeRepeat takes out a question with a live flight, which was answered after all.
func (st *stage) removeRepeat(i uint32, items []item) {
	st.repeats.remove(items, i)
	st.n--
}
