package mirror

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
)

// mostWaiting is how many files may wait to be put before whoever writes them waits too.
const mostWaiting = 8

// Uploads put what a process writes, one file after the other in the order of the calls, in a goroutine of their own.
// Nil Uploads do nothing: there is no store.
type Uploads struct {
	mirror *Mirror
	ctx    context.Context         // of the work; its end lets no file go
	permit func() error            // asked before each file; nil: all is permitted
	fail   context.CancelCauseFunc // ends the work

	mu      sync.Mutex
	changed *sync.Cond // the fields below
	waiting []upload
	busy    bool // one is being put
	closed  bool
	err     error // the first one: nothing is put after it
}

// An upload is a file that waits.
type upload struct {
	name    string
	content []byte // nil: what the file has when its turn comes
	remove  bool   // instead
}

// Start starts uploads for work that goes on until ctx ends. Permit is asked before each file is put, and its error is
// that of the file; nil: all is permitted. The context that Start returns ends with the first failure, which is its
// cause; what the work writes after it is only in the run directory.
func (m *Mirror) Start(ctx context.Context, permit func() error) (context.Context, *Uploads) {
	working, fail := context.WithCancelCause(ctx)
	u := &Uploads{mirror: m, ctx: working, permit: permit, fail: fail}
	u.changed = sync.NewCond(&u.mu)
	context.AfterFunc(working, u.wake)
	go u.run()
	return working, u
}

// wake lets all who wait look again.
func (u *Uploads) wake() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.changed.Broadcast()
}

// File puts a file that may be large: what it has when its turn comes. It waits while many files wait, unless the
// work has ended.
func (u *Uploads) File(name string) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for len(u.waiting) >= mostWaiting && u.err == nil && u.ctx.Err() == nil {
		u.changed.Wait()
	}
	u.add(upload{name: name})
}

// Now puts a small file as it is now. If an earlier content of it still waits, that one is left out.
func (u *Uploads) Now(name string) error {
	if u == nil {
		return nil
	}
	content, err := os.ReadFile(u.mirror.path(name))
	if err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.waiting = slices.DeleteFunc(u.waiting, func(w upload) bool { return w.name == name })
	u.add(upload{name: name, content: content})
	return nil
}

// Remove removes an object, if it is there.
func (u *Uploads) Remove(name string) {
	if u == nil || !u.mirror.Has(name) {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.add(upload{name: name, remove: true})
}

// add adds an upload. The mutex must be held.
func (u *Uploads) add(next upload) {
	if u.err != nil || u.closed {
		return
	}
	u.waiting = append(u.waiting, next)
	u.changed.Broadcast()
}

// Flush waits until everything is in the store, also after the end of the work. Its error is that of the first file
// that could not be put; it wraps [ErrOvertaken] or [ErrNotPut], or was not
// permitted.
func (u *Uploads) Flush() error {
	if u == nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for u.err == nil && (len(u.waiting) > 0 || u.busy) {
		u.changed.Wait()
	}
	return u.err
}

// Err is the error of the first file that could not be put.
func (u *Uploads) Err() error {
	if u == nil {
		return nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err
}

// Close is Flush, and ends the uploads.
func (u *Uploads) Close() error {
	if u == nil {
		return nil
	}
	err := u.Flush()
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	u.changed.Broadcast()
	u.fail(nil) // the work is over
	return err
}

// run puts files until the uploads are closed, or one fails.
func (u *Uploads) run() {
	ctx := context.WithoutCancel(u.ctx) // a file that is being put is put
	for {
		next, ok := u.next()
		if !ok {
			return
		}
		err := u.permitted()
		if err == nil {
			err = notPut(u.put(ctx, next))
		}
		u.mu.Lock()
		u.busy, u.err = false, err
		u.changed.Broadcast()
		u.mu.Unlock()
		if err != nil {
			u.fail(err)
			return
		}
	}
}

func (u *Uploads) permitted() error {
	if u.permit == nil {
		return nil
	}
	return u.permit()
}

// notPut says what follows from an error.
func notPut(err error) error {
	if err == nil || errors.Is(err, ErrOvertaken) {
		return err
	}
	return fmt.Errorf("%w: %w: run the same command again to go on", ErrNotPut, err)
}

// next waits for an upload; ok is false when there will be none.
func (u *Uploads) next() (next upload, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for len(u.waiting) == 0 && !u.closed {
		u.changed.Wait()
	}
	if len(u.waiting) == 0 {
		return upload{}, false
	}
	next, u.waiting, u.busy = u.waiting[0], u.waiting[1:], true
	u.changed.Broadcast()
	return next, true
}

func (u *Uploads) put(ctx context.Context, next upload) error {
	switch {
	case next.remove:
		return u.mirror.Remove(ctx, next.name)
	case next.content == nil:
		return u.mirror.PutFile(ctx, next.name)
	}
	return u.mirror.Put(ctx, next.name, next.content)
}
