package starttls

import (
	"context"
	"time"

	"stsscan/internal/codes"
)

// A Previous is the result of a probe that a row has.
type Previous struct {
	Result
	Seen time.Time // when the row was observed; whole seconds count
}

// ProbeAgain is Probe for a host of which a row has a result. Where that is doubtful, ProbeAgain makes a second probe,
// unless it was made already. Its result counts, and keeps the class of the first; where no server could be
// talked to, the first result stands.
//
// Of an earlier process only the row is left. Its result is known here too, and counts as the first probe where
// this Prober has probed the host since.
func (p *Prober) ProbeAgain(ctx context.Context, host string, previous Previous, stalls func() int64) (Result, error) {
	return p.probeOnce(ctx, host, &previous, stalls)
}

// lookUp is what is known of a host, or else what a row has; ok is false where that is nothing, or is doubtful
// and from the row alone. The row of an earlier process and a probe of this one are the first and the second
// probe, and there is no third. The caller holds the lock.
func (p *Prober) lookUp(host string, previous *Previous) (known Result, ok bool) {
	known, ok = p.results.get(host)
	switch {
	case previous == nil, ok && known.Final:
		return known, ok
	case !ok && previous.Doubtful():
		return previous.Result, false
	case !ok:
		known = previous.Result
	case previous.Seen.Before(p.began), previous.Doubtful() && !known.Doubtful():
		known.First, known.Final = previous.first(), true
	}
	p.results.keep(host, known)
	return known, true
}

// first is the class of the first probe that a row has, where that was doubtful.
func (e *Previous) first() codes.STARTTLS {
	if e.First == "" && e.Class.Doubtful() {
		return e.Class
	}
	return e.First
}

// combine is what counts of two probes.
func combine(first, last Result) Result {
	if last.silent() {
		first.Final = true
		return first
	}
	last.First, last.Final = first.Class, true
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
