package resolver

import (
	"bytes"
	"encoding/binary"
	"strings"

	"stsscan/internal/codes"

	"github.com/miekg/dns"

	"stsscan/internal/udpbatch"
)

// receive takes the replies that are there, from every port that something is expected on.
func (l *lane) receive() (got int) {
	const rounds = 8 // a flood on one port must not keep the lane from the others
	for _, rt := range l.routes {
		l.readRoute, l.validReplies = rt, 0
		l.distrusted = rt.upstream.breaker.IsDistrusted()
		for k := range rt.ports {
			p := &rt.ports[k]
			l.readPort = p
			for round := 0; p.idsTaken > 0 && round < rounds; round++ {
				n, err := p.conn.Receive(l.onDatagrams)
				got += n
				if err != nil {
					l.portFailed(rt, p, err)
				}
				if n < udpbatch.MaxBatch {
					break
				}
			}
		}
		if l.validReplies > 0 {
			rt.upstream.counts.answered.Add(int64(l.validReplies))
			rt.upstream.loss.Answered(l.validReplies)
			rt.window.Replied(l.now, l.validReplies)
			l.resolver.lastReply.Store(int64(l.now))
			rt.upstream.lastReply.Store(int64(l.now))
		}
	}
	return got
}

// receiveDatagrams takes datagrams. With many questions in flight their items and slots are all over tables
// that no cache holds: looked at one after the other for nothing else, they are fetched side by side, and one
// at a time otherwise.
func (l *lane) receiveDatagrams(packets [][]byte) {
	for _, packet := range packets {
		if len(packet) < headerSize {
			continue
		}
		if i := l.ids.holder(l.readPort.number, binary.BigEndian.Uint16(packet)); i != nowhere {
			it := &l.table.items[i]
			if it.slot != nowhere {
				l.sink += int(l.table.slots[it.slot][inlineQuery/2])
			}
		}
	}
	for _, packet := range packets {
		l.receiveDatagram(packet)
	}
}

// receiveDatagram takes a datagram. It is looked at from its bytes alone until it is known to answer a question
// of ours: RFC 5452, section 9.1.
func (l *lane) receiveDatagram(packet []byte) {
	rt, p := l.readRoute, l.readPort
	if len(packet) < headerSize {
		rt.upstream.counts.mismatched.Add(1)
		return
	}
	id := binary.BigEndian.Uint16(packet)
	i := l.ids.holder(p.number, id)
	if i == nowhere {
		l.noteNearMiss(packet, nil)
		return
	}
	it := &l.table.items[i]
	first := it.flights[0] == portID{p.number, id}
	question := l.sentQuestion(it, first)
	if !answers(packet, id, question) && !l.matchesFolded(packet, id, question) {
		l.noteNearMiss(packet, question)
		return
	}
	doubtful := l.suspects.has(question, l.now)
	l.closeFlight(it, first)
	if first && it.where == inFlight {
		l.leaveFlight(i)
	}
	l.validReplies++
	switch {
	case l.distrusted:
		l.noteFailure(i, fault(errDistrusted), rt)
		l.proceed(i, true)
	case doubtful:
		rt.upstream.counts.suspected.Add(1)
		l.creditWindow(it)
		l.toSlowPath(i, stepTCP)
	case truncated(packet):
		l.creditWindow(it)
		l.toSlowPath(i, stepTCP)
	default:
		l.readReply(i, packet, headerSize+len(question))
	}
}

// creditWindow tells the window of a reply to the first attempt of a question that did not fail before, if the
// upstream did what it was asked.
func (l *lane) creditWindow(it *item) {
	if it.isFirstAttempt() {
		l.readRoute.window.Answered(l.now, it.sent())
	}
}

// sentQuestion is the question section of an attempt of an item. Unless it is in flight, it is written anew.
func (l *lane) sentQuestion(it *item, first bool) []byte {
	if first && it.where == inFlight {
		return l.table.questionSection(it)
	}
	end, _, _ := packPlain(l.lateQuery[:], l.table.labels[it.label], it.name, it.qtype)
	question := l.lateQuery[headerSize:end]
	if l.mixCase {
		at := it.flights[0]
		if !first {
			at = it.flights[1]
		}
		l.cases.mix(question, it.tag, at, true)
	}
	return question
}

// matchesFolded reports whether packet would answer a question but for the case of its letters, from an
// upstream that is known not to keep it. The first few such replies show that it does not; their questions are
// asked again.
func (l *lane) matchesFolded(packet []byte, id uint16, question []byte) bool {
	const proof = 4
	if !l.mixCase || len(packet) < headerSize+len(question) {
		return false
	}
	theirs := packet[headerSize : headerSize+len(question)]
	if !bytes.EqualFold(theirs, question) {
		return false
	}
	copy(theirs, question)
	if !answers(packet, id, question) {
		return false
	}
	rt := l.readRoute
	if rt.upstream.caseFolded.Add(1) == proof {
		rt.upstream.foldsCase.Store(true)
		l.resolver.log.Warn("an upstream does not keep the case of names: 0x20 is off for it", "resolver", rt.upstream.addr)
	}
	return rt.upstream.foldsCase.Load()
}

// noteNearMiss notes a datagram that answers no question in flight on its port: ours is the question that has
// its id, if there is one, and the packet's its own.
func (l *lane) noteNearMiss(packet, ours []byte) {
	l.readRoute.upstream.counts.mismatched.Add(1)
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

// readReply makes an answer of a valid reply to a question, which ends at end, or lets it be asked again.
func (l *lane) readReply(i uint32, packet []byte, end int) {
	rd, zone, ok := readPlain(packet, end)
	if ok {
		l.creditWindow(&l.table.items[i])
		l.answer(i, rd, zone)
		return
	}
	if l.mixCase {
		lower(packet[headerSize:end])
	}
	rt := l.readRoute
	rd, err := readMessage(packet)
	if err != nil || !declines(rd.rcode) {
		l.creditWindow(&l.table.items[i])
	}
	switch {
	case err != nil:
		l.noteFailure(i, failure(codes.RecordMalformed, err), rt)
		l.proceed(i, false)
	case rd.rcode == dns.RcodeFormatError:
		l.toSlowPath(i, stepBare)
	case declines(rd.rcode):
		rt.upstream.countDeclined(rd.rcode)
		h := l.history[i]
		h.evidence.noteDeclined(rd, l.trace(i, rt))
		l.history[i] = h
		l.proceed(i, false)
	default:
		l.answer(i, rd, 0)
	}
}

// answer ends a question with a reading of the reply that is there.
func (l *lane) answer(i uint32, rd reading, zone int) {
	it := &l.table.items[i]
	l.answers = append(l.answers, Answer{
		Tag:     it.tag,
		Outcome: rd.outcome, EDE: rd.ede, Authenticated: rd.authenticated, Rcode: rd.rcode, Msg: rd.msg,
		Trace: l.trace(i, l.readRoute),
	})
	a := &l.answers[len(l.answers)-1]
	switch {
	case rd.msg == nil:
		a.Zone = zoneOf(l.table.labels[it.label], it.name, zone)
	case rd.outcome != Reply:
		a.Zone, a.Msg = rd.zone, nil
	}
	l.detach(i)
	l.drop(i)
	if a.Msg != nil {
		if l.parsed++; l.parsed == maxParsed {
			l.deliverAnswers()
		}
	}
}

// zoneOf is the zone of a denial: so many octets at the end of the name asked for; 0: no zone was named.
func zoneOf(label, name string, octets int) string {
	switch {
	case octets == 0:
		return ""
	case octets == rootZone:
		return "."
	case octets <= len(name):
		return name[len(name)-octets:]
	}
	owner := label + "." + name
	return strings.ToLower(owner[len(owner)-octets:])
}
