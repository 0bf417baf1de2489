package resolver

// A queue is a list of items, the oldest first. In flight all have the same time-out, so the oldest is due
// first. An item that leaves early costs two writes, and one that stays costs nothing.
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
