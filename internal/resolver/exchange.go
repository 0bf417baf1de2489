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
// An attempt that meets silence, a garbled reply, or one of the rcodes
// SERVFAIL, REFUSED, NOTIMP and FORMERR is followed by the next, on another
// upstream where there is one; NXDOMAIN never is. A reply to an earlier attempt is
// as good as one to the last. When no attempt does better,
// the last reply is returned, whatever its rcode. An error is of type *[Error].
//
// How long an attempt waits, [Config] says under Timeout. The deadline of ctx, if it
// comes first, ends the exchange; waits for the rate limit count against that
// deadline only.
func (r *Resolver) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	a := r.askers.Get().(*asker)
	defer r.release(a)
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
	flights [mostFlights]flight // one for an upstream; those over the latest come first
	done    chan *flight        // capacity mostFlights: those whose reply or error is there
	timer   *time.Timer
	trace   Trace
	plain   bool // readPlain will do, for a question made by query.ask

	timeout time.Duration // of an attempt; 0: that of the Resolver
	prompt  time.Duration // of an attempt at an upstream that is prompt; 0: no other
	sent    time.Duration // the attempt under way
	until   time.Duration // it waits
	canary  bool          // the question is one, which is asked of those that are stopped too
}

// mostFlights is at how many upstreams a question expects replies at a time.
const mostFlights = 3

func newAsker() *asker {
	a := &asker{done: make(chan *flight, mostFlights), timer: time.NewTimer(time.Hour)}
	a.timer.Stop()
	for i := range a.flights {
		a.flights[i].done = a.done
	}
	return a
}

// release puts an asker back, which expects no reply any more.
func (r *Resolver) release(a *asker) {
	a.forget()
	r.askers.Put(a)
}

// forget expects no reply any more.
func (a *asker) forget() {
	for i := range a.flights {
		if f := &a.flights[i]; f.upstream != nil {
			if !f.socket.forget(f) {
				<-a.done // of this one or of another that has come
			}
			f.upstream = nil
		}
	}
}

// flightTo is the flight to u to which a reply is expected. Where there is none it is
// a new one, over a socket at random, in place of the oldest.
func (a *asker) flightTo(u *upstream) (f *flight, isNew bool) {
	f = &a.flights[0]
	for i := range a.flights {
		g := &a.flights[i]
		if g.upstream == u {
			return g, false
		}
		if g.upstream == nil || f.upstream != nil && g.sent < f.sent {
			f = g
		}
	}
	if f.upstream != nil && !f.socket.forget(f) {
		a.drop(f)
	}
	f.upstream, f.socket = u, u.socket()
	return f, true
}

// drop takes the end of a flight, which has come, from among the others.
func (a *asker) drop(f *flight) {
	for {
		g := <-a.done
		if g == f {
			return
		}
		a.done <- g
	}
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
	for at == stepWait || e.made < r.most(patient(ctx), e.kept != nil) {
		u := e.last
		if at == stepUDP {
			e.tried = r.now()
			if u = r.next(e.last); u == e.last && e.failed != nil && e.failed.local {
				r.pause(ctx) // nobody listens, and there is nobody else: give it a moment
			}
		}
		if at != stepWait {
			e.made++
		}
		a.prompt = r.schedule.wait(e.made, patient(ctx), true)
		rd, from, err := r.attempt(ctx, a, u, at)
		e.last, at = u, stepUDP
		if from != u && (err == nil || !err.local) {
			at = stepWait // it was about an earlier attempt
		}
		switch {
		case err == nil && !again(rd.rcode):
			a.trace.Elapsed = r.now() - e.began
			return rd, nil
		case err == nil:
			e.declined(rd, a.trace)
			continue
		default:
			e.note(err, from)
		}
		if ctx.Err() != nil || r.life.Err() != nil {
			break
		}
	}
	a.trace.Elapsed = r.now() - e.began
	if e.kept != nil && !errors.Is(ctx.Err(), context.Canceled) { // cut short, it was not the last word
		a.trace.Upstream, a.trace.TCP = e.source.Upstream, e.source.TCP
		return *e.kept, nil
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
// truncated or in doubt, and again without EDNS(0) where the answer is FORMERR. It
// returns the upstream that answered, which may have been asked before.
func (r *Resolver) attempt(ctx context.Context, a *asker, u *upstream, at step) (reading, *upstream, *Error) {
	a.useEDNS(at != stepBare)
	for {
		a.trace.Upstream, a.trace.TCP = u.addr, at == stepTCP
		var packet []byte
		if at != stepTCP {
			f, err := r.overUDP(ctx, a, u, at != stepWait)
			if err != nil {
				return reading{}, u, err
			}
			packet, u = f.reply, f.from
			a.trace.Upstream, a.trace.TCP = u.addr, truncated(packet)
		}
		if a.trace.TCP {
			var err *Error
			if packet, err = r.overTCP(ctx, a, u); err != nil {
				return reading{}, u, err
			}
		}
		at = stepUDP
		rd, err := r.read(a, packet)
		if err != nil {
			return reading{}, u, failure(codes.RecordMalformed, err)
		}
		u.complain(rd.rcode)
		if rd.rcode == dns.RcodeFormatError && a.edns {
			a.useEDNS(false)
			continue
		}
		return rd, u, nil
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
			rd.zone = zoneOf("", a.name, zone)
			return rd, nil
		}
	}
	return readMessage(packet)
}

// overUDP sends the question to u, where send says so, and waits for a reply to any
// attempt, which is valid until a is used again.
func (r *Resolver) overUDP(ctx context.Context, a *asker, u *upstream, send bool) (*flight, *Error) {
	if send {
		if err := r.sendUDP(ctx, a, u); err != nil {
			return nil, err
		}
	}
	patience := cmp.Or(a.timeout, r.timeout)
	prompt := min(cmp.Or(a.prompt, patience), patience)
	if send {
		a.sent = r.now()
		a.until = a.sent + patience
		if r.watch != nil {
			a.until = a.sent + prompt
		}
	}
	defer a.timer.Stop()
	for {
		a.timer.Reset(a.until - r.now())
		select {
		case f := <-a.done:
			if g, err := r.landed(a, f, u); g != nil || err != nil {
				return g, err
			}
			continue
		case <-ctx.Done():
			return nil, ended(ctx)
		case <-a.timer.C:
		}
		switch now := r.now(); {
		case now > a.until+stall: // this process was stopped meanwhile: the reply may be there
			a.until = now + patience/4
		case a.until < a.sent+patience && !r.isPrompt(u, now):
			a.until = a.sent + patience
		default:
			u.counts.timeouts.Add(1)
			u.loss.count(true)
			return nil, failure(codes.RecordTimeout, errNoAnswer)
		}
	}
}

// sendUDP sends the question to u: the same datagram as before where a reply to that
// is expected still, so that a forger has no more to hit (RFC 5452, section 5).
func (r *Resolver) sendUDP(ctx context.Context, a *asker, u *upstream) *Error {
	if err := r.admit(ctx, a.plain); err != nil {
		return err
	}
	f, isNew := a.flightTo(u)
	f.question, f.sent = a.question(), r.now()
	a.trace.Attempts++
	u.counts.asked.Add(1)
	if err := f.socket.send(f, a.message(), isNew); err != nil {
		f.upstream = nil
		u.counts.failed.Add(1)
		u.loss.count(true)
		return fault(err)
	}
	return nil
}

// landed judges the end of a flight while the attempt at u waits: nil and nil where
// that goes on.
func (r *Resolver) landed(a *asker, f *flight, u *upstream) (*flight, *Error) {
	from := f.upstream
	f.from, f.upstream = from, nil
	switch {
	case f.err != nil:
		from.counts.failed.Add(1)
		from.loss.count(true)
		if from != u {
			return nil, nil
		}
		return nil, fault(f.err)
	case from.guard.barred.Load() && !a.canary:
		if from != u {
			return nil, nil
		}
		return nil, fault(errBarred)
	}
	from.loss.count(false)
	return f, nil
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
