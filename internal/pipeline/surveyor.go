package pipeline

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/fault"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
)

const (
	// laterPatience is how much longer later passes wait for what is asked about the
	// mail side.
	laterPatience = 3
	// After manyFaults surveys in a row that ended by a fault of this machine, a domain
	// is surveyed once: what lasts would else take all its tries for each domain.
	manyFaults = 256
)

// How long a survey waits for its turn at a Policy Host: one that comes back for
// what was put off, and the only one there is. Others are put off by the
// transport's own limits.
const (
	patienceAgain = time.Minute
	patienceAlone = 24 * time.Hour
)

// A surveyor is what the surveys of a run share. Fields that have the names of
// those of [Config] are the same.
type surveyor struct {
	rows     *rowMaker
	Engine   Engine
	Client   *mtasts.Client
	Mail     Mail
	Deadline time.Duration
	Passes   int
	Stats    *Stats
	Log      *slog.Logger

	LastDeadline time.Duration

	tries    uint            // of a domain at a time
	work     context.Context // ends questions and surveys
	again    bool            // the domains have rows
	last     bool            // hosts that are out of reach are not asked again
	alone    bool            // there is one domain, and nothing else to do
	patience time.Duration   // with which surveys wait for their turn; 0: that of the transport

	tlsa       tlsaCache
	stalls     stallWatch   // times that the process was stopped or starved
	faults     atomic.Int64 // surveys that ended by a fault of this machine, in a row
	began      time.Time    //
	latest     atomic.Int64 // when the latest survey was begun, in nanoseconds since then
	complained atomic.Int64 // when such a fault was last logged, 1 + nanoseconds since the run began; 0: never
}

func newSurveyor(c Config, work context.Context) *surveyor {
	return &surveyor{
		rows: newRowMaker(c.Common, c.Now), Engine: c.Engine, Client: c.Client, Mail: c.Mail, Deadline: c.Deadline, Passes: c.Passes,
		LastDeadline: c.LastDeadline, Stats: c.Stats, Log: c.Log, tries: c.tries, work: work, began: time.Now(),
	}
}

// connecting is the context of connections to a host that did not connect before;
// nil: it is not known to have failed.
func (r *surveyor) connecting(failed *time.Time) context.Context {
	ctx := r.work
	if r.patience > 0 {
		ctx = egress.WithPatience(ctx, r.patience)
	}
	if failed != nil {
		ctx = egress.WithEarlierFailure(ctx, *failed)
	}
	if r.last {
		ctx = egress.WithLastWord(ctx)
	}
	return ctx
}

// deadline is that of a retrieval. A quick one leaves slow hosts to the last pass, so
// that they hold up no others.
func (r *surveyor) deadline(e *earlier) (d time.Duration, quick bool) {
	switch {
	case r.alone:
		return r.LastDeadline, false
	case int(e.nextPass()) < r.Passes:
		return r.Deadline, true
	case r.Passes > 1:
		return r.LastDeadline, false
	}
	return r.Deadline, false
}

// timed is the context of a retrieval, with its deadline.
func (r *surveyor) timed(ctx context.Context, e *earlier) context.Context {
	d, quick := r.deadline(e)
	if quick {
		return egress.WithTimeout(ctx, d)
	}
	if timedOut(e.stage, e.policyReason) {
		ctx = egress.WithEarlierTimeout(ctx, e.stage, e.policyReason)
	}
	return egress.WithWholeTime(ctx, d, r.Deadline)
}

// mailDeadline is that of the questions about the mail side, which are asked side by
// side, but for those about MX hosts. In later passes each has more attempts.
func (r *surveyor) mailDeadline() time.Duration {
	if r.again {
		return laterPatience * r.Deadline
	}
	return r.Deadline
}

// longest is how long a survey can take, if nothing of ours gets in the way: the rest
// of its lookup, a turn at its Policy Host, the retrieval, the mail side, and a turn and
// a probe of its MX hosts. question is how long one takes.
func (r *surveyor) longest(question, turn time.Duration) time.Duration {
	turn = max(turn, r.patience)
	e := new(earlier)
	if r.again {
		e.pending, e.pass = codes.PendingTransient, int32(r.Passes) // as long as in the last pass
	}
	retrieval, _ := r.deadline(e)
	d := question + turn + retrieval + r.mailDeadline()
	if r.Mail.Prober != nil {
		d += turn + r.Mail.Prober.Longest()
	}
	return d
}

// begins notes that a survey begins.
func (r *surveyor) begins() { r.latest.Store(int64(time.Since(r.began))) }

// sinceBegun is how long ago the latest survey was begun.
func (r *surveyor) sinceBegun() time.Duration {
	return time.Since(r.began) - time.Duration(r.latest.Load())
}

// stallsNow is the number of stalls until now.
func (r *surveyor) stallsNow() int64 { return r.stalls.look(time.Now(), r.Log).times }

// excuse makes a row provisional that failed while the process was stopped or
// starved; before are the stalls when it was begun. That counts for no pass. A
// policy that did not come within the deadline is no such failure where the last pass is
// still to come, which waits longer, or at most a tenth of the deadline was lost: what
// comes meanwhile waits in the kernel.
func (r *surveyor) excuse(row *output.Row, e *earlier, before stalled) {
	if row.Pending != "" || !row.Transient() {
		return
	}
	now := r.stalls.look(time.Now(), r.Log)
	if now.times == before.times {
		return
	}
	if deadline, quick := r.deadline(e); slowPolicy(row) && (quick || now.time-before.time <= deadline/10) {
		return
	}
	row.Pending = string(codes.PendingInterrupted)
}

// timedOut reports whether a retrieval ended by the time that a host took which had
// been connected to.
func timedOut(stage codes.Stage, reason codes.PolicyReason) bool {
	switch stage {
	case codes.StageTLS:
		return reason == codes.PolicyReason(codes.TLSHandshakeTimeout)
	case codes.StageHTTP, codes.StageBody:
		return reason == codes.ReasonTimeout
	}
	return false
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

// triesNow is how often the next domain may be surveyed.
func (r *surveyor) triesNow() uint {
	if r.faults.Load() >= manyFaults {
		return 1
	}
	return r.tries
}

// postpone is the provisional row of a domain that a fault of this machine got in
// the way of, after what was told of it.
func (r *surveyor) postpone(told *output.Row, before *earlier, err error) *output.Row {
	if !fault.OutOfReach(err) {
		r.faults.Add(1)
	}
	row := *told
	row.Findings = slices.Clip(row.Findings)
	before.amend(&row)
	r.await(&row, err)
	return &row
}

// await makes a row provisional for a fault of this machine.
func (r *surveyor) await(row *output.Row, err error) {
	row.Pending = string(codes.PendingLocal)
	row.ObservedAt = r.rows.now().UTC().Truncate(time.Microsecond) // to be compared with connections
	r.complain(row.Domain, err)
}

// complain counts a fault of this machine and says so, once in a while: when one
// domain meets it, thousands do.
func (r *surveyor) complain(domain string, err error) {
	faults := r.Stats.localFaults.Add(1)
	now := 1 + int64(time.Since(r.began))
	last := r.complained.Load()
	if last > 0 && time.Duration(now-last) < complaintInterval || !r.complained.CompareAndSwap(last, now) {
		return
	}
	r.Log.Warn("a fault of this machine: domains are asked again", "times", faults, "last", domain, "error", err)
}

// interrupted is the row of a domain whose survey was cut short, of which so much
// is known: provisional, and of this moment, so that a policy that was asked for
// is not asked for again within a pass.
func interrupted(known *output.Row, before *earlier) *output.Row {
	row := *known
	if row.Pending == "" {
		row.Pending = string(codes.PendingInterrupted)
	}
	before.amend(&row)
	return &row
}
