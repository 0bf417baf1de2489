package survey

import (
	"context"
	"errors"

	"stsscan/internal/codes"
	"stsscan/internal/egress"
	"stsscan/internal/fault"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// recordAndPolicy is the row up to the policy: the record, and the policy if the record is valid. The error is a
// fault of this machine, or that of mayAsk; with it, the row is what was known by then, or nil.
func (s *survey) recordAndPolicy(first *FirstAnswer) (*output.Row, error) {
	r := s.surveyor
	row := r.Rows.newRow(s.name)
	began, result := r.Rows.now(), "lookuperror"
	if observe := r.config.Client.Observe; observe != nil {
		defer func() { observe(result, r.Rows.now().Sub(began)) }()
	}
	if first != nil && first.denial() {
		return r.Rows.denied(s.name, &first.Answer), nil // the mail side of every domain is asked for
	}
	var asked resolver.Trace
	lookup, err := s.lookup(first, &asked)
	if err != nil && r.work.Err() != nil {
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
	if r.work.Err() != nil {
		return row, context.Cause(r.work)
	}
	if ask, err := s.mayAsk(row); err != nil {
		s.giveUp = err
		return row, err
	} else if !ask {
		return row, nil
	}
	s.result.Asked, result = true, "fetcherror"
	fetched, err := s.fetch(row)
	if fetched {
		result = "ok"
	}
	return row, err
}

// lookup ends the lookup that the first answer began.
func (s *survey) lookup(first *FirstAnswer, asked *resolver.Trace) (mtasts.Lookup, error) {
	client := s.surveyor.config.Client
	ctx := resolver.WithTrace(s.surveyor.work, asked)
	if first != nil {
		*asked = first.Answer.Trace
	}
	switch {
	case first == nil, first.Answer.Outcome == resolver.Reply && first.Reply == nil:
		return client.LookupRecord(ctx, s.name.Domain)
	case first.Answer.Outcome == resolver.Reply:
		return client.LookupFrom(ctx, first.Reply)
	}
	return mtasts.LookupFailed(s.name.Domain, first.Answer.Err)
}

// fetch asks for the policy, and reports whether there is a valid one.
func (s *survey) fetch(row *output.Row) (ok bool, err error) {
	r := s.surveyor
	ctx := r.withDeadline(r.connecting(s.previous.hostFailedAt()), s.previous)
	ctx = egress.WithPass(ctx, int(s.previous.nextPass()))
	var dialled egress.Trace
	var host mtasts.Host
	policy, err := r.config.Client.FetchPolicy(withHost(egress.WithTrace(ctx, &dialled), &host), s.name.Domain)
	return s.fillPolicy(row, policy, err, host, dialled)
}

// fillPolicy fills in what came of asking for the policy.
func (s *survey) fillPolicy(
	row *output.Row, policy mtasts.Fetch, err error, host mtasts.Host, dialled egress.Trace,
) (ok bool, _ error) {
	switch {
	case fault.PutOff(err):
		s.result.Asked, s.result.RetryAt = false, fault.Until(err)
		fillPutOff(row, host)
		return false, nil
	case fault.Ours(err) || err != nil && s.surveyor.work.Err() != nil:
		if failed := new(egress.Error); errors.As(err, &failed) && !dialled.Addr.IsValid() {
			s.result.Asked = false // no connection was begun
		}
		fillUnasked(row, host)
		return false, err
	}
	fillFetch(row, policy, err, host, dialled)
	return err == nil, nil
}

// A FirstAnswer is the answer that a survey starts from. Its message was read when it came, and is not kept.
type FirstAnswer struct {
	Answer resolver.Answer
	Reply  *mtasts.FirstReply // what the message said; nil: nothing was kept of it, or there was none
}

// denial reports whether the answer is a plain denial.
func (f *FirstAnswer) denial() bool {
	return f.Answer.Outcome == resolver.NXDOMAIN || f.Answer.Outcome == resolver.NODATA
}

// failed reports whether there was no reply, through no fault of this machine.
func (f *FirstAnswer) failed() bool {
	return f.Answer.Outcome == resolver.Failed && !fault.Ours(f.Answer.Err)
}

// EndsWith reports whether a first answer leaves nothing to ask, since the record is unknown.
func (r *Surveyor) EndsWith(first *FirstAnswer, p *Previous) bool {
	return first != nil && first.failed() && !r.config.Mail.All() && !p.onlyMail()
}
