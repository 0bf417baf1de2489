package mtasts

import (
	"context"
	"errors"
	"fmt"

	"stsscan/internal/codes"
)

// The classes of error. Each error of this package wraps exactly one of them, and the cause beside it, if there
// is one. [errors.Is] tells the class.
var (
	// Of the lookup (section 3.1).
	ErrNoRecord        = errors.New("mtasts: no record")        // The zone says that there is none.
	ErrMultipleRecords = errors.New("mtasts: multiple records") // More than one; senders must act as if there were none.
	ErrRecordSyntax    = errors.New("mtasts: record syntax")    // Exactly one, and it does not parse.
	ErrDNS             = errors.New("mtasts: dns")              // It is not known whether there is a record.

	// Of the fetch (sections 3.2 and 3.3).
	ErrNoPolicy     = errors.New("mtasts: no policy")     // No Policy Host, or it says 404.
	ErrPolicyFetch  = errors.New("mtasts: policy fetch")  // Retrieval failed.
	ErrPolicySyntax = errors.New("mtasts: policy syntax") // Retrieved, and it does not parse.
)

// Sentinel returns the name of the sentinel that err wraps, and "" where it wraps none or is nil.
func Sentinel(err error) codes.Sentinel {
	for _, sentinel := range [...]struct {
		err  error
		name codes.Sentinel
	}{
		{ErrNoRecord, codes.ErrNoRecord}, {ErrMultipleRecords, codes.ErrMultipleRecords},
		{ErrRecordSyntax, codes.ErrRecordSyntax}, {ErrDNS, codes.ErrDNS}, {ErrNoPolicy, codes.ErrNoPolicy},
		{ErrPolicyFetch, codes.ErrPolicyFetch}, {ErrPolicySyntax, codes.ErrPolicySyntax},
	} {
		if errors.Is(err, sentinel.err) {
			return sentinel.name
		}
	}
	return ""
}

// failure puts the class first, the reason second and the cause, which may be nil, last. A sentinel in the
// cause is dropped, since an error must not be of two classes.
func failure(sentinel error, reason string, cause error) error {
	if cause == nil {
		return fmt.Errorf("%w: %s", sentinel, reason)
	}
	if Sentinel(cause) != "" {
		cause = errors.New(cause.Error())
	}
	return fmt.Errorf("%w: %s: %w", sentinel, reason, cause)
}

// withCancellation makes a cancelled ctx visible in err, whatever the callee made of it: a scan that was
// stopped must not blame a domain.
func withCancellation(ctx context.Context, err error) error {
	if err == nil || !errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", context.Canceled, err)
}
