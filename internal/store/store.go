// Package store keeps objects by name where the processes of a run on many machines meet: in a directory ([Dir]),
// or in a bucket of an S3 server ([S3]).
//
// An object is written and read whole. A write says which version it replaces, and fails if that is no longer the
// one that is there, so of several processes that want the same name one wins and the others are told so. The
// package does not lock, stream, or watch for changes.
package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// What an error of a store wraps, besides its cause. One whose context ended wraps the cause of that context
// instead, and one for an object that is not there [fs.ErrNotExist].
var (
	// ErrChanged says that another process has written or removed the object: what is there is not the version
	// that was to be replaced.
	ErrChanged = errors.New("changed by another process")
	// ErrRefused says that it is of no use to try again before somebody has changed something: credentials,
	// permissions, the name of a bucket or of an object.
	ErrRefused = errors.New("refused")
	// ErrUnavailable says that the store did not do what was asked, also when it was asked again for a while.
	ErrUnavailable = errors.New("unavailable")
	// ErrDamaged says that the octets of an object are not those that were put.
	ErrDamaged = errors.New("damaged")
)

// A Version tells one content of an object from another.
type Version string

// Absent is the version of no object.
const Absent Version = ""

// An Object is a stored object.
type Object struct {
	Name    string
	Size    int64 // octets
	Version Version
}

// A Store keeps objects by name. Names are slash-separated relative paths; none of their elements begins with a
// dot, is empty, or has an octet that is not printable ASCII. A Store is safe for concurrent use.
type Store interface {
	// Put writes an object, whole or not at all, if its version is was, and gives the new version. Was is Absent for
	// an object that is not there. If the version is another one, the error wraps ErrChanged. After a retry of its
	// own, an object with the very same octets counts as put.
	Put(ctx context.Context, name string, content []byte, was Version) (Version, error)
	// Get reads an object.
	Get(ctx context.Context, name string) ([]byte, Object, error)
	// Stat says what Get would read.
	Stat(ctx context.Context, name string) (Object, error)
	// List lists the objects whose names begin with prefix, in order of name. It does not tell their versions, which
	// would cost a directory the reading of all of them: they are Absent.
	List(ctx context.Context, prefix string) ([]Object, error)
	// Remove removes an object if its version is was; otherwise the error wraps ErrChanged. One that is not there
	// counts as removed. Some servers look at the version and then remove, not at once: what processes compete for is
	// better replaced than removed.
	Remove(ctx context.Context, name string, was Version) error
	// String is the location, for messages. It has no secrets.
	String() string
}

// checkName returns an error for a text that is not the name of an object.
func checkName(name string) error {
	if !fs.ValidPath(name) || name == "." {
		return fmt.Errorf("%w: %q is not the name of an object: use a relative path", ErrRefused, name)
	}
	for element := range strings.SplitSeq(name, "/") {
		if element[0] == '.' {
			return fmt.Errorf("%w: %q is not the name of an object: %q begins with a dot", ErrRefused, name, element)
		}
	}
	for _, octet := range []byte(name) {
		if octet < ' ' || octet > '~' || strings.IndexByte(`\:*?"<>|`, octet) >= 0 {
			return fmt.Errorf("%w: %q is not the name of an object: it has %q", ErrRefused, name, octet)
		}
	}
	return nil
}

// canBegin reports whether the name of an object can begin with a text.
func canBegin(prefix string) bool { return checkName(prefix+"x") == nil }

// failed is the error of an action on an object: what became of it, and why. The cause may be nil. If ctx has ended
// and nothing else is known to have kept the store from it, its cause says what became of it.
func failed(ctx context.Context, s Store, action, name string, what, cause error) error {
	if ended := context.Cause(ctx); ended != nil && what == ErrUnavailable {
		what, cause = ended, nil
	}
	if cause == nil {
		return fmt.Errorf("%s %s in %s: %w", action, name, s, what)
	}
	return fmt.Errorf("%s %s in %s: %w: %w", action, name, s, what, cause)
}

func sortByName(objects []Object) {
	slices.SortFunc(objects, func(a, b Object) int { return cmp.Compare(a.Name, b.Name) })
}
