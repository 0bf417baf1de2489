package resolver

import (
	"cmp"
	"context"
	"errors"

	"github.com/miekg/dns"

	"stsscan/internal/codes"
	"stsscan/internal/window"
)

// Exchange asks the question of q, a query with exactly one, and returns the reply. q is not changed: what is sent
// has an OPT record and an id of the Resolver, and the reply has the id of q.
//
// An attempt that meets silence, a garbled reply, or one of the rcodes SERVFAIL, REFUSED, NOTIMP and FORMERR is
// followed by the next, at another upstream if there is one; NXDOMAIN never is. A reply to an earlier attempt is as
// good as one to the last. When no attempt does better, Exchange returns the last reply, whatever its rcode. An error
// is of type *[Error].
//
// [Config] says under Timeout how long an attempt waits. The deadline of ctx, if it comes first, ends the exchange.
// Waits for the rate limit count against that deadline only.
func (r *Resolver) Exchange(ctx context.Context, q *dns.Msg) (*dns.Msg, error) {
	a := r.askers.Get().(*asker)
	defer r.release(a)
	if err := a.pack(q); err != nil {
		return nil, &Error{question: "question", reason: codes.RecordMalformed, err: err}
	}
	now := r.now()
	a.trace, a.sweeping = Trace{}, false
	rd, err := r.askWatched(ctx, a, &questionState{began: now, tried: now}, stepUDP)
	record(ctx, a.trace, err == nil)
	if err != nil {
		return nil, err
	}
	rd.msg.Id = q.Id
	return rd.msg, nil
}

// askWatched goes on with a question. The last attempt, if there is one, goes on at the given step. With a watch, a
// failure is returned when it can be believed; until then, and while all upstreams are stopped, askWatched waits.
func (r *Resolver) askWatched(ctx context.Context, a *asker, q *questionState, at step) (reading, error) {
	if r.watch == nil {
		return r.askOnce(ctx, a, q, at)
	}
	for times := 0; ; times++ {
		if err := r.await(ctx); err != nil {
			err.question = a.String()
			return reading{}, err
		}
		rd, err := r.askOnce(ctx, a, q, at)
		last := cmp.Or(q.last, r.upstreams[0])
		var failed *Error
		switch {
		case err == nil && !declines(rd.rcode), r.ctx.Err() != nil:
			return rd, err
		case ctx.Err() != nil:
			if errors.As(err, &failed) && r.stoppedSince(last, q.began) {
				failed.local, failed.reason = true, ""
			}
			return rd, err
		}
		startOver, unsure := r.confirmFailure(ctx, last, q.began)
		switch {
		case unsure != nil:
			unsure.question = a.String()
			return reading{}, unsure
		case startOver, errors.As(err, &failed) && failed.local && times < maxRestarts:
		default:
			return rd, err
		}
		now := r.now()
		*q, at = questionState{began: now, tried: now}, stepUDP
	}
}

// askOnce makes the attempts of a question, once.
func (r *Resolver) askOnce(ctx context.Context, a *asker, q *questionState, at step) (reading, error) {
	if at == stepTCP || at == stepBare {
		q.made--
	}
	for at == stepWait || q.made < r.schedule.maxAttempts(patient(ctx), q.evidence.kept != nil) {
		u := q.last
		if at == stepUDP {
			q.tried = r.now()
			if u = r.nextUpstream(q.last); u == q.last && q.evidence.failed != nil && q.evidence.failed.local {
				r.pause(ctx) // there is no other upstream: give this one a moment
			}
		}
		if at != stepWait {
			q.made++
		}
		a.promptTime = r.schedule.waitExchange(q.made, patient(ctx))
		rd, from, err := r.attempt(ctx, a, u, at)
		q.last, at = u, stepUDP
		if from != u && (err == nil || !err.local) {
			at = stepWait // it was about an earlier attempt
		}
		switch {
		case err == nil && !declines(rd.rcode):
			a.trace.Elapsed = r.now() - q.began
			return rd, nil
		case err == nil:
			q.evidence.noteDeclined(rd, a.trace)
			continue
		case err.err == window.ErrQueue && q.evidence.kept == nil: // silence was not waited for as long as it should be
			err.question = a.String()
			a.trace.Elapsed = r.now() - q.began
			return reading{}, err
		default:
			q.evidence.noteFailure(err, from)
		}
		if ctx.Err() != nil || r.ctx.Err() != nil {
			break
		}
	}
	a.trace.Elapsed = r.now() - q.began
	if q.evidence.kept != nil && !errors.Is(ctx.Err(), context.Canceled) { // cut short, it was not the last word
		a.trace.Upstream, a.trace.TCP = q.evidence.source.Upstream, q.evidence.source.TCP
		return *q.evidence.kept, nil
	}
	failed := q.evidence.failed
	switch {
	case failed == nil:
		failed = endedBy(ctx)
	case r.watch == nil && errors.Is(failed.err, errNoAnswer) && !r.probe(ctx, q.tried):
		// What was heard before says nothing about an upstream that fell silent.
		failed = &Error{upstream: failed.upstream, local: true, err: ErrSilent}
	}
	failed.question = a.String()
	a.trace.Elapsed = r.now() - q.began
	return reading{}, failed
}
