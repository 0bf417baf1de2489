package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"
)

// Pauses between attempts: each is twice as long as the one before, and shortened by up to a half at random.
const (
	firstPause   = 200 * time.Millisecond
	longestPause = 20 * time.Second
)

// fewAttempts is how often something is tried that hardly ever helps: to read an object that is damaged, and to ask
// with credentials that are looked for anew.
const fewAttempts = 3

// octetsASecond is what a connection carries at least.
const octetsASecond = 256 << 10

// An attempt is one request, or a few, that may be made again.
type attempt struct {
	again bool        // an attempt before it may have had its effect
	timer *time.Timer // ends it
	limit time.Duration
}

// carry gives an attempt the time for an object of this size.
func (a *attempt) carry(size int64) {
	a.timer.Reset(a.limit + time.Duration(size/octetsASecond)*time.Second)
}

// try attempts something until it succeeds, it cannot, or the store has been unavailable for too long.
func (s *S3) try(ctx context.Context, action, name string, do func(context.Context, *attempt) error) error {
	begun := time.Now()
	for attempts := 1; ; attempts++ {
		why, ok := s.once(ctx, &attempt{again: attempts > 1, limit: s.config.Attempt}, do)
		if ok {
			return nil
		}
		if context.Cause(ctx) != nil && why.what != ErrRefused && why.what != ErrChanged {
			return failed(ctx, s, action, name, ErrUnavailable, nil)
		}
		helps := why.what == ErrUnavailable || attempts < fewAttempts && (why.what == ErrDamaged || s.renew(why))
		if !helps {
			return failed(ctx, s, action, name, why.what, why.cause)
		}
		pause := min(firstPause<<min(attempts-1, 10), longestPause)
		pause -= rand.N(pause / 2)
		patience, hint := s.config.Wait, "check the server, then run the command again"
		if !s.answered.Load() {
			patience, hint = s.config.Reach, "check the endpoint "+s.config.Endpoint+" and the network"
		}
		if lasted := time.Since(begun); lasted+pause > patience {
			return failed(ctx, s, action, name, ErrUnavailable,
				fmt.Errorf("%w (%d attempts in %s): %s", why.cause, attempts, lasted.Round(time.Second), hint))
		}
		if attempts >= fewAttempts {
			s.config.Log.Warn("the store is unavailable, it is asked again", "store", s.String(),
				"action", action+" "+name, "pause", pause.Round(time.Millisecond), "error", why.cause)
		}
		select {
		case <-ctx.Done():
			return failed(ctx, s, action, name, ErrUnavailable, nil)
		case <-time.After(pause):
		}
	}
}

// once attempts something once.
func (s *S3) once(
	ctx context.Context, a *attempt, do func(context.Context, *attempt) error,
) (why failure, ok bool) {
	if context.Cause(ctx) != nil {
		return failure{what: ErrUnavailable}, false
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a.timer = time.AfterFunc(a.limit, func() { cancel(errSilent) })
	defer a.timer.Stop()
	err := do(ctx, a)
	if err == nil {
		s.answered.Store(true)
		return failure{}, true
	}
	if errors.Is(err, fs.ErrNotExist) {
		return failure{what: fs.ErrNotExist}, false
	}
	why = judge(ctx, err)
	if why.answered {
		s.answered.Store(true)
	}
	return why, false
}

// renew has the credentials looked for anew if they have expired, and reports whether it did so.
func (s *S3) renew(why failure) bool {
	if why.expired {
		s.credentials.Expire()
	}
	return why.expired
}
