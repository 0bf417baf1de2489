package duplicates

// A nameSet is a set of names: the octets of all of them in a row, and a table that says by hash where each begins.
// A name may have a note. It holds 4 GiB of names at most.
type nameSet struct {
	octets []byte // the length of a name, the name, and its note
	note   int    // length of each note
	table  []slot // a power of two long, at most three quarters full
	n      int
}

type slot struct {
	hash  uint32
	begin uint32 // 1 + index into octets; 0: free
}

func newNameSet(note int) *nameSet { return &nameSet{table: make([]slot, 1<<6), note: note} }

// add puts a name of at most 255 octets in with its note, if it is new. Otherwise it returns the note that the name
// has, which is valid until the next call.
func (s *nameSet) add(hash64 uint64, name, note []byte) (has []byte, isNew bool) {
	if 4*s.n >= 3*len(s.table) {
		s.grow()
	}
	hash := uint32(hash64 >> 32) // the low bits are those that brought the name here
	i := hash & uint32(len(s.table)-1)
	for s.table[i].begin != 0 {
		if at := s.table[i]; at.hash == hash && string(s.at(at.begin)) == string(name) {
			end := int(at.begin) + len(name)
			return s.octets[end : end+s.note], false
		}
		i = (i + 1) & uint32(len(s.table)-1)
	}
	s.table[i] = slot{hash: hash, begin: uint32(len(s.octets)) + 1}
	s.octets = append(append(append(s.octets, byte(len(name))), name...), note...)
	s.n++
	return nil, true
}

func (s *nameSet) at(begin uint32) []byte {
	n := uint32(s.octets[begin-1])
	return s.octets[begin : begin+n]
}

func (s *nameSet) grow() {
	old := s.table
	s.table = make([]slot, 2*len(old))
	for _, e := range old {
		if e.begin == 0 {
			continue
		}
		i := e.hash & uint32(len(s.table)-1)
		for s.table[i].begin != 0 {
			i = (i + 1) & uint32(len(s.table)-1)
		}
		s.table[i] = e
	}
}
