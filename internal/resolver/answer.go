package resolver

import (
	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/dnswire"
)

// readReply makes an answer of a valid reply to a question, whose section ends at end, or lets it be asked again.
func (l *lane) readReply(i uint32, packet []byte, end int) {
	if d, ok := dnswire.ReadDenial(packet, end); ok {
		it := &l.table.items[i]
		l.creditWindow(it)
		rd := denialOf(&d, l.table.labels[it.label], it.name)
		l.answer(i, &rd)
		return
	}
	if l.mixCase {
		dnswire.LowerCase(packet[dnswire.HeaderSize:end])
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
		l.answer(i, &rd)
	}
}

// creditWindow notes a reply to the first attempt of a question that did not fail before, if the upstream did what it
// was asked.
func (l *lane) creditWindow(it *item) {
	if it.isFirstAttempt() {
		l.readRoute.window.Answered(l.now, it.sent())
	}
}

// answer ends a question with a reading of its reply.
func (l *lane) answer(i uint32, rd *reading) {
	l.answers = append(l.answers, Answer{
		Tag:     l.table.items[i].tag,
		Outcome: rd.outcome, EDE: rd.ede, Authenticated: rd.authenticated, Rcode: rd.rcode, Msg: rd.msg,
		Trace: l.trace(i, l.readRoute),
	})
	a := &l.answers[len(l.answers)-1]
	if rd.outcome != Reply {
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
