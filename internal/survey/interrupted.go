package survey

import (
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/output"
)

// Interrupted is the row of a domain whose survey was cut short: provisional, with
// what was known by then. It has the time of this moment, so that a policy that was asked for
// is not asked for again within a pass.
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

// makeInterrupted makes a row provisional that failed while the process was stopped or
// starved; before are the stalls when its survey began. That counts for no pass. A
// policy that did not come within the deadline is no such failure where the last pass is
// still to come, which waits longer, or at most a tenth of the deadline was lost: what
// comes meanwhile waits in the kernel.
func (r *Surveyor) makeInterrupted(row *output.Row, p *Previous, before stalled) {
	if row.Pending != "" || !row.Transient() {
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

// slowPolicy reports whether a row may mend for nothing but a policy that did not come in time.
func slowPolicy(row *output.Row) bool {
	if !timedOut(codes.Stage(row.PolicyStage), codes.PolicyReason(row.PolicyReason)) {
		return false
	}
	rest := *row
	rest.PolicyStage, rest.PolicyReason = "", ""
	return !rest.Transient()
}
