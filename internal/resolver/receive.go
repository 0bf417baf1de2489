package resolver

import (
	"bytes"
	"encoding/binary"

	"stsscan/internal/dnswire"
	"stsscan/internal/forgery"
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

// receiveDatagrams takes datagrams. With many questions in flight their items and slots are all over tables that no
// cache holds. A first pass that only touches them has the processor fetch them side by side.
func (l *lane) receiveDatagrams(packets [][]byte) {
	for _, packet := range packets {
		if len(packet) < dnswire.HeaderSize {
			continue
		}
		if i := l.ids.Holder(l.readPort.number, binary.BigEndian.Uint16(packet)); i != forgery.Free {
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

// receiveDatagram takes a datagram. Nothing parses it before its octets show that it answers a question in flight:
// RFC 5452, section 9.1.
func (l *lane) receiveDatagram(packet []byte) {
	rt, p := l.readRoute, l.readPort
	if len(packet) < dnswire.HeaderSize {
		rt.upstream.counts.mismatched.Add(1)
		return
	}
	id := binary.BigEndian.Uint16(packet)
	i := l.ids.Holder(p.number, id)
	if i == forgery.Free {
		l.noteNearMiss(packet, nil)
		return
	}
	it := &l.table.items[i]
	first := it.flights[0] == portID{p.number, id}
	question := l.sentQuestion(it, first)
	if !dnswire.IsReply(packet, id, question) && !l.matchesFolded(packet, id, question) {
		l.noteNearMiss(packet, question)
		return
	}
	doubtful := l.nearMisses.TooMany(question, l.now)
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
	case dnswire.IsTruncated(packet):
		l.creditWindow(it)
		l.toSlowPath(i, stepTCP)
	default:
		l.readReply(i, packet, dnswire.HeaderSize+len(question))
	}
}

// sentQuestion is the question section that an attempt of an item sent. Unless it is in flight, it is written anew.
func (l *lane) sentQuestion(it *item, first bool) []byte {
	if first && it.where == inFlight {
		return l.table.questionSection(it)
	}
	end, _, _ := dnswire.PackQuery(l.lateQuery[:], l.table.labels[it.label], it.name, it.qtype)
	question := l.lateQuery[dnswire.HeaderSize:end]
	if l.mixCase {
		at := it.flights[0]
		if !first {
			at = it.flights[1]
		}
		l.cases.Mix(question, it.tag, at.port, at.id)
	}
	return question
}

// matchesFolded reports whether packet answers a question but for the case of its letters, and the upstream is known
// not to keep it. The first few such replies show that; their questions are asked again.
func (l *lane) matchesFolded(packet []byte, id uint16, question []byte) bool {
	const proof = 4
	if !l.mixCase || len(packet) < dnswire.HeaderSize+len(question) {
		return false
	}
	theirs := packet[dnswire.HeaderSize : dnswire.HeaderSize+len(question)]
	if !bytes.EqualFold(theirs, question) {
		return false
	}
	copy(theirs, question)
	if !dnswire.IsReply(packet, id, question) {
		return false
	}
	rt := l.readRoute
	if rt.upstream.caseFolded.Add(1) == proof {
		rt.upstream.foldsCase.Store(true)
		l.resolver.log.Warn("an upstream does not keep the case of names: 0x20 is off for it",
			"resolver", rt.upstream.addr)
	}
	return rt.upstream.foldsCase.Load()
}

// noteNearMiss counts a datagram that answers no question in flight on its port as a near-miss of two: of ours, which
// has its id, if there is one, and of its own.
func (l *lane) noteNearMiss(packet, ours []byte) {
	l.readRoute.upstream.counts.mismatched.Add(1)
	if ours != nil {
		l.nearMisses.Add(ours, l.now)
	}
	if end := dnswire.QuestionEnd(packet); end > 0 && !bytes.Equal(packet[dnswire.HeaderSize:end], ours) {
		l.nearMisses.Add(packet[dnswire.HeaderSize:end], l.now)
	}
}
