package resolver

import (
	"time"

	"stsscan/internal/codes"
)

// A questionState is what has become of a question so far.
type questionState struct {
	began    time.Duration // when it was asked first
	tried    time.Duration // when the last attempt began
	made     int           // attempts
	last     *upstream     // of the last attempt
	evidence evidence
}

// evidence is what failed attempts brought.
type evidence struct {
	kept   *reading // the last reply whose rcode is tried again; nil: none
	source Trace    // of kept
	failed *Error   // the failure that says most about the question; nil: none, or silence
}

// noteDeclined notes a reply whose rcode is tried again.
func (e *evidence) noteDeclined(rd reading, source Trace) { e.kept, e.source = &rd, source }

// noteFailure notes a failure, unless an earlier one says more about the question: a reply that cannot be read says
// more than silence, and silence more than a fault of this machine.
func (e *evidence) noteFailure(err *Error, u *upstream) {
	if err.rank() < e.failed.rank() {
		return
	}
	err.upstream = u.addr
	e.failed = err
}

// failure is the failure of a question without any reply that was sent to u last.
func (e *evidence) failure(u *upstream) *Error {
	if e.failed != nil {
		return e.failed
	}
	silence := failure(codes.RecordTimeout, errNoAnswer)
	silence.upstream = u.addr
	return silence
}

// silent reports whether no attempt got a reply, and none failed otherwise.
func (e *evidence) silent() bool {
	return e.kept == nil && (e.failed == nil || e.failed.err == errNoAnswer)
}

// A history is what earlier attempts of an item brought, if it was more than silence.
type history struct {
	evidence  evidence
	uncounted int   // attempts that do not count, since the question started over
	restarts  uint8 // how often the question was asked from its beginning
}
