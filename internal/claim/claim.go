// Package claim keeps a second process from doing the same work, on whatever machine it is. A claim is an object of
// a store that its holder renews; one that has not been renewed for a while is void, and another process may take it
// over. A holder that was stopped meanwhile finds that out before it writes anything more.
//
// No clock of one machine is compared with that of another one: who wants a claim watches whether it changes. The
// package does not say what is claimed, and does not keep a holder from writing: it has to ask [Claim.Check].
package claim

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"stsscan/internal/store"
)

const (
	// Lasts is how long a claim must stay unchanged to be void, by the clock of a process that watches it.
	Lasts = 2 * time.Minute
	// fresh is how long after its renewal a claim needs no other one before its holder writes: the rest of its time
	// is for the write.
	fresh = Lasts - 30*time.Second
	// renewal is the time between two renewals.
	renewal = 30 * time.Second
	// poll is the time between two looks at a claim that another process holds.
	poll = 5 * time.Second
)

var (
	// ErrHeld says that another process holds the claim, and renews it.
	ErrHeld = errors.New("in use by another process")
	// ErrLost says that another process has taken the claim over.
	ErrLost = errors.New("taken over by another process")
)

// A Config says what is claimed, where, and by which process.
type Config struct {
	Store  store.Store
	Name   string // of the object
	Holder Holder
	Wall   func() time.Time // tells when the machine has slept; nil: time.Now
	Log    *slog.Logger
}

// A Claim is held. Its methods may be called from several goroutines.
type Claim struct {
	config    Config
	elsewhere bool

	mu      sync.Mutex
	state   statement     // as it was put last
	version store.Version // of the object
	lost    error         // wraps ErrLost

	renewed atomic.Pointer[moment] // just before the claim was put last; nil: it is lost

	stop context.CancelFunc // ends the renewals; nil: there are none
}

// A moment is a time by the two clocks of the machine. The monotonic one may stand still while the machine sleeps,
// and the other one may be set.
type moment struct{ monotonic, wall time.Time }

func (c *Claim) now() *moment {
	at := &moment{monotonic: time.Now()}
	if at.wall = at.monotonic; c.config.Wall != nil {
		at.wall = c.config.Wall()
	}
	at.wall = at.wall.Round(0)
	return at
}

// isFresh reports whether nobody can have taken the claim over, by the clock that has gone further.
func (c *Claim) isFresh() bool {
	renewed, now := c.renewed.Load(), c.now()
	return renewed != nil &&
		max(now.monotonic.Sub(renewed.monotonic), now.wall.Sub(renewed.wall)) < fresh
}

// Elsewhere reports whether the claim was taken over from a process that may have run on another machine: what it
// left in files that were not synced may be lost.
func (c *Claim) Elsewhere() bool { return c.elsewhere }

// Check returns nil if the claim is held, and will be for the time that it takes to write a file. It renews the
// claim if that is not sure. It costs no more than a look at the clock otherwise. Its error wraps [ErrLost]; or, if
// the claim could not be renewed for a while, that of the store.
func (c *Claim) Check(ctx context.Context) error {
	if c.isFresh() {
		return nil
	}
	return c.insist(ctx, func(ctx context.Context) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.isFresh() { // another goroutine has renewed it
			return nil
		}
		return c.renew(ctx)
	})
}

// While renews the claim until Release, also after the end of ctx. The context that it returns ends with ctx, or when
// the claim is lost: then its cause wraps [ErrLost]. It is called once, and not at the time of Release.
func (c *Claim) While(ctx context.Context) context.Context {
	held, lose := context.WithCancelCause(ctx)
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	c.stop = stop
	go func() {
		defer lose(nil)
		wait, failing := renewal, false
		for {
			select {
			case <-renewing.Done():
				return
			case <-time.After(wait):
			}
			err := c.renewNow(renewing)
			switch {
			case renewing.Err() != nil: // released
				return
			case errors.Is(err, ErrLost):
				lose(err)
				return
			case err != nil && !failing:
				c.config.Log.Warn("the claim is not renewed; this is tried again", "claim", c.config.Name, "error", err)
			}
			if failing, wait = err != nil, renewal; failing {
				wait = retry
			}
		}
	}()
	return held
}

func (c *Claim) renewNow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, attempt)
	defer cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.renew(ctx)
}

// renew puts the claim once more. The mutex must be held.
func (c *Claim) renew(ctx context.Context) error {
	if c.lost != nil {
		return c.lost
	}
	now, err := c.put(ctx, c.version)
	if err != nil || now == nil {
		return err
	}
	words := now.words()
	if now.version == store.Absent {
		words = "which is over now"
	}
	c.lost = fmt.Errorf("%w, %s, since this one was stopped, or could not reach %s, for 2 minutes: "+
		"it ends and writes nothing more", ErrLost, words, c.config.Store)
	c.renewed.Store(nil)
	return c.lost
}

// put puts the claim in place of a version. If somebody else has changed it, put returns what is there now.
func (c *Claim) put(ctx context.Context, was store.Version) (now *sight, err error) {
	for {
		next, at := c.state, c.now()
		next.Beat++
		version, err := c.config.Store.Put(ctx, c.config.Name, next.text(), was)
		if err == nil {
			c.state, c.version = next, version
			c.renewed.Store(at)
			return nil, nil
		}
		if !errors.Is(err, store.ErrChanged) {
			return nil, err
		}
		there, err := look(ctx, c.config.Store, c.config.Name)
		if err != nil {
			return nil, err
		}
		if there.Holder.ID != c.state.Holder.ID {
			return &there, nil
		}
		// An earlier put did what it should, and said that it did not. It may have been long ago.
		c.state, was = there.statement, there.version
	}
}

// Release ends the renewals, and removes the claim unless it is lost. After an error it is void in a while.
func (c *Claim) Release(ctx context.Context) error {
	if c.stop != nil {
		c.stop()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lost != nil {
		return nil
	}
	c.lost = fmt.Errorf("%w, or may be now: the claim was released", ErrLost)
	c.renewed.Store(nil)
	err := c.config.Store.Remove(ctx, c.config.Name, c.version)
	if errors.Is(err, store.ErrChanged) {
		return nil // it was lost in the end
	}
	return err
}

// A sight is what is at the place of a claim.
type sight struct {
	statement
	version store.Version // Absent: nothing
}

// look reads a claim. One that cannot be read as one has no holder.
func look(ctx context.Context, s store.Store, name string) (sight, error) {
	text, object, err := s.Get(ctx, name)
	if errors.Is(err, store.ErrDamaged) {
		object, err = s.Stat(ctx, name)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return sight{}, nil
	}
	if err != nil {
		return sight{}, err
	}
	return sight{readStatement(text), object.Version}, nil
}
