package starttls

import (
	"context"
	"time"

	"stsscan/internal/codes"
)

// An Earlier is the result of a probe that a row has.
type Earlier struct {
	Result
	Seen time.Time // when the row was observed; whole seconds count
}

// Again is Probe for a host of which a row has a result. Where that is doubtful, Again makes a second probe,
// unless it was made already. Its result counts, and keeps the class of the first; where no server could be
// talked to, the first result stands.
//
// Of an earlier process only the row is left. Its result is known here too, and counts as the first probe where
// this Prober has probed the host since.
func (p *Prober) Again(ctx context.Context, host string, earlier Earlier, stalls func() int64) (Result, error) {
	return p.probeOnce(ctx, host, &earlier, stalls)
}

// lookUp is what is known of a host, or else what a row has; ok is false where that is nothing, or is doubtful
// and from the row alone. The row of an earlier process and a probe of this one are the first and the second
// probe, and there is no third. The caller holds the lock.
func (p *Prober) lookUp(host string, earlier *Earlier) (known Result, ok bool) {
	known, ok = p.results.get(host)
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
	p.results.keep(host, known)
	return known, true
}

// first is the class of the first probe that a row has, where that was doubtful.
func (e *Earlier) first() codes.STARTTLS {
	if e.First == "" && e.Class.Doubtful() {
		return e.Class
	}
	return e.First
}

// combine is what counts of two probes.
func combine(first, last Result) Result {
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
