package starttls

import (
	"context"
	"time"

	"stsscan/internal/codes"
)

// An Earlier is what a row tells of a probe of a host.
type Earlier struct {
	Result
	Seen time.Time // when the row was observed; whole seconds count
}

// Again is Probe for the sake of a row that tells of a probe of the host. Where that was
// doubtful, it makes the second, unless it is made. What that saw counts, and is kept with the
// class of the first; where no server could be talked to, what the first saw stands.
//
// Of a process before, the row is all that there is: what it tells is known here too, and
// what this Prober has seen of the host since is the second probe.
func (p *Prober) Again(ctx context.Context, host string, earlier Earlier, stalls func() int64) (Result, error) {
	return p.share(ctx, host, &earlier, stalls)
}

// recall is what is known of a host, or else what a row tells; ok is false where that is
// nothing, or is doubtful and from the row alone. Beside what a process before has seen,
// what this one has is a second probe, and the last. The caller holds the lock.
func (p *Prober) recall(host string, earlier *Earlier) (known Result, ok bool) {
	known, ok = p.known.result(host)
	switch {
	case earlier == nil, ok && known.Again:
		return known, ok
	case !ok && earlier.Doubtful():
		return earlier.Result, false
	case !ok:
		known = earlier.Result
	case earlier.Seen.Before(p.began), earlier.Doubtful() && !known.Doubtful():
		known.First, known.Again = earlier.first(), true
	}
	p.known.keep(host, known)
	return known, true
}

// first is the class of the first probe that a row tells of, where that was doubtful.
func (e *Earlier) first() codes.STARTTLS {
	if e.First == "" && e.Class.Doubtful() {
		return e.Class
	}
	return e.First
}

// second is what counts of two probes.
func second(first, last Result) Result {
	if last.silent() {
		first.Again = true
		return first
	}
	last.First, last.Again = first.Class, true
	return last
}

// silent reports whether no server was talked to.
func (r Result) silent() bool {
	switch r.Class {
	case codes.STARTTLSNoConnection, codes.STARTTLSNoAddress, codes.STARTTLSOptedOut, codes.STARTTLSUnknown:
		return true
	}
	return false
}
