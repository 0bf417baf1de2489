package dnswire

import (
	"encoding/binary"
	"errors"
)

var (
	ErrName     = errors.New("not a name that can be asked for")
	ErrQuestion = errors.New("not a query with exactly one question")
)

// PackQuery writes a query for the name label.name, or name where label is empty: plain labels without a final dot and
// without escapes. Its bits RD and AD are set, the latter to be told whether the answer is authenticated (RFC 6840,
// section 5.7), its id is 0, and an OPT record is its last. It returns the lengths of header and question, and of it
// all. It reports false when there is no such name, or wire has no room for it.
func PackQuery(wire []byte, label, name string, qtype uint16) (end, size int, ok bool) {
	const header = "\x00\x00" + // id
		"\x01\x20" + // RD, AD
		"\x00\x01\x00\x00\x00\x00\x00\x01" // one question, one additional record
	const opt = "\x00\x00\x29" + // root, OPT
		"\x04\xd0" + // UDPSize
		"\x00\x00\x00\x00\x00\x00"
	wire = wire[:min(len(wire), MaxQuery)]
	off := copy(wire, header)
	if label != "" {
		if off = appendLabels(wire, off, label); off < 0 {
			return 0, 0, false
		}
	}
	off = appendLabels(wire, off, name)
	if off < 0 || off+1+4+len(opt) > len(wire) {
		return 0, 0, false
	}
	off += copy(wire[off:], []byte{0, byte(qtype >> 8), byte(qtype), 0, classIN})
	return off, off + copy(wire[off:], opt), true
}

// appendLabels writes the labels of name at off and returns the offset behind them, or -1: they do not fit, or are
// none.
func appendLabels(wire []byte, off int, name string) int {
	if off+len(name)+1 > len(wire) {
		return -1
	}
	length := off // where the length of the label goes
	off++
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch c {
		case '.':
			if off-length-1 == 0 || off-length-1 > MaxLabel {
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
	if off-length-1 == 0 || off-length-1 > MaxLabel {
		return -1
	}
	wire[length] = byte(off - length - 1)
	return off
}

// A Query is one question as it goes out. Its OPT record is its last, so that it can be left off.
type Query struct {
	Name string // owner of the question, without the final dot
	Type uint16
	EDNS bool // the OPT record is sent: see UseEDNS

	wire []byte
	end  int // of the question section
	bare int // length without the OPT record
}

// Ask makes the query that PackQuery writes.
func (q *Query) Ask(name string, qtype uint16) error {
	if cap(q.wire) < MaxQuery {
		q.wire = make([]byte, MaxQuery)
	}
	wire := q.wire[:MaxQuery]
	end, size, ok := PackQuery(wire, "", name, qtype)
	if !ok {
		return ErrName
	}
	*q = Query{Name: name, Type: qtype, EDNS: true, wire: wire[:size], end: end, bare: end}
	return nil
}

// Set makes a query of a message that was packed elsewhere, without an OPT record, and of one that goes behind it.
func (q *Query) Set(name string, qtype uint16, bare, opt []byte) error {
	end := QuestionEnd(bare)
	if end < 0 {
		return ErrQuestion
	}
	wire := append(append(q.wire[:0], bare...), opt...)
	*q = Query{Name: name, Type: qtype, wire: wire, end: end, bare: len(bare)}
	q.UseEDNS(true)
	return nil
}

// UseEDNS sets whether the OPT record is sent: some servers answer FORMERR to what they do not know (RFC 6891, section
// 7).
func (q *Query) UseEDNS(yes bool) {
	if yes == q.EDNS {
		return
	}
	q.EDNS = yes
	additional := q.wire[10:12]
	n := binary.BigEndian.Uint16(additional)
	if yes {
		n++
	} else {
		n--
	}
	binary.BigEndian.PutUint16(additional, n)
}

// Message is the query as it stands, for the id to be set in place.
func (q *Query) Message() []byte {
	if q.EDNS {
		return q.wire
	}
	return q.wire[:q.bare]
}

// Question is the question section, which a reply must repeat.
func (q *Query) Question() []byte { return q.wire[HeaderSize:q.end] }
