package resolver

import (
	"context"
	"errors"
	"time"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
)

// Exchange asks the question of q, a query with exactly one, and returns the
// reply. q is not changed; it is sent with an OPT record of our size and an id
// of our own, and the reply has the id of q.
//
// An attempt that meets silence, a garbled reply, or one of the rcodes
// SERVFAIL, REFUSED, NOTIMP and FORMERR is followed by the next, on another
// upstream where there is one; NXDOMAIN never is. When no attempt does better,
// the last reply is returned, whatever its rcode. An error is of type *[Error].
//
// Each attempt has its own time-out. The deadline of ctx, if it comes first,
// ends the exchange; waits for the rate limit count against that deadline only.
func (r *Resolver) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	a := r.askers.Get().(*asker)
	defer r.askers.Put(a)
	if err := a.pack(q); err != nil {
		return nil, &Error{question: "question", reason: codes.RecordMalformed, err: err}
	}
	rd, err := r.ask(ctx, a, false)
	record(ctx, a.trace, err == nil)
	if err != nil {
		return nil, err
	}
	rd.msg.Id = q.Id
	return rd.msg, nil
}

// An asker is what one question needs while it is asked. It is used for one
// question after the other, by one goroutine at a time.
type asker struct {
	query
	flight flight
	timer  *time.Timer
	trace  Trace
	plain  bool // readPlain will do, for a question made by query.ask
}

func newAsker() *asker {
	a := &asker{flight: flight{done: make(chan struct{}, 1)}, timer: time.NewTimer(time.Hour)}
	a.timer.Stop()
	return a
}

// ask puts the question of a to upstreams until one gives an answer that is
// worth keeping, and leaves what it took in a.trace.
func (r *Resolver) ask(ctx context.Context, a *asker, plain bool) (reading, error) {
	began := r.now()
	a.trace, a.plain = Trace{}, plain
	var (
		kept   reading // the last reply, of an rcode that is tried again
		got    bool
		source Trace  // of kept
		failed *Error // the last attempt that says something about the question, else the last
	)
	var u *upstream
	tried := began // when the last attempt began
	for range r.attempts {
		tried = r.now()
		last := u
		if u = r.next(last); u == last && failed != nil && failed.local {
			r.pause(ctx) // nobody listens, and there is nobody else: give it a moment
		}
		rd, err := r.attempt(ctx, a, u)
		switch {
		case err == nil && !again(rd.rcode):
			a.trace.Elapsed = r.now() - began
			return rd, nil
		case err == nil:
			kept, got, source = rd, true, a.trace
			continue
		case failed == nil, failed.local, !err.local:
			failed = err
			failed.upstream = u.addr
		}
		if ctx.Err() != nil || r.life.Err() != nil {
			break
		}
	}
	if got && !errors.Is(ctx.Err(), context.Canceled) { // cut short, it was not the last word
		a.trace.Upstream, a.trace.TCP = source.Upstream, source.TCP
		a.trace.Elapsed = r.now() - began
		return kept, nil
	}
	switch {
	case failed == nil:
		failed = ended(ctx)
	case errors.Is(failed.err, errNoAnswer) && !r.alive(ctx, tried):
		// What was heard before says nothing about an upstream that fell silent.
		failed = &Error{upstream: failed.upstream, local: true, err: ErrSilent}
	}
	failed.question = a.String()
	a.trace.Elapsed = r.now() - began
	return reading{}, failed
}

// again reports whether another upstream may know better.
func again(rcode int) bool {
	switch rcode {
	case dns.RcodeServerFailure, dns.RcodeRefused, dns.RcodeNotImplemented, dns.RcodeFormatError:
		return true
	}
	return false
}

// attempt asks one upstream once: over UDP, over TCP where the answer is
// truncated, and again without EDNS(0) where the answer is FORMERR.
func (r *Resolver) attempt(ctx context.Context, a *asker, u *upstream) (reading, *Error) {
	a.useEDNS(true)
	for {
		a.trace.Upstream, a.trace.TCP = u.addr, false
		packet, err := r.overUDP(ctx, a, u)
		if err == nil && truncated(packet) {
			a.trace.TCP = true
			packet, err = r.overTCP(ctx, a, u)
		}
		if err != nil {
			return reading{}, err
		}
		rd, ok := reading{}, false
		if a.plain {
			rd, ok = readPlain(packet, a.name, a.end)
		}
		if !ok {
			var err error
			if rd, err = readMessage(packet); err != nil {
				return reading{}, failure(codes.RecordMalformed, err)
			}
		}
		switch rd.rcode {
		case dns.RcodeServerFailure:
			u.counts.servfail.Add(1)
		case dns.RcodeRefused:
			u.counts.refused.Add(1)
		case dns.RcodeFormatError:
			if a.edns {
				a.useEDNS(false)
				continue
			}
		}
		return rd, nil
	}
}

// overUDP sends the question and waits for its reply, which is valid until a is
// used again.
func (r *Resolver) overUDP(ctx context.Context, a *asker, u *upstream) ([]byte, *Error) {
	if err := r.admit(ctx, a.plain); err != nil {
		return nil, err
	}
	a.flight.query, a.flight.question = a.message(), a.question()
	s := u.socket()
	a.trace.Attempts++
	u.counts.asked.Add(1)
	if err := s.send(&a.flight); err != nil {
		u.counts.failed.Add(1)
		u.loss.count(true)
		return nil, fault(err)
	}
	a.timer.Reset(r.timeout)
	defer a.timer.Stop()
	select {
	case <-a.flight.done:
	case <-a.timer.C:
		if s.forget(&a.flight) {
			u.counts.timeouts.Add(1)
			u.loss.count(true)
			return nil, failure(codes.RecordTimeout, errNoAnswer)
		}
		<-a.flight.done // it came in the last moment
	case <-ctx.Done():
		if s.forget(&a.flight) {
			return nil, ended(ctx)
		}
		<-a.flight.done
	}
	if a.flight.err != nil {
		u.counts.failed.Add(1)
		u.loss.count(true)
		return nil, fault(a.flight.err)
	}
	u.loss.count(false)
	return a.flight.reply, nil
}

// admit waits until the rate limit lets one more question out. The questions of
// sweeps wait for each other first, so that those of surveys, whose deadlines
// are running, never stand behind a thousand of them.
func (r *Resolver) admit(ctx context.Context, sweeping bool) *Error {
	switch {
	case r.life.Err() != nil:
		return fault(context.Cause(r.life))
	case ctx.Err() != nil:
		return ended(ctx)
	case r.limiter == nil:
		return nil
	}
	if sweeping {
		select {
		case r.turn <- struct{}{}:
			defer func() { <-r.turn }()
		case <-ctx.Done():
			return ended(ctx)
		}
	}
	if err := r.limiter.Wait(ctx); err != nil {
		return fault(err) // our own queue was too long
	}
	return nil
}

// pause waits a tenth of an attempt.
func (r *Resolver) pause(ctx context.Context) {
	t := time.NewTimer(r.timeout / 10)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-r.life.Done():
	}
}
