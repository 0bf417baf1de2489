package resolver

import (
	"context"
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

// Vouch says whether the answers that came from one moment to another can be
// believed: each upstream that is not stopped has answered its canaries well
// since, and none has answered one wrongly between. Without a [Watch] all are
// believed.
func (r *Resolver) Vouch(from, to time.Time) Trust {
	if r.watch == nil {
		return Trusted
	}
	s := span{from.Sub(r.began), to.Sub(r.began)}
	for _, u := range r.upstreams {
		if u.guard.lied(s) {
			return Distrusted
		}
	}
	stopped := 0
	for _, u := range r.upstreams {
		switch {
		case u.guard.open.Load():
			stopped++ // silence is no lie
		case u.guard.good.Load() <= int64(s.to):
			u.guard.want()
			return Waiting
		}
	}
	if stopped == len(r.upstreams) {
		return Waiting
	}
	return Trusted
}

// Await waits until an upstream is there to be asked, or ctx ends, or waiting
// makes no sense any more.
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
		r.watch.mu.Lock()
		change := r.watch.change
		r.watch.mu.Unlock()
		switch {
		case r.watch.doom.Err() != nil:
			return fault(context.Cause(r.watch.doom))
		case !r.stopped():
			return nil
		}
		select {
		case <-change:
		case <-r.watch.doom.Done():
		case <-ctx.Done():
			return fault(context.Cause(ctx)) // whatever its deadline says of the domain
		}
	}
}

// stopped reports whether all upstreams are stopped.
func (r *Resolver) stopped() bool {
	return !slices.ContainsFunc(r.upstreams, func(u *upstream) bool { return !u.guard.open.Load() })
}

// doubted reports whether any upstream was stopped after a moment, or u still is: what
// was asked then, and failed at u last, may have failed because of it.
func (r *Resolver) doubted(u *upstream, since time.Duration) bool {
	return u.guard.open.Load() ||
		slices.ContainsFunc(r.upstreams, func(other *upstream) bool { return other.guard.since(since) })
}

// believe waits until a failure that came from u can be believed, and reports
// whether the question is to be asked again instead.
func (r *Resolver) believe(ctx context.Context, u *upstream, began time.Duration) (again bool, err *Error) {
	failed := r.now()
	for {
		r.watch.mu.Lock()
		change := r.watch.change
		r.watch.mu.Unlock()
		switch {
		case r.doubted(u, began):
			return true, r.await(ctx)
		case time.Duration(u.guard.good.Load()) > failed:
			return false, nil
		}
		u.guard.want()
		tick := time.NewTimer(r.watch.Interval / canaryRest)
		select {
		case <-change:
		case <-tick.C:
		case <-r.watch.doom.Done():
			tick.Stop()
			return false, fault(context.Cause(r.watch.doom))
		case <-ctx.Done():
			tick.Stop()
			return false, nil
		}
		tick.Stop()
	}
}

// A TrustReport is what became of the trust in the upstreams.
type TrustReport struct {
	Canaries []CanaryCounts
	Events   []TrustEvent  // the first of them
	Paused   time.Duration // while all upstreams were stopped
}

// TrustReport says what the watch has seen so far.
func (r *Resolver) TrustReport() TrustReport {
	if r.watch == nil {
		return TrustReport{}
	}
	r.watch.mu.Lock()
	defer r.watch.mu.Unlock()
	report := TrustReport{slices.Clone(r.watch.counts), slices.Clone(r.watch.events), r.watch.paused}
	if r.watch.since != 0 {
		report.Paused += r.now() - r.watch.since
	}
	return report
}
