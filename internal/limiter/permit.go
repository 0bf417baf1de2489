package limiter

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A Permit is for one connection, from dialling to its end.
type Permit struct {
	limiter *Limiter
	waiter  *waiter
	release sync.Once
}

// Acquire waits for a permit, and says how long it has waited. The time in which all connections are in use
// does not count as waiting for the sake of manners. The error is [ErrLater], a [*DeferredError], or the cause
// of ctx where that was cancelled; the end of its deadline is ErrLater.
func (l *Limiter) Acquire(ctx context.Context, r Request) (permit *Permit, waited time.Duration, err error) {
	began := time.Now()
	w, err := l.join(r, began)
	if err != nil {
		return nil, 0, err
	}
	permit = &Permit{limiter: l, waiter: w}
	if w.isGranted() {
		return permit, 0, nil
	}
	cause := l.wait(ctx, w, l.patience(r))
	waited = time.Since(began)
	if !l.leave(w, cause == ErrLater) {
		return nil, waited, cause
	}
	if errors.Is(ctx.Err(), context.Canceled) { // while others ended
		permit.Release()
		return nil, waited, context.Cause(ctx)
	}
	return permit, waited, nil
}

// wait returns when a permit is granted, or with the reason for giving up.
func (l *Limiter) wait(ctx context.Context, w *waiter, patience time.Duration) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case <-w.granted:
			return nil
		case <-timer.C:
			left := l.patienceLeft(w, patience)
			if left <= 0 {
				return ErrLater
			}
			timer.Reset(left)
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return context.Cause(ctx)
			}
			return ErrLater
		}
	}
}

// patienceLeft is how much longer a request waits. The time in which all connections are in use does not count.
func (l *Limiter) patienceLeft(w *waiter, patience time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	left := patience - now.Sub(w.joined) + l.connections.lackingBy(now) - w.lacking
	if !l.connections.since.IsZero() {
		left = max(left, time.Second)
	}
	return left
}

// Release ends the connection of the permit, once.
func (p *Permit) Release() {
	p.release.Do(func() {
		l, w := p.limiter, p.waiter
		l.mu.Lock()
		defer l.mu.Unlock()
		w.address.usage.inFlight--
		w.network.usage.inFlight--
		l.connections.open--
		l.admit(w.network, time.Now())
	})
}

// Asked notes that the host is asked now, in the given pass.
func (p *Permit) Asked(pass int) {
	l, w := p.limiter, p.waiter
	if l.manners.MaxRetryAfter < 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	w.address.asked(w.host, pass)
}

// RetryAfter notes that the host, which was asked, wants to be left alone for a while.
func (p *Permit) RetryAfter(d time.Duration) {
	l, w := p.limiter, p.waiter
	if d = min(d, l.manners.MaxRetryAfter); d <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts.Held++
	now := time.Now()
	l.deferrals.note(w.host, now.Add(d), now)
	w.address.retryAfter(w.host, now.Add(d), now)
	l.admit(w.network, now)
}
