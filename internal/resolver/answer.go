package resolver

import (
	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/dnswire"
)

// readReply makes an answer of a valid reply to a question, whose section ends at end, or lets it be asked again.
func (l *lane) readReply(i uint32, packet []byte, end int) {
	if d, ok := dnswire.ReadDenial(packet, end); ok {
		l.answerDenial(i, &d)
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
		l.answerMessage(i, &rd)
	}
}

// creditWindow notes a reply to the first attempt of a question that did not fail before, if the upstream did what it
// was asked.
func (l *lane) creditWindow(it *item) {
	if it.isFirstAttempt() {
		l.readRoute.window.Answered(l.now, it.sent())
	}
}

// answerDenial ends a question with a denial. Nearly all end so: nothing is copied but the answer.
func (l *lane) answerDenial(i uint32, d *dnswire.Denial) {
	it := &l.table.items[i]
	l.creditWindow(it)
	a := l.newAnswer(i)
	a.Outcome = NODATA
	if d.NXDOMAIN {
		a.Outcome, a.Rcode = NXDOMAIN, dns.RcodeNameError
	}
	a.Zone, a.EDE, a.Authenticated = d.Zone(l.table.labels[it.label], it.name), d.EDE, d.Authenticated
	l.detach(i)
	l.drop(i)
}

// answerMessage ends a question with a reading of its reply.
func (l *lane) answerMessage(i uint32, rd *reading) {
	a := l.newAnswer(i)
	a.Outcome, a.EDE, a.Authenticated, a.Rcode = rd.outcome, rd.ede, rd.authenticated, rd.rcode
	if rd.outcome == Reply {
		a.Msg = rd.msg
	} else {
		a.Zone = rd.zone
	}
	l.detach(i)
	l.drop(i)
	if a.Msg != nil {
		if l.parsed++; l.parsed == maxParsed {
			l.deliverAnswers()
		}
	}
}

// newAnswer is an answer to be filled in for a question whose reply is being read.
func (l *lane) newAnswer(i uint32) *Answer {
	l.answers = append(l.answers, Answer{})
	a := &l.answers[len(l.answers)-1]
	a.Tag, a.Trace = l.table.items[i].tag, l.trace(i, l.readRoute)
	return a
}
