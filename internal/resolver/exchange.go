package resolver

import (
	"cmp"
	"context"
	"errors"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/window"
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

// ask puts the question of a to upstreams until one gives an answer that is
// worth keeping, and leaves what it took in a.trace.
func (r *Resolver) ask(ctx context.Context, a *asker, plain bool) (reading, error) {
	now := r.now()
	a.trace, a.plain = Trace{}, plain
	return r.askWatched(ctx, a, &questionState{began: now, tried: now}, stepUDP)
}

// askWatched goes on with a question. The attempt that was made last goes on at the
// given step, if there is one. With a watch, a failure is returned when it can be
// believed; until then, and while all upstreams are stopped, pursue waits.
func (r *Resolver) askWatched(ctx context.Context, a *asker, e *questionState, at step) (reading, error) {
	if r.watch == nil {
		return r.askOnce(ctx, a, e, at)
	}
	for times := 0; ; times++ {
		if err := r.await(ctx); err != nil {
			err.question = a.String()
			return reading{}, err
		}
		rd, err := r.askOnce(ctx, a, e, at)
		last := cmp.Or(e.last, r.upstreams[0])
		var failed *Error
		switch {
		case err == nil && !declines(rd.rcode), r.ctx.Err() != nil:
			return rd, err
		case ctx.Err() != nil:
			if errors.As(err, &failed) && r.stoppedSince(last, e.began) {
				failed.local, failed.reason = true, ""
			}
			return rd, err
		}
		doubted, unsure := r.confirmFailure(ctx, last, e.began)
		switch {
		case unsure != nil:
			unsure.question = a.String()
			return reading{}, unsure
		case doubted, errors.As(err, &failed) && failed.local && times < maxRestarts:
		default:
			return rd, err
		}
		now := r.now()
		*e, at = questionState{began: now, tried: now}, stepUDP
	}
}

// askOnce makes the attempts of a question.
func (r *Resolver) askOnce(ctx context.Context, a *asker, e *questionState, at step) (reading, error) {
	if at == stepTCP || at == stepBare {
		e.made--
	}
	for at == stepWait || e.made < r.schedule.maxAttempts(patient(ctx), e.evidence.kept != nil) {
		u := e.last
		if at == stepUDP {
			e.tried = r.now()
			if u = r.nextUpstream(e.last); u == e.last && e.evidence.failed != nil && e.evidence.failed.local {
				r.pause(ctx) // nobody listens, and there is nobody else: give it a moment
			}
		}
		if at != stepWait {
			e.made++
		}
		a.promptTime = r.schedule.waitExchange(e.made, patient(ctx))
		rd, from, err := r.attempt(ctx, a, u, at)
		e.last, at = u, stepUDP
		if from != u && (err == nil || !err.local) {
			at = stepWait // it was about an earlier attempt
		}
		switch {
		case err == nil && !declines(rd.rcode):
			a.trace.Elapsed = r.now() - e.began
			return rd, nil
		case err == nil:
			e.evidence.noteDeclined(rd, a.trace)
			continue
		case err.err == window.ErrQueue && e.evidence.kept == nil: // the silence before it was not waited for as it should be
			err.question = a.String()
			a.trace.Elapsed = r.now() - e.began
			return reading{}, err
		default:
			e.evidence.noteFailure(err, from)
		}
		if ctx.Err() != nil || r.ctx.Err() != nil {
			break
		}
	}
	a.trace.Elapsed = r.now() - e.began
	if e.evidence.kept != nil && !errors.Is(ctx.Err(), context.Canceled) { // cut short, it was not the last word
		a.trace.Upstream, a.trace.TCP = e.evidence.source.Upstream, e.evidence.source.TCP
		return *e.evidence.kept, nil
	}
	failed := e.evidence.failed
	switch {
	case failed == nil:
		failed = endedBy(ctx)
	case r.watch == nil && errors.Is(failed.err, errNoAnswer) && !r.probe(ctx, e.tried):
		// What was heard before says nothing about an upstream that fell silent.
		failed = &Error{upstream: failed.upstream, local: true, err: ErrSilent}
	}
	failed.question = a.String()
	a.trace.Elapsed = r.now() - e.began
	return reading{}, failed
}
