package survey

import (
	"slices"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/fault"
	"stsscan/internal/output"
)

// manyFaults is after how many surveys in a row that ended by a fault of this machine
// a domain is surveyed once: what lasts would otherwise take all its tries for each.
const manyFaults = 256

// triesNow is how often the next domain may be surveyed.
func (r *Surveyor) triesNow() uint {
	if r.faultsInRow.Load() >= manyFaults {
		return 1
	}
	return r.config.Tries
}

// postpone is the provisional row of a domain that a fault of this machine got in
// the way of, with what was known by then.
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

// logFault counts a fault of this machine and logs it, once in a while: when one
// domain meets it, thousands do.
func (r *Surveyor) logFault(domain string, err error) {
	faults := r.config.LocalFaults.Add(1)
	now := 1 + int64(time.Since(r.began))
	last := r.loggedFault.Load()
	if last > 0 && time.Duration(now-last) < logInterval || !r.loggedFault.CompareAndSwap(last, now) {
		return
	}
	r.config.Log.Warn("a fault of this machine: domains are asked again", "times", faults, "last", domain, "error", err)
}
