package resolver

import "stsscan/internal/dnswire"

// A table is the items of a lane, and the slots of those that have one. Slots hold no pointers, so that the garbage
// collector never looks into them. Their number is fixed; items grow with what waits.
type table struct {
	items     []item
	free      []uint32 // items
	slots     [][inlineQuery]byte
	freeSlots []uint32
	labels    []string // that come before names
}

func newTable(slots int) table {
	t := table{
		items: make([]item, 0, slots), free: make([]uint32, 0, slots),
		slots: make([][inlineQuery]byte, slots), freeSlots: make([]uint32, slots), labels: []string{""},
	}
	for i := range t.freeSlots {
		t.freeSlots[i] = uint32(slots - 1 - i)
	}
	return t
}

// used is how many items there are.
func (t *table) used() int { return len(t.items) - len(t.free) }

// waiting is how many of them have no slot.
func (t *table) waiting() int { return t.used() - (len(t.slots) - len(t.freeSlots)) }

// add makes an item of a question, with a slot, of which one must be free. It reports false, and gives no slot, where
// the query does not fit or cannot be asked at all.
func (t *table) add(q *Question) (uint32, bool) {
	var i uint32
	if n := len(t.free); n > 0 {
		i = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		i = uint32(len(t.items))
		t.items = append(t.items, item{})
	}
	it := &t.items[i]
	*it = item{name: q.Name, tag: q.Tag, qtype: q.Type, slot: nowhere}
	it.label, it.name = t.labelOf(q)
	it.flights[0].port, it.flights[1].port = noPort, noPort
	if q.Again {
		it.marks |= failedBefore
	}
	if q.Patient {
		it.marks |= isPatient
	}
	k := t.freeSlots[len(t.freeSlots)-1]
	_, size, ok := dnswire.PackQuery(t.slots[k][:], t.labels[it.label], it.name, it.qtype)
	if ok {
		it.size, it.slot = uint8(size), k
		t.freeSlots = t.freeSlots[:len(t.freeSlots)-1]
	}
	return i, ok
}

// labelOf is the number of a question's label, and its name. Where there are too many labels, the name is all of it.
func (t *table) labelOf(q *Question) (uint8, string) {
	for k, label := range t.labels {
		if label == q.Label {
			return uint8(k), q.Name
		}
	}
	if len(t.labels) > 255 {
		return 0, q.owner()
	}
	t.labels = append(t.labels, q.Label)
	return uint8(len(t.labels) - 1), q.Name
}

// question is the item as it was given, but for what matters only at the beginning.
func (t *table) question(i uint32) Question {
	it := &t.items[i]
	return Question{
		Label: t.labels[it.label], Name: it.name, Type: it.qtype, Tag: it.tag,
		Again: it.is(failedBefore), Patient: it.is(isPatient),
	}
}

// query is what the slot of an item holds.
func (t *table) query(it *item) []byte { return t.slots[it.slot][:it.size] }

// questionSection is the question section of the query.
func (t *table) questionSection(it *item) []byte {
	return t.slots[it.slot][dnswire.HeaderSize : it.size-dnswire.OPTSize]
}

// dropSlot frees the slot of an item, if it has one.
func (t *table) dropSlot(it *item) {
	if it.slot != nowhere {
		t.freeSlots = append(t.freeSlots, it.slot)
		it.slot = nowhere
	}
}

// takeSlot gives an item a slot again. It reports false when none is free.
func (t *table) takeSlot(it *item) bool {
	n := len(t.freeSlots)
	switch {
	case it.slot != nowhere:
		return true
	case n == 0:
		return false
	}
	it.slot = t.freeSlots[n-1]
	t.freeSlots = t.freeSlots[:n-1]
	dnswire.PackQuery(t.slots[it.slot][:], t.labels[it.label], it.name, it.qtype)
	return true
}

func (t *table) release(i uint32) {
	it := &t.items[i]
	t.dropSlot(it)
	it.name, it.where = "", inNoList
	t.free = append(t.free, i)
}
