package survey

import (
	"context"
	"time"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
)

// repassFactor is how much longer later passes wait for answers about the mail side.
const repassFactor = 3

// connecting is the context of connections to a host that did not connect at the time failed; nil: it did, or was
// not tried.
func (r *Surveyor) connecting(failed *time.Time) context.Context {
	ctx := r.work
	if r.turn > 0 {
		ctx = egress.WithPatience(ctx, r.turn)
	}
	if failed != nil {
		ctx = egress.WithEarlierFailure(ctx, *failed)
	}
	if r.config.LastTry {
		ctx = egress.WithLastTry(ctx)
	}
	return ctx
}

// deadline is that of a retrieval. A quick one leaves slow hosts to the last pass, where they hold up no others.
func (r *Surveyor) deadline(p *Previous) (d time.Duration, quick bool) {
	switch c := &r.config; {
	case r.alone:
		return c.LastDeadline, false
	case int(p.nextPass()) < c.Passes:
		return c.Deadline, true
	case c.Passes > 1:
		return c.LastDeadline, false
	default:
		return c.Deadline, false
	}
}

// withDeadline is the context of a retrieval.
func (r *Surveyor) withDeadline(ctx context.Context, p *Previous) context.Context {
	d, quick := r.deadline(p)
	if quick {
		return egress.WithTimeout(ctx, d)
	}
	if timedOut(p.stage, p.policyReason) {
		ctx = egress.WithEarlierTimeout(ctx, p.stage, p.policyReason)
	}
	return egress.WithWholeTime(ctx, d, r.config.Deadline)
}

// timedOut reports whether a retrieval ended by the time that a host took after the connection.
func timedOut(stage codes.Stage, reason codes.PolicyReason) bool {
	switch stage {
	case codes.StageTLS:
		return reason == codes.PolicyReason(codes.TLSHandshakeTimeout)
	case codes.StageHTTP, codes.StageBody:
		return reason == codes.ReasonTimeout
	}
	return false
}

// mailDeadline is that of all questions about the mail side together: most are asked at the same time. In later
// passes each has more attempts.
func (r *Surveyor) mailDeadline() time.Duration {
	if r.config.Repass {
		return repassFactor * r.config.Deadline
	}
	return r.config.Deadline
}

// Longest is how long a survey can take, unless this machine holds it up: the rest of its lookup, a turn at its
// Policy Host, the retrieval, the mail side, and a turn and a probe of its MX hosts. question is how long a
// question takes at most, turn how long the transport lets a survey wait for its turn.
func (r *Surveyor) Longest(question, turn time.Duration) time.Duration {
	turn = max(turn, r.turn)
	p := new(Previous)
	if r.config.Repass {
		p.Pending, p.pass = codes.PendingTransient, int32(r.config.Passes) // as long as in the last pass
	}
	retrieval, _ := r.deadline(p)
	d := question + turn + retrieval + r.mailDeadline()
	if r.config.Mail.Prober != nil {
		d += turn + r.config.Mail.Prober.Longest()
	}
	return d
}
