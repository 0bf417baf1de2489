package survey

import (
	"cmp"
	"context"

	"stsscan/internal/codes"
	"stsscan/internal/domains"
	"stsscan/internal/egress"
	"stsscan/internal/fault"
	"stsscan/internal/mtasts"
	"stsscan/internal/output"
	"stsscan/internal/resolver"
)

// Domain makes the row of one domain, alone: the record, the policy if the record is valid, and the mail side. It
// uses Client, Mail, Deadline (for the mail side), LastDeadline, Now and Log of c. The lookup has the deadline of
// ctx. The error is a fault of this machine, or that of ctx. An address out of reach is a finding, unless it shows
// that the fault is ours.
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

// Elsewhere looks where people put a record by mistake, if the row has none. It uses Client and Deadline of c.
func Elsewhere(ctx context.Context, c Config, row *output.Row) ([]mtasts.Elsewhere, error) {
	if row.Record != string(codes.RecordAbsent) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Deadline, DefaultDeadline))
	defer cancel()
	return mtasts.LookupElsewhere(ctx, c.Client.Exchanger, row.Domain)
}

// get is recordAndPolicy as a sender does it on first contact.
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
	_, err = s.fillPolicy(row, policy, err, host, dialled)
	return row, err
}
