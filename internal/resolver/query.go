package resolver

import (
	"encoding/binary"
	"errors"
	"strings"

	"github.com/miekg/dns"
)

const (
	headerSize = 12

	// udpSize is what a reply may measure so that no path needs to fragment it
	// (the DNS flag day of 2020).
	udpSize = 1232

	maxName  = 255 // octets of a name on the wire (RFC 1035, section 2.3.4)
	maxLabel = 63
)

var (
	errQuestion  = errors.New("not a query with exactly one question")
	errName      = errors.New("not a name that can be asked for")
	errTruncated = errors.New("truncated")
)

// A query is one question as it goes out. The OPT record of EDNS(0) is its last
// record, so that it can be left off.
type query struct {
	name  string // owner of the question, without the final dot
	qtype uint16
	wire  []byte
	end   int  // of the question section
	bare  int  // length without the OPT record
	edns  bool // the OPT record is to be sent
}

// ask writes the query for a name of plain labels: what miekg/dns would pack
// for a question with the bits RD and AD and an OPT record.
func (q *query) ask(name string, qtype uint16) error {
	wire := append(q.wire[:0],
		0, 0, // id
		0x01, 0x20, // RD, AD: tell whether the answer is authenticated (RFC 6840, section 5.7)
		0, 1, 0, 0, 0, 0, 0, 1) // one question, one additional record
	wire, err := appendName(wire, name)
	if err != nil {
		return err
	}
	wire = binary.BigEndian.AppendUint16(wire, qtype)
	wire = binary.BigEndian.AppendUint16(wire, dns.ClassINET)
	q.name, q.qtype = name, qtype
	q.end, q.bare = len(wire), len(wire)
	q.wire = append(wire, 0, 0, byte(dns.TypeOPT), udpSize>>8, udpSize&0xff, 0, 0, 0, 0, 0, 0)
	q.edns = true
	return nil
}

// appendName appends the labels of name, without escapes and without
// compression.
func appendName(wire []byte, name string) ([]byte, error) {
	if len(name)+2 > maxName || strings.IndexByte(name, '\\') >= 0 {
		return nil, errName
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) == 0 || len(label) > maxLabel {
			return nil, errName
		}
		wire = append(wire, byte(len(label)))
		wire = append(wire, label...)
	}
	return append(wire, 0), nil
}

// pack writes the query that m asks, without changing m. Its OPT record is kept
// or added, with our size.
func (q *query) pack(m *dns.Msg) error {
	if m == nil || len(m.Question) != 1 || m.Response || m.Opcode != dns.OpcodeQuery {
		return errQuestion
	}
	bare := *m
	bare.Id, bare.Compress = 0, false
	opt := &dns.OPT{Hdr: dns.RR_Header{Name: ".", Rrtype: dns.TypeOPT}}
	bare.Extra = nil
	for _, rr := range m.Extra {
		if o, ok := rr.(*dns.OPT); ok {
			opt = dns.Copy(o).(*dns.OPT)
			continue
		}
		bare.Extra = append(bare.Extra, rr)
	}
	opt.SetUDPSize(udpSize)

	wire, err := bare.Pack()
	if err != nil {
		return err
	}
	end, err := questionEnd(wire)
	if err != nil {
		return err
	}
	packed := make([]byte, dns.Len(opt))
	n, err := dns.PackRR(opt, packed, 0, nil, false)
	if err != nil {
		return err
	}
	q.name, q.qtype = strings.TrimSuffix(m.Question[0].Name, "."), m.Question[0].Qtype
	q.end, q.bare = end, len(wire)
	q.wire = append(append(q.wire[:0], wire...), packed[:n]...)
	q.edns = false // as the counts in wire have it
	q.useEDNS(true)
	return nil
}

// useEDNS sets whether the OPT record is sent: some servers answer FORMERR to
// what they do not know (RFC 6891, section 7).
func (q *query) useEDNS(yes bool) {
	if yes == q.edns {
		return
	}
	q.edns = yes
	additional := q.wire[10:12]
	n := binary.BigEndian.Uint16(additional)
	if yes {
		n++
	} else {
		n--
	}
	binary.BigEndian.PutUint16(additional, n)
}

// message is the query as it stands, for the id to be set in place.
func (q *query) message() []byte {
	if q.edns {
		return q.wire
	}
	return q.wire[:q.bare]
}

// question is the part that the reply must repeat.
func (q *query) question() []byte { return q.wire[headerSize:q.end] }

// String is the question for people.
func (q *query) String() string {
	return dns.Type(q.qtype).String() + " " + q.name
}

// questionEnd finds the end of the one question in a query of our own.
func questionEnd(wire []byte) (int, error) {
	_, off, err := dns.UnpackDomainName(wire, headerSize)
	if err != nil {
		return 0, err
	}
	if off += 4; off > len(wire) {
		return 0, errQuestion
	}
	return off, nil
}

// answers reports whether packet is a reply to the query with this id and
// question section: RFC 5452, section 9.1, as far as bytes can tell. The peer
// is the socket's affair.
func answers(packet []byte, id uint16, question []byte) bool {
	const (
		response = 0x80 // QR
		opcode   = 0x78
	)
	return len(packet) >= headerSize+len(question) &&
		binary.BigEndian.Uint16(packet) == id &&
		packet[2]&(response|opcode) == response &&
		binary.BigEndian.Uint16(packet[4:]) == 1 &&
		string(packet[headerSize:headerSize+len(question)]) == string(question)
}

// truncated reports the TC bit of a valid reply.
func truncated(packet []byte) bool { return packet[2]&0x02 != 0 }
