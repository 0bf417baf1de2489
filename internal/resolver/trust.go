package resolver

import (
	"context"
	"net/netip"
	"slices"
	"time"
)

// A Trust says whether the answers of a span of time can be believed.
type Trust uint8

const (
	Trusted    Trust = iota
	Waiting          // not known before the next canaries
	Distrusted       // an upstream gave wrong answers then: ask again
)

// Vouch says whether the answers that came from one moment to another can be believed: each upstream that is not
// stopped has answered its canaries well since, and none has answered one wrongly between. Without a [Watch] all are
// believed.
func (r *Resolver) Vouch(from, to time.Time) Trust {
	if r.watch == nil {
		return Trusted
	}
	began, ended := from.Sub(r.began), to.Sub(r.began)
	for _, u := range r.upstreams {
		if u.breaker.Distrusts(began, ended) {
			return Distrusted
		}
	}
	stopped := 0
	for _, u := range r.upstreams {
		switch {
		case u.breaker.IsOpen():
			stopped++ // silence is no lie
		case u.breaker.LastGood() <= ended:
			u.breaker.WantCanary()
			return Waiting
		}
	}
	if stopped == len(r.upstreams) {
		return Waiting
	}
	return Trusted
}

// Await waits until an upstream can be asked. It fails when ctx ends, or when waiting makes no sense any more.
func (r *Resolver) Await(ctx context.Context) error {
	if err := r.await(ctx); err != nil {
		return err
	}
	return nil
}

func (r *Resolver) await(ctx context.Context) *Error {
	if r.watch == nil {
		return nil
	}
	for {
		change := r.watch.Change()
		switch {
		case r.watch.Hope().Err() != nil:
			return fault(context.Cause(r.watch.Hope()))
		case !allStopped(r.upstreams):
			return nil
		}
		select {
		case <-change:
		case <-r.watch.Hope().Done():
		case <-ctx.Done():
			return fault(context.Cause(ctx)) // whatever its deadline says of the domain
		}
	}
}

// stoppedSince reports whether any upstream was stopped after a moment, or u still is. A question that was asked
// then, and failed at u last, may have failed because of that.
func (r *Resolver) stoppedSince(u *upstream, moment time.Duration) bool {
	return u.breaker.IsOpen() ||
		slices.ContainsFunc(r.upstreams, func(other *upstream) bool { return other.breaker.OpenedSince(moment) })
}

// confirmFailure waits until a failure that came from u can be believed. It reports true where the question must be
// asked from its beginning instead.
func (r *Resolver) confirmFailure(
	ctx context.Context, u *upstream, began time.Duration,
) (startOver bool, err *Error) {
	failed := r.now()
	for {
		change := r.watch.Change()
		switch {
		case r.stoppedSince(u, began):
			return true, r.await(ctx)
		case u.breaker.LastGood() > failed:
			return false, nil
		}
		u.breaker.WantCanary()
		select {
		case <-change:
		case <-time.After(r.watch.Soon()):
		case <-r.watch.Hope().Done():
			return false, fault(context.Cause(r.watch.Hope()))
		case <-ctx.Done():
			return false, nil
		}
	}
}

// Unwatched is for what answers questions in the place of a [Resolver] and knows nothing of upstreams: there is
// always one to ask, and all answers are believed.
type Unwatched struct{}

// Number is 0: no upstream is known.
func (Unwatched) Number(netip.AddrPort) uint16 { return 0 }

// Vouch is always [Trusted].
func (Unwatched) Vouch(from, to time.Time) Trust { return Trusted }

// Await never waits.
func (Unwatched) Await(ctx context.Context) error { return nil }
