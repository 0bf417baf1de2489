package survey

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/fault"
	"stsscan/internal/output"
)

// Survey surveys a domain until it has a row. It starts from first; nil: it asks for the record itself. mayAsk is
// called before the policy is asked for. If it reports false the policy is not asked for, and mayAsk has noted the
// reason in the row.
//
// A fault of this machine is never a finding: the survey is tried a few times, and then its row is provisional.
// With an error, the row is what was known by then, or nil. The error is that of mayAsk, of Await, or of the work's
// context.
func (r *Surveyor) Survey(
	name *domains.Name, p *Previous, first *FirstAnswer, mayAsk func(row *output.Row) (bool, error),
) (Result, error) {
	s := &survey{surveyor: r, name: name, previous: p, mayAsk: mayAsk, upToPolicy: p.upToPolicy}
	row, err := s.make(first)
	s.result.Row = row
	return s.result, err
}

// make tries until there is a row.
func (s *survey) make(first *FirstAnswer) (*output.Row, error) {
	r := s.surveyor
	before := r.stalls.seen()
	row, err := backoff.Retry(r.work, func() (row *output.Row, err error) {
		if !r.EndsWith(first, s.previous) {
			if err := r.config.Await(r.work); err != nil && r.work.Err() == nil {
				s.giveUp = err
				return nil, backoff.Permanent(err)
			}
		}
		row, err = s.try(first, before)
		first = nil                                   // a second try asks the question again
		if s.giveUp != nil || fault.OutOfReach(err) { // another try would tell nothing more
			return nil, backoff.Permanent(err)
		}
		return row, err
	}, backoff.WithMaxTries(r.triesNow()), backoff.WithNotify(func(err error, _ time.Duration) {
		r.logFault(s.name.Domain, err)
	}))
	switch {
	case err == nil:
		r.faultsInRow.Store(0)
		return row, nil
	case s.giveUp != nil, r.work.Err() != nil:
		if s.upToPolicy == nil && s.known != nil && s.known.Record == string(codes.RecordUnknown) {
			return nil, err // there is no answer yet
		}
		return s.known, err
	}
	s.result.Fault = fmt.Errorf("%s: %w", s.name.Domain, err)
	return r.postpone(cmp.Or(s.upToPolicy, s.known), s.previous, err), nil
}

// try goes on where the try before stopped, so that a policy is retrieved once. before are the stalls when the
// survey began.
func (s *survey) try(first *FirstAnswer, before stalled) (*output.Row, error) {
	r := s.surveyor
	if s.previous.probesOnly != nil {
		row, doubtful, err := r.repeatProbes(s.previous)
		if s.known, s.doubtful = s.previous.probesOnly, doubtful; err != nil {
			return nil, err
		}
		s.decidePending(row)
		return row, context.Cause(r.work)
	}
	if s.upToPolicy == nil {
		seen, err := s.recordAndPolicy(first)
		if seen != nil {
			s.known = seen
		}
		if err != nil {
			return nil, err
		}
		s.upToPolicy = seen
	}
	row := *s.upToPolicy
	row.Findings = slices.Clip(row.Findings)
	if err := s.mailSide(&row); err != nil {
		return nil, err
	}
	if row.Pending == string(codes.PendingManners) && s.upToPolicy.Pending == "" {
		mx := row.MX
		row = *s.upToPolicy
		fillProbesPutOff(&row, mx)
	}
	r.makeInterrupted(&row, s.previous, before)
	s.decidePending(&row)
	return &row, context.Cause(r.work) // whatever failed, that may be why
}
