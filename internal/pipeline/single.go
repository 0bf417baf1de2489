package pipeline

import (
	"context"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/fault"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// story is one domain's survey, without a log and without another try. The error
// is a fault of this machine.
func (r *surveyor) story(name *domains.Name, first *firstAnswer) (*output.Row, error) {
	always := func(*output.Row) (bool, error) { return true, nil }
	s := &survey{surveyor: r, name: name, before: new(earlier), mayAsk: always}
	tell := s.get
	if first != nil {
		tell = func() (*output.Row, error) { return s.tell(first) }
	}
	row, err := tell()
	if err != nil {
		return nil, err
	}
	return row, s.conclude(row)
}

// get is tell for a domain that is asked alone: record and policy as a sender gets
// them on first contact.
func (s *survey) get() (*output.Row, error) {
	row := s.rows.newRow(s.name)
	var asked resolver.Trace
	var dialled egress.Trace
	var host mtasts.Host
	ctx := s.timed(s.connecting(nil), s.before)
	ctx = withHost(egress.WithTrace(resolver.WithTrace(ctx, &asked), &dialled), &host)
	lookup, policy, err := s.Client.Get(ctx, s.name.Domain)
	if policy.Class == codes.PolicyNotFetched {
		fillLookup(row, lookup, err, asked)
		if fault.Ours(err) {
			return row, err
		}
		return row, nil
	}
	fillLookup(row, lookup, nil, asked)
	_, err = s.fetched(row, policy, err, host, dialled)
	return row, err
}

// Survey makes the row of one domain: the record, and the policy where there is
// a valid record. The deadline of the lookup is that of ctx; of c, only Engine,
// Client, Suffixes, Mail, Deadline (for the mail side), LastDeadline, Now and Log count. The
// error is a fault of this machine, or that of ctx; an address that is out of reach is
// so by its own fault, where nothing shows that it is ours.
func Survey(ctx context.Context, c Config, name domains.Name) (*output.Row, error) {
	r := newSurveyor(c.withDefaults(), ctx)
	r.patience, r.last, r.alone = patienceAlone, true, true
	row, err := r.story(&name, nil)
	if err != nil {
		return nil, err
	}
	row.ObservedAt = r.rows.observed()
	return row, nil
}
