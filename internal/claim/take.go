package claim

import (
	"context"
	"errors"
	"fmt"
	"time"

	"stsscan/internal/store"
)

const (
	// attempt is the longest time for one renewal, which is tried again.
	attempt = 20 * time.Second
	// retry is the time between two attempts.
	retry = 5 * time.Second
	// mostRounds is how often Take tries to put a claim where none is, and one was a moment ago.
	mostRounds = 5
	// patience is how long a store may be out of reach before that is an error.
	patience = 10 * time.Minute
)

// Take takes a claim: one that is not there; one of a process that has died on this machine; or one that nobody
// renews, after a wait. Otherwise its error wraps [ErrHeld]. The claim is to be released, and renewed by
// [Claim.While] meanwhile.
//
// The lock of the holder's lock file must be held (see [NewHolder]).
func Take(ctx context.Context, config Config) (*Claim, error) {
	c := &Claim{config: config}
	c.state = statement{Holder: config.Holder, Since: time.Now().UTC().Truncate(time.Second)}
	for round := 0; ; round++ {
		if round == mostRounds {
			return nil, fmt.Errorf("%w: %s in %s: no claim is there, and none can be put there", store.ErrRefused,
				config.Name, config.Store)
		}
		there, err := c.look(ctx)
		if err != nil {
			return nil, err
		}
		switch {
		case there.version == store.Absent, there.Holder.ID == config.Holder.ID:
			c.elsewhere = false
		case there.Holder.diedBeside(config.Holder):
			c.elsewhere = false
			config.Log.Info("the process that was here before has ended without a word: its claim is taken over",
				"claim", config.Name, "by", there.words())
		default:
			c.elsewhere = true
			now, err := c.await(ctx, there)
			if err != nil {
				return nil, err
			}
			if now.version == store.Absent {
				continue
			}
		}
		var now *sight
		err = c.insist(ctx, func(ctx context.Context) error {
			now, err = c.put(ctx, there.version)
			return err
		})
		switch {
		case err != nil:
			return nil, err
		case now == nil:
			return c, nil
		case now.version != store.Absent: // it was put this moment
			return nil, held(*now)
		}
		select { // it was put and is gone
		case <-time.After(poll):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// await waits until a claim is void, or gone. If it changes, the error wraps ErrHeld.
//
// Of the time between two looks, no more counts than usual: if the store was out of reach, or this machine asleep,
// so may have been the holder.
func (c *Claim) await(ctx context.Context, there sight) (sight, error) {
	c.config.Log.Warn("in use by another process until now: taken over in 2 minutes, unless that renews its claim",
		"claim", c.config.Name, "by", there.words())
	for quiet := time.Duration(0); quiet < Lasts; {
		before := time.Now()
		select {
		case <-time.After(poll):
		case <-ctx.Done():
			return sight{}, context.Cause(ctx)
		}
		now, err := c.look(ctx)
		switch {
		case err != nil:
			return sight{}, err
		case now.version == store.Absent:
			return now, nil
		case now.version != there.version:
			return sight{}, held(now)
		}
		quiet += min(time.Since(before), 2*poll)
	}
	c.config.Log.Warn("nobody renews the claim: it is taken over", "claim", c.config.Name, "by", there.words())
	return there, nil
}

func (c *Claim) look(ctx context.Context) (there sight, err error) {
	err = c.insist(ctx, func(ctx context.Context) error {
		there, err = look(ctx, c.config.Store, c.config.Name)
		return err
	})
	return there, err
}

// held is the error for a claim that another process holds.
func held(by sight) error {
	return fmt.Errorf("%w, %s: wait for it, or end it there", ErrHeld, by.words())
}

// insist calls do until there is no error, or one that will stay, or patience is over. Each call has a time limit.
func (c *Claim) insist(ctx context.Context, do func(context.Context) error) error {
	warned := false
	for began := time.Now(); ; {
		trying, cancel := context.WithTimeout(ctx, attempt)
		err := do(trying)
		cancel()
		switch {
		case err == nil, errors.Is(err, ErrLost), errors.Is(err, store.ErrRefused):
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case time.Since(began) > patience:
			if !errors.Is(err, store.ErrUnavailable) {
				err = fmt.Errorf("%w: %w", store.ErrUnavailable, err)
			}
			return fmt.Errorf("%w: tried for %v: run the same command again to go on", err, patience)
		}
		if !warned {
			c.config.Log.Warn("the claim is out of reach; this is tried again for 10 minutes",
				"claim", c.config.Name, "error", err)
		}
		warned = true
		select {
		case <-time.After(retry):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
