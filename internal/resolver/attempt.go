package resolver

import (
	"cmp"
	"context"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/dnswire"
)

// attempt asks one upstream once: over UDP, over TCP where the answer is truncated or in doubt, and again without
// EDNS(0) where the answer is FORMERR. It returns the upstream that answered, which may be one of an earlier attempt.
func (r *Resolver) attempt(ctx context.Context, a *asker, u *upstream, at step) (reading, *upstream, *Error) {
	a.query.UseEDNS(at != stepBare)
	for {
		a.trace.Upstream, a.trace.TCP = u.addr, at == stepTCP
		var packet []byte
		if at != stepTCP {
			f, err := r.exchangeUDP(ctx, a, u, at != stepWait)
			if err != nil {
				return reading{}, u, err
			}
			packet, u = f.reply, f.from
			a.trace.Upstream, a.trace.TCP = u.addr, dnswire.IsTruncated(packet)
		}
		if a.trace.TCP {
			var err *Error
			if packet, err = r.exchangeTCP(ctx, a, u); err != nil {
				return reading{}, u, err
			}
		}
		at = stepUDP
		rd, err := r.readReply(packet)
		if err != nil {
			return reading{}, u, failure(codes.RecordMalformed, err)
		}
		u.countDeclined(rd.rcode)
		if rd.rcode == dns.RcodeFormatError && a.query.EDNS {
			a.query.UseEDNS(false)
			continue
		}
		return rd, u, nil
	}
}

// readReply reads a valid reply. Few large ones are read at a time: in memory they are twenty times as large as on
// the wire, until they have been looked into.
func (r *Resolver) readReply(packet []byte) (reading, error) {
	if len(packet) > largeReply {
		r.largeSlots <- struct{}{}
		defer func() { <-r.largeSlots }()
	}
	return readMessage(packet)
}

// exchangeUDP sends the question to u, if send says so, and waits for a reply to any attempt. The flight is valid
// until a is used again.
func (r *Resolver) exchangeUDP(ctx context.Context, a *asker, u *upstream, send bool) (*flight, *Error) {
	if send {
		if err := r.sendUDP(ctx, a, u); err != nil {
			return nil, err
		}
	}
	timeout := cmp.Or(a.timeout, r.schedule.timeout)
	promptTime := min(cmp.Or(a.promptTime, timeout), timeout)
	if send {
		a.sentAt = r.now()
		a.until = a.sentAt + timeout
		if r.watch != nil {
			a.until = a.sentAt + promptTime
		}
	}
	defer a.timer.Stop()
	for {
		a.timer.Reset(a.until - r.now())
		select {
		case f := <-a.done:
			if g, err := r.flightEnded(a, f, u); g != nil || err != nil {
				return g, err
			}
			continue
		case <-ctx.Done():
			return nil, endedBy(ctx)
		case <-a.timer.C:
		}
		switch now := r.now(); {
		case now > a.until+stall: // this process was stopped meanwhile: the reply may be there
			a.until = now + timeout/4
		case a.until < a.sentAt+timeout && !r.isPrompt(u, now):
			a.until = a.sentAt + timeout
		default:
			u.counts.timeouts.Add(1)
			u.loss.Count(true)
			return nil, failure(codes.RecordTimeout, errNoAnswer)
		}
	}
}

// sendUDP sends the question to u. Where a reply to an earlier datagram is still expected, it sends the same once
// more, so that a forger has no more to hit (RFC 5452, section 5).
func (r *Resolver) sendUDP(ctx context.Context, a *asker, u *upstream) *Error {
	if err := r.waitForRate(ctx, a.sweeping); err != nil {
		return err
	}
	f, isNew := a.flightTo(u)
	if isNew {
		f.question = a.query.Question()
	}
	f.sent = r.now()
	a.trace.Attempts++
	u.counts.asked.Add(1)
	if err := f.socket.send(f, a.query.Message(), isNew); err != nil {
		f.upstream = nil
		u.counts.failed.Add(1)
		u.loss.Count(true)
		return fault(err)
	}
	return nil
}

// flightEnded takes the end of a flight while the attempt at u waits: nil and nil where that goes on.
func (r *Resolver) flightEnded(a *asker, f *flight, u *upstream) (*flight, *Error) {
	from := f.upstream
	f.from, f.upstream = from, nil
	switch {
	case f.err != nil:
		from.counts.failed.Add(1)
		from.loss.Count(true)
		if from != u {
			return nil, nil
		}
		return nil, fault(f.err)
	case from.breaker.IsDistrusted() && !a.isCanary:
		if from != u {
			return nil, nil
		}
		return nil, fault(errDistrusted)
	}
	from.loss.Count(false)
	return f, nil
}

// release puts an asker back. It expects no reply any more.
func (r *Resolver) release(a *asker) {
	a.forget()
	r.askers.Put(a)
}
