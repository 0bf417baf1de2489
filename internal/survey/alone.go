package survey

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

// Domain makes the row of one domain, that is asked alone: the record, and the policy
// where there is a valid record. The deadline of the lookup is that of ctx; of c, only
// Client, Mail, Deadline (for the mail side), LastDeadline, Now and Log count. The
// error is a fault of this machine, or that of ctx; an address that is out of reach is
// so by its own fault, where nothing shows that it is ours.
func Domain(ctx context.Context, c Config, name domains.Name) (*output.Row, error) {
	c.LastTry, c.Repass = true, false
	r := New(c, ctx)
	r.turn, r.alone = turnAlone, true
	s := &survey{surveyor: r, name: &name, previous: new(Previous)}
	row, err := s.get()
	if err != nil {
		return nil, err
	}
	if err := s.mailSide(row); err != nil {
		return nil, err
	}
	row.ObservedAt = r.Rows.Observed()
	return row, nil
}

// get is recordAndPolicy for a domain that is asked alone: record and policy as a
// sender gets them on first contact.
func (s *survey) get() (*output.Row, error) {
	r := s.surveyor
	row := r.Rows.newRow(s.name)
	var asked resolver.Trace
	var dialled egress.Trace
	var host mtasts.Host
	ctx := r.withDeadline(r.connecting(nil), s.previous)
	ctx = withHost(egress.WithTrace(resolver.WithTrace(ctx, &asked), &dialled), &host)
	lookup, policy, err := r.config.Client.Get(ctx, s.name.Domain)
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
