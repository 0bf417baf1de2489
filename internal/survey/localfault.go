package survey

import (
	"slices"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
	"stsscan/internal/output"
)

// manyFaults is how many surveys in a row may end by a fault of this machine before each domain gets a single try:
// a fault that lasts would take all tries of every domain.
const manyFaults = 256

// triesNow is how often the next domain may be surveyed.
func (r *Surveyor) triesNow() uint {
	if r.faultsInRow.Load() >= manyFaults {
		return 1
	}
	return r.config.Tries
}

// postpone is the provisional row of a domain after a fault of this machine, with what was known by then.
func (r *Surveyor) postpone(known *output.Row, p *Previous, err error) *output.Row {
	if !fault.OutOfReach(err) {
		r.faultsInRow.Add(1)
	}
	row := *known
	row.Findings = slices.Clip(row.Findings)
	p.amend(&row)
	r.MakeLocal(&row, err)
	return &row
}

// MakeLocal makes a row provisional, for a fault of this machine.
func (r *Surveyor) MakeLocal(row *output.Row, err error) {
	row.Pending = string(codes.PendingLocal)
	row.ObservedAt = r.Rows.now().UTC().Truncate(time.Microsecond) // to be compared with connections
	r.logFault(row.Domain, err)
}

// logFault counts a fault of this machine, and logs one every few seconds: when one domain meets it, thousands do.
func (r *Surveyor) logFault(domain string, err error) {
	faults := r.config.LocalFaults.Add(1)
	now := 1 + int64(time.Since(r.began))
	last := r.loggedFault.Load()
	if last > 0 && time.Duration(now-last) < logInterval || !r.loggedFault.CompareAndSwap(last, now) {
		return
	}
	r.config.Log.Warn("a fault of this machine: domains are asked again", "times", faults, "last", domain, "error", err)
}

// Interrupted is the provisional row of a domain whose survey was cut short, with what was known by then. Its time
// will be that of this moment, so that a policy that was asked for waits as long as after a pass.
func Interrupted(known *output.Row, p *Previous) *output.Row {
	row := *known
	if row.Pending == "" {
		row.Pending = string(codes.PendingInterrupted)
	}
	p.amend(&row)
	return &row
}

// stallsNow is the number of stalls until now.
func (r *Surveyor) stallsNow() int64 { return r.stalls.look(time.Now(), r.config.Log).times }

// makeInterrupted makes a row provisional if the domain failed while the process was stopped or starved; before are
// the stalls when its survey began. That counts for no pass. So does a host whose TLSA records are unknown, though
// DANE may not depend on it. A policy that missed its deadline is an exception if a later pass waits longer, or if at
// most a tenth of the deadline was lost: what comes meanwhile waits in the kernel.
func (r *Surveyor) makeInterrupted(row *output.Row, p *Previous, before stalled) {
	if row.Pending != "" || !row.Transient() && !slices.ContainsFunc(row.MX, tlsaUnknown) {
		return
	}
	now := r.stalls.look(time.Now(), r.config.Log)
	if now.times == before.times {
		return
	}
	if deadline, quick := r.deadline(p); slowPolicy(row) && (quick || now.time-before.time <= deadline/10) {
		return
	}
	row.Pending = string(codes.PendingInterrupted)
}

func tlsaUnknown(host output.MXHost) bool {
	return host.TLSA != nil && *host.TLSA == string(codes.TLSAUnknown)
}

// slowPolicy reports whether a row is transient for no reason but a policy that missed its deadline.
func slowPolicy(row *output.Row) bool {
	if !timedOut(codes.Stage(row.PolicyStage), codes.PolicyReason(row.PolicyReason)) {
		return false
	}
	rest := *row
	rest.PolicyStage, rest.PolicyReason = "", ""
	return !rest.Transient()
}
