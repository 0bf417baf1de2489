package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/fault"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// A survey is the way of one domain to its row: straight-line code that ends the
// lookup, fetches the policy and asks about the mail side.
type survey struct {
	*surveyor
	name   *domains.Name
	before *earlier
	// mayAsk notes that the policy of a row's domain is asked for. Where it is not to be
	// asked for now, it reports false, and the row says why.
	mayAsk func(row *output.Row) (bool, error)

	told, partial *output.Row // up to the policy, and as far as it could be told
	asked         bool        // the policy is asked for
	rests         time.Time   // when its Policy Host wants to be asked again that put it off; zero: it said nothing
	fault         error       // of this machine, that the row waits for
	zone          bool        // the row lacks what the zone's SOA tells
	doubtful      bool        // the row rests on a probe of an MX host that is to be made again
}

// errLog says that the log of surveys cannot be read or written.
var errLog = errors.New("the log of surveys")

// make surveys the domain until it has a row. A fault of this machine is never a
// finding: the domain is asked again, a few times now, and then later.
//
// With an error there is no row, but what was known by then; nil: nothing. It says
// that the work was ended, that no upstream will answer any more, or wraps errLog.
func (s *survey) make(first *firstAnswer) (*output.Row, error) {
	s.told = s.before.told
	before := s.stalls.seen()
	var over error
	row, err := backoff.Retry(s.work, func() (row *output.Row, err error) {
		if !s.endsWith(first, s.before) {
			if err := s.Engine.Await(s.work); err != nil && s.work.Err() == nil {
				over = err
				return nil, backoff.Permanent(err)
			}
		}
		row, err = s.attempt(first, before)
		first = nil // a second try asks the question again
		if errors.Is(err, errLog) {
			over = err
		}
		if over != nil || fault.OutOfReach(err) { // another try would tell nothing more
			return nil, backoff.Permanent(err)
		}
		return row, err
	}, backoff.WithMaxTries(s.triesNow()), backoff.WithNotify(func(err error, _ time.Duration) {
		s.complain(s.name.Domain, err)
	}))
	switch {
	case err == nil:
		s.faults.Store(0)
		return row, nil
	case over != nil, s.work.Err() != nil:
		if s.told == nil && s.partial != nil && s.partial.Record == string(codes.RecordUnknown) {
			return nil, err // there is no answer yet
		}
		return s.partial, err
	}
	s.fault = fmt.Errorf("%s: %w", s.name.Domain, err)
	return s.postpone(cmp.Or(s.told, s.partial), s.before, err), nil
}

// attempt surveys the domain from where an attempt before has stopped: a policy is
// not asked for again because of what came after it. before are the stalls when the
// survey began.
func (s *survey) attempt(first *firstAnswer, before stalled) (*output.Row, error) {
	if s.before.probed != nil {
		row, doubtful, err := s.probeAgain(s.before)
		if s.partial, s.doubtful = s.before.probed, doubtful; err != nil {
			return nil, err
		}
		s.settle(row)
		return row, context.Cause(s.work)
	}
	if s.told == nil {
		seen, err := s.tell(first)
		if seen != nil {
			s.partial = seen
		}
		if err != nil {
			return nil, err
		}
		s.told = seen
	}
	row := *s.told
	row.Findings = slices.Clip(row.Findings)
	if err := s.conclude(&row); err != nil {
		return nil, err
	}
	if row.Pending == string(codes.PendingManners) && s.told.Pending == "" {
		mx := row.MX
		row = *s.told
		fillProbesPutOff(&row, mx)
	}
	s.excuse(&row, s.before, before)
	s.settle(&row)
	return &row, context.Cause(s.work) // whatever failed, that may be why
}

// tell is the story up to the policy: the record, and the policy where there is a
// valid record. first is what the sieve heard, nil to ask the question here. The error
// is a fault of this machine; with one, the row is what was known of the domain by
// then, or nil.
func (s *survey) tell(first *firstAnswer) (*output.Row, error) {
	row := s.rows.newRow(s.name)
	began, result := s.rows.now(), "lookuperror"
	if s.Client.Observe != nil {
		defer func() { s.Client.Observe(result, s.rows.now().Sub(began)) }()
	}
	if first != nil && first.negative() {
		var lean output.Denial // the mail side of every domain is asked for
		s.rows.fillNegative(&lean, s.name, &first.answer)
		row = whole(&lean, s.name)
		if upstream := first.answer.Trace.Upstream; upstream.IsValid() {
			row.Resolver = upstream.String()
		}
		return row, nil
	}
	var asked resolver.Trace
	lookup, err := s.lookup(first, &asked)
	if err != nil && cutShort(s.work) {
		return nil, err
	}
	fillLookup(row, lookup, err, asked)
	switch {
	case fault.Ours(err):
		return row, err
	case err != nil:
		return row, nil
	}
	row.Policy = string(codes.PolicyUnknown)
	if s.work.Err() != nil {
		return row, context.Cause(s.work)
	}
	if ask, err := s.mayAsk(row); err != nil {
		return row, fmt.Errorf("%w: %w", errLog, err)
	} else if !ask {
		return row, nil
	}
	s.asked, result = true, "fetcherror"
	fetched, err := s.fetch(row)
	if fetched {
		result = "ok"
	}
	return row, err
}

// lookup ends the lookup that the sieve began.
func (s *survey) lookup(first *firstAnswer, asked *resolver.Trace) (mtasts.Lookup, error) {
	ctx := resolver.WithTrace(s.work, asked)
	if first != nil {
		*asked = first.answer.Trace
	}
	switch {
	case first == nil, first.answer.Outcome == resolver.Reply && first.reply == nil:
		return s.Client.LookupRecord(ctx, s.name.Domain)
	case first.answer.Outcome == resolver.Reply:
		return s.Client.LookupFrom(ctx, first.reply)
	}
	return mtasts.LookupFailed(s.name.Domain, first.answer.Err)
}

// fetch asks for the policy, and reports whether there is a valid one.
func (s *survey) fetch(row *output.Row) (ok bool, err error) {
	ctx := s.timed(s.connecting(s.before.failedAt()), s.before)
	ctx = egress.WithPass(ctx, int(s.before.nextPass()))
	var dialled egress.Trace
	var host mtasts.Host
	policy, err := s.Client.FetchPolicy(withHost(egress.WithTrace(ctx, &dialled), &host), s.name.Domain)
	return s.fetched(row, policy, err, host, dialled)
}

// fetched fills in what came of asking for the policy.
func (s *survey) fetched(
	row *output.Row, policy mtasts.Fetch, err error, host mtasts.Host, dialled egress.Trace,
) (ok bool, _ error) {
	switch {
	case fault.PutOff(err):
		s.asked, s.rests = false, fault.Until(err)
		fillPutOff(row, host)
		return false, nil
	case fault.Ours(err) || err != nil && s.work.Err() != nil:
		if failed := new(egress.Error); errors.As(err, &failed) && !dialled.Addr.IsValid() {
			s.asked = false // no connection was begun
		}
		fillUnasked(row, host)
		return false, err
	}
	fillFetch(row, policy, err, host, dialled)
	return err == nil, nil
}

// conclude surveys the mail side of a domain, unless its row is provisional
// anyway.
func (s *survey) conclude(row *output.Row) (err error) {
	s.doubtful = false
	if row.Pending != "" {
		return nil
	}
	s.doubtful, err = s.mail(row, s.before)
	return err
}

// settle says whether a row is final. What may mend waits for the next pass, but
// for hosts that were asked for the last time for being out of reach; after the
// last pass, a zone that gave no answer is asked for its SOA. A doubtful probe waits for
// the second one, whatever the pass, unless there is but one.
func (s *survey) settle(row *output.Row) {
	s.zone = false
	s.before.amend(row)
	if row.Pending != "" || !row.Transient() && !s.doubtful {
		return
	}
	again := row.Transient() && int(row.Pass) < s.Passes && !(s.last && row.PolicyStage == string(codes.StageTCP))
	if again || s.doubtful && s.Passes > 1 {
		row.Pending = string(codes.PendingTransient)
		return
	}
	switch codes.RecordReason(row.RecordReason) {
	case codes.RecordServfail, codes.RecordTimeout:
		s.zone = true
	}
}
