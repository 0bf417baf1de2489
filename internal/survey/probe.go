package survey

import (
	"errors"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"stsscan/internal/codes"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/starttls"
)

// MaxProbedHosts bounds the MX hosts of one domain that are probed.
const MaxProbedHosts = 8

// probe asks the MX hosts of a row whether they would do TLS, all at once: the prober's
// door keeps the manners, and each host is talked to once in a run, or twice where the
// first time was doubtful. For a host that was put off, the row has the address to wait
// for. It reports whether the row rests on a doubtful probe. Where only second probes are
// to be made, no other host is asked.
func (r *Surveyor) probe(row *output.Row, p *Previous) (doubtful bool, err error) {
	if r.config.Mail.Prober == nil {
		return false, nil
	}
	ctx := r.connecting(p.mailFailedAt())
	var probes errgroup.Group
	var putOff, stalled, shortKey, doubts atomic.Bool
	for i := range row.MX[:min(len(row.MX), MaxProbedHosts)] {
		into := &row.MX[i]
		first, known := p.probes[into.Host]
		if p.probesOnly != nil && !first.Doubtful() || (mtasts.MXHost{Name: into.Host}).Pseudo() {
			continue
		}
		probes.Go(func() error {
			var seen starttls.Result
			var err error
			if known {
				seen, err = r.config.Mail.Prober.Again(ctx, into.Host, first, r.stallsNow)
			} else {
				seen, err = r.config.Mail.Prober.Probe(ctx, into.Host, r.stallsNow)
			}
			switch {
			case errors.Is(err, starttls.ErrLater):
				putOff.Store(true)
				into.Addr = text(seen.Addr)
				if known && into.STARTTLS == nil {
					into.FirstSTARTTLS = new(string(first.Class))
				}
			case errors.Is(err, starttls.ErrStalled):
				stalled.Store(true)
			case err != nil:
				return err
			default:
				fillProbe(into, seen)
				if seen.Peer.ShortKey {
					shortKey.Store(true)
				}
				if seen.Doubtful() {
					doubts.Store(true)
				}
			}
			return nil
		})
	}
	if err := probes.Wait(); err != nil {
		return false, err
	}
	switch {
	case putOff.Load():
		row.Pending = string(codes.PendingManners)
	case stalled.Load() && p.probesOnly != nil:
		row.Pending = string(codes.PendingTransient) // nothing else is asked again
	case stalled.Load():
		row.Pending = string(codes.PendingInterrupted)
	}
	fillProbeFindings(row)
	if shortKey.Load() {
		addOnce(row, codes.FindMXCertKeyShort)
	}
	return doubts.Load(), nil
}

// repeatProbes makes the second probes that a row waits for, and decides anew. All else
// stands: a mail server is no reason to ask for a policy again.
func (r *Surveyor) repeatProbes(p *Previous) (row *output.Row, doubtful bool, err error) {
	row = new(*p.probesOnly)
	row.MX, row.Findings = slices.Clone(row.MX), slices.Clone(row.Findings)
	doubtful, err = r.probe(row, p)
	fillVerdict(row)
	return row, doubtful, err
}
