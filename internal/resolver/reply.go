package resolver

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/miekg/dns"
)

// receive takes the replies that are there, from every port that something is
// expected on.
func (l *lane) receive() (got int) {
	const rounds = 8 // a flood on one port must not keep the lane from the others
	for _, rt := range l.routes {
		l.from, l.valid = rt, 0
		l.barred = rt.guard.barred.Load()
		for k := range rt.ports {
			p := &rt.ports[k]
			l.waits = p
			for round := 0; p.n > 0 && round < rounds; round++ {
				n, err := p.receive(l.deliver)
				got += n
				if err != nil {
					l.portFailed(rt, p, err)
				}
				if n < batch {
					break
				}
			}
		}
		if l.valid > 0 {
			rt.counts.answered.Add(int64(l.valid))
			rt.loss.answered(l.valid)
			rt.window.replied(l.now, l.valid)
			l.heard.Store(int64(l.now))
		}
	}
	return got
}

// receivedAll takes datagrams. With many questions in flight their slots are all
// over a table that no cache holds: looked at one after the other for nothing
// else, they are fetched side by side, and one at a time otherwise.
func (l *lane) receivedAll(packets [][]byte) {
	slots := l.table.slots
	for _, packet := range packets {
		if len(packet) < headerSize {
			continue
		}
		if i := l.ids.holder(l.waits.number, binary.BigEndian.Uint16(packet)); i != nowhere {
			s := &slots[i]
			l.touched += int(s.size) + int(s.wire[inlineQuery/2]) + int(l.table.questions[i].Tag)
		}
	}
	for _, packet := range packets {
		l.received(packet)
	}
}

// received takes a datagram. It is looked at from its bytes alone until it is
// known to answer a question of ours: RFC 5452, section 9.1.
func (l *lane) received(packet []byte) {
	rt, p := l.from, l.waits
	if len(packet) < headerSize {
		rt.counts.mismatched.Add(1)
		return
	}
	id := binary.BigEndian.Uint16(packet)
	i := l.ids.holder(p.number, id)
	if i == nowhere {
		l.missed(packet, nil)
		return
	}
	s := &l.table.slots[i]
	if !answers(packet, id, s.question()) && !l.folded(packet, s) {
		l.missed(packet, s.question())
		return
	}
	doubtful := l.suspects.has(s.question(), l.now)
	l.land(i)
	l.valid++
	switch {
	case l.barred:
		l.failed(i, fault(errBarred))
	case doubtful:
		rt.counts.suspected.Add(1)
		l.overTCP(i)
	case truncated(packet):
		l.overTCP(i)
	default:
		l.read(i, packet)
	}
}

// folded reports whether packet would answer the question of s but for the case
// of its letters, from an upstream that is known not to keep it. The first few
// such replies show that it does not; their questions are asked again.
func (l *lane) folded(packet []byte, s *slot) bool {
	const proof = 4
	if !l.mixCase || len(packet) < int(s.end) {
		return false
	}
	question := s.question()
	theirs := packet[headerSize : headerSize+len(question)]
	if !bytes.EqualFold(theirs, question) {
		return false
	}
	copy(theirs, question)
	if !answers(packet, s.id, question) {
		return false
	}
	rt := l.from
	if rt.folded.Add(1) == proof {
		rt.folds.Store(true)
		l.log.Warn("an upstream does not keep the case of names: 0x20 is off for it", "resolver", rt.addr)
	}
	return rt.folds.Load()
}

// missed notes a datagram that answers no question in flight on its port: ours
// is the question that has its id, if there is one, and the packet's its own.
func (l *lane) missed(packet, ours []byte) {
	l.from.counts.mismatched.Add(1)
	if ours != nil {
		l.suspects.miss(ours, l.now)
	}
	if end := plainQuestionEnd(packet); end > 0 && !bytes.Equal(packet[headerSize:end], ours) {
		l.suspects.miss(packet[headerSize:end], l.now)
	}
}

// plainQuestionEnd is the end of the one question of a packet, or -1.
func plainQuestionEnd(packet []byte) int {
	if binary.BigEndian.Uint16(packet[4:]) != 1 {
		return -1
	}
	off := headerSize
	for off < len(packet) && packet[off] != 0 {
		if packet[off] > maxLabel || off > headerSize+maxName {
			return -1
		}
		off += 1 + int(packet[off])
	}
	if off += 5; off > len(packet) {
		return -1
	}
	return off
}

// read makes an answer of the valid reply to a question that has landed, or
// lets it be asked again.
func (l *lane) read(i uint32, packet []byte) {
	s := &l.table.slots[i]
	rt := l.routes[s.route]
	rd, zone, ok := readPlain(packet, int(s.end))
	if ok {
		l.answer(i, rd, zone)
		return
	}
	if l.mixCase {
		lower(packet[headerSize:s.end])
	}
	rd, err := readMessage(packet)
	switch {
	case err != nil:
		l.failed(i, failure(malformed, err))
	case rd.rcode == dns.RcodeFormatError:
		l.withoutEDNS(i)
	case again(rd.rcode):
		rt.complain(rd.rcode)
		l.declined(i, rd)
	default:
		l.answer(i, rd, 0)
	}
}

// answer ends a question with a reading.
func (l *lane) answer(i uint32, rd reading, zone int) {
	s := &l.table.slots[i]
	if l.isFresh(i) && s.tries == 1 {
		l.routes[s.route].window.answered(l.now, s.sent)
	}
	l.answers = append(l.answers, Answer{
		Tag:     l.table.questions[i].Tag,
		Outcome: rd.outcome, EDE: rd.ede, Authenticated: rd.authenticated, Rcode: rd.rcode, Msg: rd.msg,
		Trace: l.trace(i),
	})
	a := &l.answers[len(l.answers)-1]
	switch {
	case rd.msg == nil:
		a.Zone = zoneOf(&l.table.questions[i], zone)
	case rd.outcome != Reply:
		a.Zone, a.Msg = rd.zone, nil
	}
	if s.tries > 1 {
		delete(l.history, i)
	}
	l.table.release(i)
	if a.Msg != nil {
		if l.parsed++; l.parsed == mostParsed {
			l.handAll()
		}
	}
}

func (l *lane) trace(i uint32) Trace {
	s := &l.table.slots[i]
	return Trace{Upstream: l.routes[s.route].addr, Attempts: int(s.tries), Elapsed: l.now - s.began}
}

// zoneOf is the zone of a denial: so many octets at the end of the name asked
// for; 0: no zone was named.
func zoneOf(q *Question, octets int) string {
	switch {
	case octets == 0:
		return ""
	case octets == rootZone:
		return "."
	case octets <= len(q.Name):
		return q.Name[len(q.Name)-octets:]
	}
	owner := q.owner()
	return strings.ToLower(owner[len(owner)-octets:])
}
