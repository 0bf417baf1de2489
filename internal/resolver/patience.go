package resolver

import "context"

// morePatience is how many times as many attempts a question gets that is asked
// once more, as long as no reply can be read: on a path that loses one packet in
// five, three attempts leave one question in a hundred to chance, and nine one in
// two million. An upstream that declines needs no such patience.
const morePatience = 3

// WithPatience returns a context in which Exchange does not give up before
// patience is over.
func WithPatience(ctx context.Context) context.Context {
	return context.WithValue(ctx, patienceKey{}, true)
}

type patienceKey struct{}

// patient reports whether ctx is from WithPatience.
func patient(ctx context.Context) bool { return ctx.Value(patienceKey{}) != nil }

// most is how many attempts a question gets.
func (r *Resolver) most(patient, declined bool) int {
	if !patient || declined {
		return r.attempts
	}
	return min(morePatience*r.attempts, 1+MaxRetries)
}

// outweighs reports whether e says more about a question than how an attempt
// before it failed: a reply that cannot be read does, beside silence, and silence
// beside a fault of our own.
func (e *Error) outweighs(before *Error) bool {
	weight := func(e *Error) int {
		switch {
		case e == nil:
			return 0
		case e.local:
			return 1
		case e.reason == timedOut:
			return 2
		}
		return 3
	}
	return weight(e) >= weight(before)
}
