package resolver

import (
	"cmp"
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
// An attempt that meets silence (see [WithPatience]), a garbled reply, or one of the rcodes
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

	timeout time.Duration // of an attempt; 0: that of the Resolver
	canary  bool          // the question is one, which is asked of those that are stopped too
}

func newAsker() *asker {
	a := &asker{flight: flight{done: make(chan struct{}, 1)}, timer: time.NewTimer(time.Hour)}
	a.timer.Stop()
	return a
}

// An effort is what has become of a question so far.
type effort struct {
	began  time.Duration // when it was asked first
	tried  time.Duration // when the last attempt began
	made   int           // attempts
	last   *upstream     // of the last attempt
	kept   reading       // the last reply, of an rcode that is tried again
	got    bool          // there is one
	source Trace         // of kept
	failed *Error        // the last attempt that says most about the question
}

// ask puts the question of a to upstreams until one gives an answer that is
// worth keeping, and leaves what it took in a.trace.
func (r *Resolver) ask(ctx context.Context, a *asker, plain bool) (reading, error) {
	now := r.now()
	a.trace, a.plain = Trace{}, plain
	return r.pursue(ctx, a, &effort{began: now, tried: now}, stepUDP)
}

// pursue goes on with a question. The attempt that was made last goes on at the
// given step, if there is one. With a watch, a failure is returned when it can be
// believed; until then, and while all upstreams are stopped, pursue waits.
func (r *Resolver) pursue(ctx context.Context, a *asker, e *effort, at step) (reading, error) {
	if r.watch == nil {
		return r.chase(ctx, a, e, at)
	}
	for times := 0; ; times++ {
		if err := r.await(ctx); err != nil {
			err.question = a.String()
			return reading{}, err
		}
		rd, err := r.chase(ctx, a, e, at)
		var failed *Error
		switch {
		case err == nil && !again(rd.rcode), r.life.Err() != nil:
			return rd, err
		case ctx.Err() != nil:
			if errors.As(err, &failed) && r.doubted(e.began) {
				failed.local, failed.reason = true, ""
			}
			return rd, err
		}
		last := cmp.Or(e.last, r.upstreams[0])
		doubted, unsure := r.believe(ctx, last, e.began)
		switch {
		case unsure != nil:
			unsure.question = a.String()
			return reading{}, unsure
		case doubted, errors.As(err, &failed) && failed.local && times < mostAgain:
		default:
			return rd, err
		}
		now := r.now()
		*e, at = effort{began: now, tried: now}, stepUDP
	}
}

// chase makes the attempts of a question.
func (r *Resolver) chase(ctx context.Context, a *asker, e *effort, at step) (reading, error) {
	if at == stepTCP || at == stepBare {
		e.made--
	}
	for e.made < r.most(patient(ctx), e.got) {
		u := e.last
		if at == stepUDP {
			e.tried = r.now()
			if u = r.next(e.last); u == e.last && e.failed != nil && e.failed.local {
				r.pause(ctx) // nobody listens, and there is nobody else: give it a moment
			}
		}
		rd, err := r.attempt(ctx, a, u, at)
		e.last, at = u, stepUDP
		e.made++
		switch {
		case err == nil && !again(rd.rcode):
			a.trace.Elapsed = r.now() - e.began
			return rd, nil
		case err == nil:
			e.kept, e.got, e.source = rd, true, a.trace
			continue
		case err.outweighs(e.failed):
			e.failed = err
			e.failed.upstream = u.addr
		}
		if ctx.Err() != nil || r.life.Err() != nil {
			break
		}
	}
	a.trace.Elapsed = r.now() - e.began
	if e.got && !errors.Is(ctx.Err(), context.Canceled) { // cut short, it was not the last word
		a.trace.Upstream, a.trace.TCP = e.source.Upstream, e.source.TCP
		return e.kept, nil
	}
	failed := e.failed
	switch {
	case failed == nil:
		failed = ended(ctx)
	case r.watch == nil && errors.Is(failed.err, errNoAnswer) && !r.alive(ctx, e.tried):
		// What was heard before says nothing about an upstream that fell silent.
		failed = &Error{upstream: failed.upstream, local: true, err: ErrSilent}
	}
	failed.question = a.String()
	a.trace.Elapsed = r.now() - e.began
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
// truncated or in doubt, and again without EDNS(0) where the answer is FORMERR.
func (r *Resolver) attempt(ctx context.Context, a *asker, u *upstream, at step) (reading, *Error) {
	a.useEDNS(at != stepBare)
	for {
		a.trace.Upstream, a.trace.TCP = u.addr, at == stepTCP
		var packet []byte
		if at != stepTCP {
			var err *Error
			if packet, err = r.overUDP(ctx, a, u); err != nil {
				return reading{}, err
			}
			a.trace.TCP = truncated(packet)
		}
		if a.trace.TCP {
			var err *Error
			if packet, err = r.overTCP(ctx, a, u); err != nil {
				return reading{}, err
			}
		}
		at = stepUDP
		rd, err := r.read(a, packet)
		if err != nil {
			return reading{}, failure(codes.RecordMalformed, err)
		}
		u.complain(rd.rcode)
		if rd.rcode == dns.RcodeFormatError && a.edns {
			a.useEDNS(false)
			continue
		}
		return rd, nil
	}
}

// read reads a valid reply. Few large ones are read at a time: in memory they
// are twenty times as large as on the wire, until somebody has looked into them.
func (r *Resolver) read(a *asker, packet []byte) (reading, error) {
	if len(packet) > largeReply {
		r.large <- struct{}{}
		defer func() { <-r.large }()
	}
	return a.read(packet)
}

// read reads a valid reply.
func (a *asker) read(packet []byte) (reading, error) {
	if a.plain {
		if rd, zone, ok := readPlain(packet, a.end); ok {
			rd.zone = zoneOf(&Question{Name: a.name}, zone)
			return rd, nil
		}
	}
	return readMessage(packet)
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
	timeout := cmp.Or(a.timeout, r.timeout)
	sent := r.now()
	a.timer.Reset(timeout)
	defer a.timer.Stop()
	select {
	case <-a.flight.done:
	case <-a.timer.C:
		if r.now()-sent > timeout+stall { // this process was stopped meanwhile: the reply may be there
			a.timer.Reset(timeout / 4)
			select {
			case <-a.flight.done:
				a.flight.done <- struct{}{} // for whoever takes it below
			case <-a.timer.C:
			case <-ctx.Done():
			}
		}
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
	if u.guard.barred.Load() && !a.canary {
		return nil, fault(errBarred)
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
	if err := r.limiter.wait(ctx); err != nil {
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
